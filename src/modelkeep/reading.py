"""
JSON of the API into frozen dataclasses: camelCase outside, snake_case inside.

Fields that a newer registry added are left in `raw`; a field that is promised and missing is UnexpectedAnswer.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, Union

from modelkeep.errors import UnexpectedAnswer
from modelkeep.told import Page

T = TypeVar("T")

RAW = "raw"


def read(kind: type[T], document: object) -> T:
    """A dataclass from a JSON object. Raises UnexpectedAnswer."""
    if not isinstance(document, Mapping):
        raise UnexpectedAnswer(f"A JSON object was expected for {kind.__name__}, not {_shown(document)}.")
    values: dict[str, Any] = {}
    for name, key, hint, required in _fields_of(typing.cast(Any, kind)):
        if name == RAW:
            values[name] = document
        elif key in document and (document[key] is not None or _takes_none(hint)):
            values[name] = _read_value(hint, document[key], f"{kind.__name__}.{key}")
        elif required:
            raise UnexpectedAnswer(f"The answer has no {key!r} where {kind.__name__} promises one.")
    return kind(**values)


def read_page(kind: type[T], document: object) -> Page[T]:
    """One page of a list. Raises UnexpectedAnswer."""
    items = document.get("items") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(items, list):
        raise UnexpectedAnswer(f"A list of {kind.__name__} was expected, not {_shown(document)}.")
    told = tuple(read(kind, item) for item in items)
    return Page(told, document.get("nextCursor"), document.get("total"), bool(document.get("totalCapped")))


@functools.cache
def _fields_of(kind: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (
            field.name,
            field.metadata.get("key", _camel(field.name)),
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(kind)
    )


def _read_value(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not types.NoneType)
        return None if value is None else _read_value(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise UnexpectedAnswer(f"{where} is {_shown(value)}, not a list.")
        inner = typing.get_args(hint)[0]
        return tuple(_read_value(inner, entry, where) for entry in value)
    if dataclasses.is_dataclass(hint):
        return read(typing.cast(type[Any], hint), value)
    if hint is datetime:
        return _read_moment(value, where)
    expected = {float: (int, float)}.get(hint, origin or hint)
    if not isinstance(value, expected):
        raise UnexpectedAnswer(f"{where} is {_shown(value)}, which is not what it should be.")
    return value


def _read_moment(value: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise UnexpectedAnswer(f"{where} is {_shown(value)}, not a moment.") from error
    if moment.tzinfo is None:
        raise UnexpectedAnswer(f"{where} is {_shown(value)}, a moment without a zone.")
    return moment


def _takes_none(hint: Any) -> bool:
    return hint is Any or types.NoneType in typing.get_args(hint)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _shown(value: object) -> str:
    return repr(value)[:60]
