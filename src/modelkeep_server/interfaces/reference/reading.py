"""Reading the OpenAPI document into what a page shows: nouns, routes, fields with their limits, examples, refusals."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.interfaces.reference import samples
from modelkeep_server.rules.permission_words import words_of
from modelkeep_server.rules.permissions import PERMISSIONS

#: The order of a reader's way; nouns that are not named follow.
NOUNS = ("models", "versions", "artifacts", "uploads", "access", "activity", "audit", "people", "status")
#: Longer texts than this are refused for the machine's sake; the number tells a reader nothing.
GUARD_CHARS = 100_000
_METHODS = ("options", "get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Value:
    """A parameter or a field: its name (dots for fields inside others), what it may hold, and what is said of it."""

    name: str
    kind: str
    required: bool
    text: str
    default: str | None = None


@dataclass(frozen=True)
class Route:
    """
    One route as the reference shows it.

    `act` None means: open to everyone. `needs` are the ways to hold the permission, one is enough; `scope` None means:
    never with a token. `answer` is an example as JSON, None where it is none. `curl` and `python` are None where there
    is no such example.
    """

    id: str
    method: str
    path: str
    title: str
    text: str
    act: str | None
    needs: tuple[str, ...]
    scope: str | None
    parameters: tuple[Value, ...]
    query: tuple[Value, ...]
    headers: tuple[Value, ...]
    body: tuple[Value, ...]
    sends: str | None
    status: int
    gives: str | None
    answer: str | None
    refusals: tuple[int, ...]
    curl: str | None
    python: str | None

    @property
    def short_path(self) -> str:
        """The path without the prefix that all share."""
        return self.path.removeprefix("/api/v1")

    @property
    def values(self) -> tuple[tuple[str, tuple[Value, ...]], ...]:
        """What the route takes, by where it stands; nothing that is empty."""
        places = (("Path", self.parameters), ("Query", self.query), ("Headers", self.headers), ("Body", self.body))
        return tuple((place, found) for place, found in places if found)


@dataclass(frozen=True)
class Noun:
    """The routes of one noun."""

    name: str
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Reference:
    """The whole API."""

    version: str
    nouns: tuple[Noun, ...]


def read_reference(document: Mapping[str, Any], base_url: str) -> Reference:
    """The reference of an API, from its OpenAPI document. `base_url` stands in the examples; no slash at its end."""
    reader = _Reader(document, base_url)
    by_noun: dict[str, list[Route]] = {noun: [] for noun in NOUNS}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                by_noun.setdefault(methods[method]["tags"][0], []).append(reader.read(path, method, methods[method]))
    nouns = tuple(Noun(noun, tuple(routes)) for noun, routes in by_noun.items() if routes)
    return Reference(document["info"]["version"], nouns)


class _Reader:
    def __init__(self, document: Mapping[str, Any], base_url: str) -> None:
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._base_url = base_url

    def read(self, path: str, method: str, told: Mapping[str, Any]) -> Route:
        permission = PERMISSIONS.get(told.get("x-permission", ""))
        by_program = permission is None or permission.scope is not None
        name, parameters = told["operationId"], told.get("parameters", [])
        sent: Mapping[str, Any] = told.get("requestBody", {}).get("content", {})
        schema = next((body.get("schema") for kind, body in sent.items() if kind.endswith("json")), None)
        statuses = sorted(int(status) for status in told["responses"])
        status = 201 if 201 in statuses else statuses[0]
        answer: Mapping[str, Any] = told["responses"][str(status)]
        gives = next(iter(answer.get("content", {})), None)
        shape = answer.get("content", {}).get("application/json", {}).get("schema")
        return Route(
            id=name,
            method=method.upper(),
            path=path,
            title=told["summary"],
            text=told["description"],
            act=permission.act if permission else None,
            needs=tuple(words_of(grant) for grant in permission.grants) if permission else (),
            scope=permission.scope if permission else None,
            parameters=self._values(parameters, "path"),
            query=self._values(parameters, "query"),
            headers=self._values(parameters, "header"),
            body=tuple(self._fields(schema)) if schema else (),
            sends=next(iter(sent), None),
            status=status,
            gives=gives,
            answer=_pretty(self._example(shape)) if shape else None,
            refusals=tuple(refusal for refusal in statuses if refusal >= 400),
            curl=self._curl(path, method, name, schema, sent, gives) if by_program else None,
            python=samples.write_python(name) if by_program else None,
        )

    def _curl(self, path: str, method: str, name: str, schema: Any, sent: Mapping[str, Any], gives: str | None) -> str:
        url = self._base_url + samples.fill_path(path) + samples.write_query(name)
        body: Any = self._example(schema, sparing=True) if schema else None
        if method == "patch" and body and "description" in body:
            # A merge patch names what changes and nothing else.
            body = {"description": body["description"]}
        return samples.write_curl(
            url,
            method.upper(),
            body,
            sends_file="application/octet-stream" in sent,
            saves="audit.zip" if gives == "application/zip" else None,
            headers=samples.HEADERS.get(name, ()),
        )

    def _values(self, parameters: list[Mapping[str, Any]], place: str) -> tuple[Value, ...]:
        return tuple(
            _value(row["name"], self._opened(row["schema"]), row.get("required", False), row.get("description"))
            for row in parameters
            if row["in"] == place
        )

    def _fields(self, schema: Mapping[str, Any], before: str = "") -> Iterator[Value]:
        """The fields of a body, those of objects inside behind their own name and a dot."""
        opened = self._opened(schema)
        for name, inner in opened.get("properties", {}).items():
            found = self._opened(inner)
            yield _value(before + name, found, name in opened.get("required", ()), found.get("description"))
            if found.get("properties"):
                yield from self._fields(found, f"{before}{name}.")

    def _opened(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema where a reference or "or null" stands, of lists also inside; `nullable` notes the latter."""
        if "$ref" in schema:
            target = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
            return {**self._opened(target), **{key: value for key, value in schema.items() if key != "$ref"}}
        ways = schema.get("anyOf", [])
        if ways:
            real = [way for way in ways if way.get("type") != "null"]
            more = {key: value for key, value in schema.items() if key != "anyOf"}
            return {**self._opened(real[0]), **more, "nullable": len(real) < len(ways)}
        return {**schema, "items": self._opened(schema["items"])} if "items" in schema else dict(schema)

    def _example(self, schema: Mapping[str, Any], name: str = "", of: str = "", *, sparing: bool = False) -> Any:
        """
        A value that fits the schema and the story.

        Args:
            sparing: Leave out what is optional and has no part in the story, as somebody who writes a request does.
        """
        opened = self._opened(schema)
        if name in samples.STORY_OF.get(of, {}):
            return samples.STORY_OF[of][name]
        for told in (*opened.get("examples", []), *([samples.STORY[name]] if name in samples.STORY else [])):
            if _fits(told, opened):
                return told
        if "enum" in opened:
            return opened["enum"][0]
        if "const" in opened:
            return opened["const"]
        if opened.get("properties"):
            title, required = opened.get("title", ""), opened.get("required", ())
            known = {**samples.STORY, **samples.STORY_OF.get(title, {})}
            return {
                key: self._example(inner, key, title, sparing=sparing)
                for key, inner in opened["properties"].items()
                if not sparing or key in required or key in known or self._opened(inner).get("examples")
            }
        if opened.get("nullable"):
            return None
        if "items" in opened and opened.get("default") is None:
            return [self._example(opened["items"], sparing=sparing)]
        return opened.get("default", _PLAIN.get(opened.get("type", ""), {}))


