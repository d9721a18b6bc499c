"""
JSON in its one canonical spelling (RFC 8785, JCS), and digests over it.

Numbers are written as ECMAScript writes them; keys are sorted by UTF-16 code units. Integers beyond 2^53 - 1, NaN,
infinities and lone surrogates are refused, since two readers would not agree on them.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

SAFE_INTEGER = 2**53 - 1
#: Deeper values are refused: how far a reader can follow would depend on its stack.
DEPTH_MAX = 100

_quote = json.JSONEncoder(ensure_ascii=False).encode


def dumps(value: Any) -> str:
    """
    The canonical text of a value made of mappings with text keys, lists, tuples, text, numbers, booleans and None.

    Raises:
        ValueError: Names the place of what has no canonical form: `hyperparameters.lr: NaN has no JSON form.`
    """
    try:
        return _write(value, DEPTH_MAX)
    except _Formless as formless:
        raise ValueError(f"{formless.place()}: {formless.fault}") from None


def loads(text: str) -> Any:
    """
    The value of a canonical text. Raises ValueError where it is no JSON.

    RFC 8785 spells 1e16 as 10000000000000000, which Python reads as an integer, and `dumps` would then refuse; here it
    is the float again.
    """
    return _READER.decode(text)


def digest(value: Any) -> str:
    """SHA-256, in hex, over the canonical text in UTF-8. Raises ValueError as `dumps` does."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


class _Formless(Exception):
    """Gathers its place on the way out, so that values without a fault never pay for one."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.steps: list[str] = []

    def place(self) -> str:
        path = "".join(reversed(self.steps)).removeprefix(".")
        return path.encode("utf-8", "backslashreplace").decode() or "value"


def _read_integer(digits: str) -> int | float:
    number = float(digits)
    return int(digits) if -SAFE_INTEGER <= number <= SAFE_INTEGER else number


#: `json.loads` would make one for each text that is read not quite as usual.
_READER = json.JSONDecoder(parse_int=_read_integer)


def _write(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return _write_text(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            raise _Formless("the integer is beyond 2^53 - 1; send it as text.")
        return int.__repr__(value)
    if isinstance(value, float):
        return _write_float(value)
    if depth == 0:
        raise _Formless(f"nested more than {DEPTH_MAX} levels deep.")
    if isinstance(value, Mapping):
        return _write_object(value, depth - 1)
    if isinstance(value, (list, tuple)):
        return _write_array(value, depth - 1)
    raise _Formless(f"{type(value).__name__} has no JSON form.")


def _write_text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Formless("half of a character (a lone surrogate) has no JSON form.") from None
    return _quote(text)


def _write_object(value: Mapping[Any, Any], depth: int) -> str:
    members = []
    for key in _sort(value):
        try:
            members.append(f"{_write_text(key)}:{_write(value[key], depth)}")
        except _Formless as formless:
            formless.steps.append(f".{key}")
            raise
    return "{" + ",".join(members) + "}"


def _write_array(value: list[Any] | tuple[Any, ...], depth: int) -> str:
    pieces: list[str] = []
    try:
        for inner in value:
            pieces.append(_write(inner, depth))  # noqa: PERF401 - its length names the place of a fault
    except _Formless as formless:
        formless.steps.append(f"[{len(pieces)}]")
        raise
    return "[" + ",".join(pieces) + "]"


def _sort(names: Mapping[Any, Any]) -> list[str]:
    for name in names:
        if not isinstance(name, str):
            raise _Formless(f"the key {name!r} is not text.")
    if all(map(str.isascii, names)):
        return sorted(names)
    # Beyond U+FFFF, code points and UTF-16 code units sort differently.
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _write_float(value: float) -> str:
    if not math.isfinite(value):
        raise _Formless(f"{'NaN' if math.isnan(value) else 'Infinity'} has no JSON form.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = float.__repr__(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return sign + _layout(digits.rstrip("0"), point)


def _layout(digits: str, point: int) -> str:
    """ECMAScript's Number::toString: `point` is where the decimal point stands among the digits."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    power = point - 1
    shown = f"e{'+' if power >= 0 else '-'}{abs(power)}"
    return f"{digits[0]}{'.' if count > 1 else ''}{digits[1:]}{shown}"
