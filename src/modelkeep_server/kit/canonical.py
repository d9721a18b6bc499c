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
_quote = json.JSONEncoder(ensure_ascii=False).encode


def dumps(value: Any) -> str:
    """The canonical text. Raises ValueError that names the place of a value that has no canonical form."""
    pieces: list[str] = []
    _write(value, pieces, "")
    return "".join(pieces)


def digest(value: Any) -> str:
    """SHA-256, in hex, over the canonical text in UTF-8."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def _write(value: Any, pieces: list[str], place: str) -> None:
    if isinstance(value, str):
        pieces.append(_string(value, place))
    elif value is True or value is False or value is None:
        pieces.append({True: "true", False: "false", None: "null"}[value])
    elif isinstance(value, int):
        if abs(value) > SAFE_INTEGER:
            raise ValueError(f"{place or 'value'}: the integer is beyond 2^53 - 1; send it as text.")
        pieces.append(str(int(value)))
    elif isinstance(value, float):
        pieces.append(_number(value, place))
    elif isinstance(value, Mapping):
        _write_object(value, pieces, place)
    elif isinstance(value, (list, tuple)):
        pieces.append("[")
        for position, inner in enumerate(value):
            if position:
                pieces.append(",")
            _write(inner, pieces, f"{place}[{position}]")
        pieces.append("]")
    else:
        raise ValueError(f"{place or 'value'}: {type(value).__name__} has no JSON form.")


def _write_object(value: Mapping[Any, Any], pieces: list[str], place: str) -> None:
    pieces.append("{")
    first = True
    for key in sorted(value, key=lambda name: _units(name, place)):
        if not first:
            pieces.append(",")
        first = False
        inner = f"{place}.{key}" if place else str(key)
        pieces.append(_string(key, inner))
        pieces.append(":")
        _write(value[key], pieces, inner)
    pieces.append("}")


def _units(name: Any, place: str) -> bytes:
    if not isinstance(name, str):
        raise ValueError(f"{place or 'value'}: a key must be text.")
    return name.encode("utf-16-be", "surrogatepass")


def _string(text: str, place: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{place.encode('utf-8', 'backslashreplace').decode() or 'value'}: half a character."
        ) from error
    return _quote(text)


def _number(value: float, place: str) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{place or 'value'}: {value} has no JSON form.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent_text or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return sign + _layout(digits, point)


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
