"""
What a file says of itself, made fit to be shown and kept: short, printable, within what canonical JSON can hold.

The values are anybody's. Nothing of them changes how a line is drawn, and none is longer than a reader's patience.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit
from modelkeep_server.inspection.report import FACTS_MAX, TENSORS_SHOWN, TEXT_CHARS, Tensor

INTEGER_MAX = 2**53 - 1
DIMENSIONS_MAX = 64
_ITEMS_MAX = 200
_DEPTH_MAX = 8
#: Values of one header together; the rest is left out.
_VALUES_MAX = 2_000
_PORTS_MAX = 200


def clean(text: object, *, chars: int = TEXT_CHARS) -> str:
    """One line of text: no control, format or bidirectional characters, no more than `chars`."""
    raw = str(text)[: 4 * chars]
    shown = "".join(" " if char in "\t\r\n" else char for char in raw if char in "\t\r\n" or not _is_hidden(char))
    shown = " ".join(shown.split())
    return shown if len(shown) <= chars else shown[: chars - 1] + "…"


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"


def clean_bytes(data: bytes, *, chars: int = TEXT_CHARS) -> str:
    """Bytes as UTF-8, cleaned; what is no UTF-8 is shown as replacement characters."""
    return clean(data[: 8 * chars].decode(errors="replace"), chars=chars)


def some(text: object, *, chars: int = 200) -> str | None:
    """Cleaned text, or None where nothing is left of it or it is no text."""
    return (clean(text, chars=chars) or None) if isinstance(text, str) else None


def tidy(value: Any) -> Any:
    """A JSON value, cut to what a page can show: depth 8, 200 entries of an object or list, 2,000 values in all."""
    return _tidy(value, _DEPTH_MAX, [_VALUES_MAX])


def _tidy(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        return None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= INTEGER_MAX else "a very large number"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        pairs = list(value.items())[:_ITEMS_MAX]
        return {clean(key, chars=100): _tidy(inner, depth - 1, left) for key, inner in pairs if left[0] > 0}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_tidy(inner, depth - 1, left) for inner in value[:_ITEMS_MAX] if left[0] > 0]
    return clean(value)


def pick(source: Any, keys: Iterable[str]) -> dict[str, Any]:
    """The entries of an object that are there and not empty, tidied."""
    if not isinstance(source, Mapping):
        return {}
    return {key: tidy(source[key]) for key in keys if source.get(key) not in (None, "", [], {})}


def as_number(value: Any) -> Any:
    """A number that is written as text, as a number; anything else as it is."""
    if isinstance(value, str) and len(value) <= 30:
        for kind in (int, float):
            try:
                return tidy(kind(value))
            except ValueError:
                continue
    return value


def text_at(source: Any, *path: str) -> str | None:
    """A text in nested objects, cleaned, or None where any of the way is missing."""
    for key in path:
        if not isinstance(source, Mapping):
            return None
        source = source.get(key)
    return some(source)


@dataclass
class Facts:
    """Labels and values for people, in order, at most 40. Empty values are left out."""

    rows: list[tuple[str, str]] = field(default_factory=list)

    def add(self, label: str, value: object) -> "Facts":
        """One more."""
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        if value not in (None, "", b"") and len(self.rows) < FACTS_MAX:
            text = clean(shown)
            if text:
                self.rows.append((clean(label, chars=60), text))
        return self

    def done(self) -> tuple[tuple[str, str], ...]:
        """As a header has them."""
        return tuple(self.rows)


class Tensors:
    """Tensors as they are met: all counted, the first 2,000 named."""

    def __init__(self) -> None:
        self.count = 0
        self.parameters = 0
        self.dtypes: Counter[str] = Counter()
        self._first: list[Tensor] = []

    def add(self, name: object, dtype: str, shape: Sequence[int]) -> None:
        """One more. Raises Misfit for a shape that no array has."""
        if len(shape) > DIMENSIONS_MAX or any(not 0 <= length <= INTEGER_MAX for length in shape):
            raise Misfit
        self.count += 1
        self.parameters += math.prod(shape)
        dtype = clean(dtype, chars=40)
        if dtype in self.dtypes or len(self.dtypes) < _ITEMS_MAX:
            self.dtypes[dtype] += 1
        if self.count <= TENSORS_SHOWN:
            self._first.append(Tensor(clean(name), dtype, tuple(shape)))

    def told(self) -> dict[str, Any]:
        """The fields of a Header that speak of tensors; none where there are none."""
        if not self.count:
            return {}
        return {
            "tensor_count": self.count,
            "parameters": self.parameters if self.parameters <= INTEGER_MAX else None,
            "dtypes": dict(self.dtypes),
            "tensors": tuple(self._first),
        }


@dataclass(frozen=True)
class Port:
    """A named input or output. A dimension is a number, a name, or None where it may be any."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None


_JSON_TYPES = {"float": "number", "double": "number", "bfloat": "number", "complex": "number", "half": "number",
               "int": "integer", "uint": "integer", "long": "integer", "bool": "boolean", "string": "string",
               "object": "string", "str": "string"}  # fmt: skip


def json_type(dtype: str) -> str | None:
    """The type of JSON that holds an element, or None where it is not known."""
    stem = dtype.lower().rstrip("0123456789_")
    return _JSON_TYPES.get(stem) or next((kind for key, kind in _JSON_TYPES.items() if stem.startswith(key)), None)


def schema_of(ports: Sequence[Port]) -> dict[str, Any] | None:
    """A JSON Schema for an object with one property a port, or None where there is none."""
    if not ports:
        return None
    shown = [port for port in ports if port.name.strip()][:_PORTS_MAX]
    properties = {clean(port.name, chars=200): _port_schema(port) for port in shown}
    if not properties:
        return None
    return {"type": "object", "properties": properties, "required": list(properties)}


def _port_schema(port: Port) -> dict[str, Any]:
    kind = json_type(port.dtype)
    schema: dict[str, Any] = {"type": kind} if kind else {}
    shape = port.shape
    if shape is None:
        return {**schema, "description": clean(port.dtype)} if schema else {"description": clean(port.dtype)}
    for length in reversed(shape[:16]):
        schema = {"type": "array", "items": schema}
        if isinstance(length, int) and 0 <= length <= INTEGER_MAX:
            schema |= {"minItems": length, "maxItems": length}
    drawn = ", ".join("?" if length is None else clean(length, chars=40) for length in shape[:16])
    return {**schema, "description": clean(f"{port.dtype} [{drawn}]")}
