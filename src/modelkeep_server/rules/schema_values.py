"""Which values a place of a JSON Schema takes by type, list and bound, and how two such places differ."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from modelkeep_server.kit import canonical

#: Every sort of value; a number is whole or broken, so that `integer` is less than `number`.
TYPES = frozenset({"null", "boolean", "object", "array", "string", "whole", "broken"})
_NAMED: Mapping[str, frozenset[str]] = {
    **{name: frozenset({name}) for name in TYPES - {"whole", "broken"}},
    "integer": frozenset({"whole"}),
    "number": frozenset({"whole", "broken"}),
}

NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
STRING_WORDS = frozenset({"minLength", "maxLength", "pattern"})
ARRAY_WORDS = frozenset({"minItems", "maxItems", "uniqueItems"})
OBJECT_WORDS = frozenset({"minProperties", "maxProperties"})


@dataclass(frozen=True)
class Values:
    """The types a place takes, and its values where they are listed: canonical text and value."""

    types: frozenset[str]
    listed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class BoundChange:
    """A bound that changed: `narrows` where less is taken than before, `widens` where more."""

    text: str
    narrows: bool
    widens: bool


def values_of(schema: Any) -> Values:
    """The values that `type`, `enum` and `const` of a schema leave; all of them where it names none."""
    if not isinstance(schema, Mapping):
        return Values(frozenset() if schema is False else TYPES)
    named = schema.get("type")
    names = [named] if isinstance(named, str) else named if isinstance(named, list) else None
    types = TYPES if names is None else frozenset().union(*(_NAMED.get(str(name), frozenset()) for name in names))
    lists: list[list[Any]] = [[schema["const"]]] if "const" in schema else []
    lists += [schema["enum"]] if isinstance(schema.get("enum"), list) else []
    if not lists:
        return Values(types)
    listed = {canonical.dumps(value): value for value in lists[0] if _type_of(value) in types}
    for more in lists[1:]:
        allowed = {canonical.dumps(value) for value in more}
        listed = {text: value for text, value in listed.items() if text in allowed}
    return Values(frozenset(map(_type_of, listed.values())), listed)


def _type_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int | float):
        return "whole" if float(value).is_integer() else "broken"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def say_types(types: Collection[str]) -> str:
    """The types in the words of JSON Schema: `number or null`."""
    if TYPES.issubset(types):
        return "anything"
    left = set(types)
    words = []
    if {"whole", "broken"} <= left:
        words, left = ["number"], left - {"whole", "broken"}
    words += sorted({"whole": "integer", "broken": "number"}.get(name, name) for name in left)
    words.sort(key=lambda word: (word == "null", word))
    return " or ".join(words) or "nothing"


def say_values(values: Values, texts: Collection[str]) -> str:
    """Some of the listed values, as JSON, the first few of them."""
    shown = [text[:60] for text in (values.listed or {}) if text in texts]
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return ", ".join(shown[:5]) + more if shown else "nothing"


def list_bound_changes(
    before: Mapping[str, Any], now: Mapping[str, Any], shared: Collection[str]
) -> Iterator[BoundChange]:
    """The bounds that differ, of those that matter for types that both places take."""
    if {"whole", "broken"} & set(shared):
        yield from _limit(_lower, before, now, "at least", is_lower=True)
        yield from _limit(_upper, before, now, "at most", is_lower=False)
        yield from _multiple(before, now)
    for kind, low, high, what in (
        ("string", "minLength", "maxLength", "characters"),
        ("array", "minItems", "maxItems", "items"),
        ("object", "minProperties", "maxProperties", "fields"),
    ):
        if kind in shared:
            yield from _count(_number(before, low) or 0, _number(now, low) or 0, f"at least {{}} {what}", is_lower=True)
            yield from _count(_number(before, high), _number(now, high), f"at most {{}} {what}", is_lower=False)
    if "array" in shared and bool(before.get("uniqueItems")) != bool(now.get("uniqueItems")):
        is_now = bool(now.get("uniqueItems"))
        text = "No two of its items may be the same now." if is_now else "Its items may repeat now."
        yield BoundChange(text, is_now, not is_now)


def _number(schema: Mapping[str, Any], word: str) -> int | float | None:
    value = schema.get(word)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _lower(schema: Mapping[str, Any]) -> tuple[int | float, int] | None:
    bounds = [(_number(schema, "minimum"), 0), (_number(schema, "exclusiveMinimum"), 1)]
    return max(((value, strict) for value, strict in bounds if value is not None), default=None)


def _upper(schema: Mapping[str, Any]) -> tuple[int | float, int] | None:
    bounds = [(_number(schema, "maximum"), 0), (_number(schema, "exclusiveMaximum"), -1)]
    return min(((value, strict) for value, strict in bounds if value is not None), default=None)


_Bound = Callable[[Mapping[str, Any]], tuple[int | float, int] | None]


def _limit(
    read: _Bound, before: Mapping[str, Any], now: Mapping[str, Any], words: str, *, is_lower: bool
) -> Iterator[BoundChange]:
    was, is_now = read(before), read(now)
    if was == is_now:
        return
    strict = "more than" if is_lower else "less than"
    said = ["" if bound is None else f"{strict if bound[1] else words} {bound[0]}" for bound in (was, is_now)]
    if was is None:
        yield BoundChange(f"It must be {said[1]} now.", True, False)
    elif is_now is None:
        yield BoundChange(f"It no longer has to be {said[0]}.", False, True)
    else:
        narrows = is_now > was if is_lower else is_now < was
        yield BoundChange(f"It had to be {said[0]}, now {said[1]}.", narrows, not narrows)


def _count(was: int | float | None, is_now: int | float | None, words: str, *, is_lower: bool) -> Iterator[BoundChange]:
    if was == is_now:
        return
    if was is None or is_now is None:
        said = words.format(is_now if was is None else was)
        text = f"It must have {said} now." if was is None else f"It no longer has to have {said}."
        yield BoundChange(text, was is None, is_now is None)
        return
    narrows = is_now > was if is_lower else is_now < was
    yield BoundChange(f"It had to have {words.format(was)}, now {words.format(is_now)}.", narrows, not narrows)


def _multiple(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[BoundChange]:
    was, is_now = _number(before, "multipleOf"), _number(now, "multipleOf")
    if was == is_now:
        return
    if was is None or is_now is None:
        text = (
            f"It must be a multiple of {is_now} now." if was is None else f"It no longer has to be a multiple of {was}."
        )
        yield BoundChange(text, was is None, is_now is None)
        return
    narrows, widens = not _divides(is_now, was), not _divides(was, is_now)
    yield BoundChange(f"It had to be a multiple of {was}, now of {is_now}.", narrows, widens)


def _divides(divisor: int | float, number: int | float) -> bool:
    try:
        return Decimal(str(number)) % Decimal(str(divisor)) == 0
    except (DecimalException, ZeroDivisionError):
        return False
