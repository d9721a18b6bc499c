"""
Finding one's way in a JSON Schema 2020-12 document: what a local `$ref` leads to, and which fields it describes.

References lead inside the document only; rounds and depths are bounded, so that no document takes long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from modelkeep_server.kit import canonical

Schema = Mapping[str, Any] | bool

#: How many references may follow each other, how deep fields are looked for, and how many are listed.
REFERENCES_MAX = 32
FIELD_DEPTH = 8
FIELDS_LISTED = 2_000
PLACES_VISITED = 10_000

#: Keywords that say nothing of which values are taken.
ANNOTATIONS = frozenset(
    {
        "$schema", "$id", "$defs", "definitions", "$anchor", "$comment", "$vocabulary", "title", "description",
        "default", "examples", "deprecated", "readOnly", "writeOnly",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A whole JSON Schema, in which references are looked up."""

    root: Schema
    #: By the id of a place, with the place itself, so that the id stays its own.
    _resolved: dict[int, tuple[Schema, str | None, Schema]] = field(default_factory=dict, repr=False, compare=False)
    _said: dict[int, tuple[str, frozenset[str], Any]] = field(default_factory=dict, repr=False, compare=False)

    def say(self, place: Any) -> tuple[str, frozenset[str]]:
        """The canonical text of a piece of the document, and the references in it."""
        if id(place) not in self._said:
            named = (inner.get(word) for inner in objects_in(place) for word in ("$ref", "$dynamicRef"))
            references = frozenset(name for name in named if isinstance(name, str))
            self._said[id(place)] = (canonical.dumps(place), references, place)
        return self._said[id(place)][:2]

    def find_target(self, reference: str) -> Schema | None:
        """What `#` or `#/a/b` (RFC 6901) leads to, or None where that is no schema; anchors are not followed."""
        if reference != "#" and not reference.startswith("#/"):
            return None
        place: Any = self.root
        for step in unquote(reference[1:]).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(place, Mapping) and key in place:
                place = place[key]
            elif isinstance(place, list) and key.isdecimal() and len(key) < 6 and int(key) < len(place):
                place = place[int(key)]
            else:
                return None
        return place if isinstance(place, Mapping | bool) else None

    def resolve(self, schema: Schema) -> tuple[Schema, str | None]:
        """
        The schema that stands for this one once its `$ref` is followed, and where it led; None where it has none.

        What stands beside a reference binds as well (2020-12): both are put under `allOf` where they share a keyword. A
        reference that leads nowhere, or round and round, is left as it is. The same place gives the same object.
        """
        if id(schema) not in self._resolved:
            self._resolved[id(schema)] = (*self._follow(schema), schema)
        return self._resolved[id(schema)][:2]

    def _follow(self, schema: Schema) -> tuple[Schema, str | None]:
        last: str | None = None
        beside: list[Mapping[str, Any]] = []
        for _ in range(REFERENCES_MAX):
            if not isinstance(schema, Mapping):
                break
            binds = binding_of(schema)
            only = next((binds[word] for word in ("allOf", "anyOf", "oneOf") if binds.keys() == {word}), None)
            if isinstance(only, list) and len(only) == 1 and isinstance(only[0], Mapping | bool):
                schema = only[0]
                continue
            target = self.find_target(binds["$ref"]) if isinstance(binds.get("$ref"), str) else None
            if target is None:
                break
            last = str(binds.pop("$ref"))
            beside += [binds] if binds else []
            schema = target
        return _join(schema, beside), last

    @property
    def has_inner_base(self) -> bool:
        """Whether a schema inside names a base of its own, from which its references would be read."""
        inner = (item for item in objects_in(self.root) if item is not self.root)
        return any(isinstance(item.get("$id"), str) for item in inner)


def binding_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that say which values are taken."""
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS}


def plain(schema: Schema) -> Schema:
    """True for a schema that takes everything, False for one that takes nothing, else as it is."""
    if isinstance(schema, bool):
        return schema
    binds = binding_of(schema)
    if not binds:
        return True
    return False if binds.keys() == {"not"} and binds["not"] in ({}, True) else schema


def as_alternatives(schema: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    The schema as alternatives by type, where the other one is written so: `number` beside `number or null`.

    What makes a field nullable is written either way, and is the same change.
    """
    if "anyOf" not in other or schema.keys() & {"anyOf", "oneOf", "allOf", "not", "if"}:
        return schema
    binds = binding_of(schema)
    types = binds.get("type")
    if not binds or binding_of(other).keys() != {"anyOf"}:
        return schema
    return {"anyOf": [{**binds, "type": name} for name in types] if isinstance(types, list) else [binds]}


def _join(schema: Schema, beside: list[Mapping[str, Any]]) -> Schema:
    """What holds where all of these hold."""
    if not beside:
        return schema
    if schema is True:
        schema = {}
    if isinstance(schema, bool):
        return False
    joined = binding_of(schema)
    for rest in beside:
        if joined.keys() & rest.keys():
            return {"allOf": [schema, *beside]}
        joined |= rest
    return joined


def is_same(old: Document, new: Document, before: Any, now: Any) -> bool:
    """Whether two pieces of two documents say the same, also in what their references lead to."""
    seen: set[str] = set()
    pairs = [(before, now)]
    while pairs:
        left, right = pairs.pop()
        text, references = old.say(left)
        if text != new.say(right)[0]:
            return False
        for reference in references - seen:
            seen.add(reference)
            pairs.append((old.find_target(reference), new.find_target(reference)))
    return True


def list_fields(schema: Schema) -> tuple[str, ...]:
    """
    The fields that a schema describes, by dotted path, in its order: `age`, `device.os`, `orders[].price`.

    A field that holds others stands for them, and not for itself. At most `FIELDS_LISTED`.
    """
    document = Document(schema)
    found: list[str] = []
    stack: list[tuple[str, Schema, frozenset[str]]] = [("", schema, frozenset())]
    for _ in range(PLACES_VISITED):
        if not stack or len(found) >= FIELDS_LISTED:
            break
        path, place, passed = stack.pop()
        place, reference = document.resolve(place)
        inner = () if reference in passed or len(passed) > FIELD_DEPTH else tuple(_inner_fields(path, place))
        if not inner:
            found += [path] if path else []
            continue
        passed |= {reference or f"depth {len(passed)}"}
        stack += [(name, below, passed) for name, below in reversed(inner)]
    return tuple(dict.fromkeys(found))


def _inner_fields(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    if not isinstance(schema, Mapping):
        return
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        yield from ((join_path(path, name), below) for name, below in properties.items() if _is_schema(below))
    if isinstance(schema.get("items"), Mapping):
        yield f"{path}[]", schema["items"]
    for word in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(word)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, Mapping) and part.keys() & {"properties", "items", "$ref", "allOf", "anyOf", "oneOf"}:
                yield path, part


def join_path(path: str, name: str) -> str:
    """The path of a field below another."""
    return f"{path}.{name}" if path else name


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping | bool)


def objects_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object of a value, itself first."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