_PLAIN: Mapping[str, Any] = {"string": "...", "integer": 1, "number": 0.5, "boolean": True, "array": []}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kind = str(schema.get("type"))
    if kind in _TYPES and not isinstance(value, _TYPES[kind]):
        return False
    if schema.get("properties") and isinstance(value, dict):
        return False
    if kind == "array":
        return (not schema.get("items", {}).get("properties") and "$ref" not in schema.get("items", {})) or not value
    return value in schema.get("enum", [value]) and value == schema.get("const", value)


def _value(name: str, schema: Mapping[str, Any], required: bool, text: str | None) -> Value:
    default = schema.get("default")
    shown = None if default in (None, "", []) else json.dumps(default, ensure_ascii=False)
    return Value(name, _kind_of(schema), required, text or schema.get("description") or "", shown)


def _kind_of(schema: Mapping[str, Any]) -> str:
    """The words for what a field may hold, with its limits: "integer, 1 to 200", "LOW, MEDIUM or HIGH"."""
    if "enum" in schema:
        words = [str(word) for word in schema["enum"] if word != ""]
        return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind_of(schema['items'])}" if "items" in schema else "list"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low} to {high}"
    if low is not None:
        return f"{kind} from {low}"
    most = schema.get("maxLength")
    return f"{kind}, at most {most:,} characters" if most is not None and most < GUARD_CHARS else kind


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
