"""JSON Schemas that people send are judged offline, in bounded time and memory."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from modelkeep_server.features.versions.checks import find_metadata_faults
from modelkeep_server.features.versions.schemas import DIALECT, find_schema_fault

SECONDS_MAX = 2.0


def deep(levels: int) -> dict[str, Any]:
    """A schema whose properties nest this deep."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


def doubled(levels: int) -> dict[str, Any]:
    """A schema that names each definition twice in the next: 2^levels paths in a few lines."""
    definitions: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, levels + 1):
        definitions[f"a{level}"] = {"allOf": [{"$ref": f"#/$defs/a{level - 1}"}] * 2}
    return {"$defs": definitions, "$ref": f"#/$defs/a{levels}"}


#: Name → (schema, whether it is a good one).
BOMBS: dict[str, tuple[Any, bool]] = {
    "a pattern that runs away": ({"pattern": "^(a+)+$"}, True),
    "a pattern that nests counts": ({"pattern": "((a{1000}){1000}){1000}"}, False),
    "a pattern of many classes": ({"pattern": r"(\p{L}{900}\p{N}{900}){900}"}, False),
    "hundreds of costly patterns": (
        {"patternProperties": {f"((a{{40}}){{40}}){{{n}}}": {} for n in range(2, 600)}}, False,
    ),
    "thousands of patterns": ({"anyOf": [{"pattern": f"^a{n}$"} for n in range(2500)]}, True),
    "references in a circle": (
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, True,
    ),
    "a reference to itself": ({"$ref": "#"}, True),
    "references that double": (doubled(40), True),
    "deep nesting": (deep(400), False),
    "nesting at the limit": (deep(15), True),
    "a wide enumeration": ({"enum": list(range(10_000))}, True),
    "more than 64 KiB": ({"enum": [f"{n:06}" for n in range(9_000)]}, False),
    "a huge number": ({"maximum": 10**400}, False),
    "many properties": ({"properties": {f"p{n}": {"type": "string"} for n in range(2_000)}}, True),
    "dependent everything": ({"dependentSchemas": {f"p{n}": {"$ref": "#"} for n in range(2_000)}}, True),
    "unevaluated in each other": (
        {"allOf": [{"unevaluatedProperties": {"$ref": "#"}} for _ in range(1_000)]}, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_schema_bomb_is_judged_quickly_and_rightly(bomb: str) -> None:
    """No schema of a body's size takes two seconds or a quarter of a gigabyte, and each gets the right answer."""
    schema, is_good = BOMBS[bomb]
    kilobytes_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()

    faults = find_metadata_faults({"inputSchema": schema})

    assert time.monotonic() - begun < SECONDS_MAX
    assert (faults == []) is is_good, faults
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - kilobytes_before < 256 * 1024


@pytest.fixture
def visited() -> Iterator[tuple[str, list[bytes]]]:
    """A real server that notes whoever comes; its address and the visits."""
    visits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    closing = threading.Event()

    def answer() -> None:
        while not closing.is_set():
            try:
                visitor, _ = server.accept()
            except TimeoutError:
                continue
            with visitor:
                visits.append(visitor.recv(1000))

    waiting = threading.Thread(target=answer)
    waiting.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/schema.json", visits
    closing.set()
    waiting.join()
    server.close()


@pytest.mark.parametrize(
    "form",
    [
        {"$ref": "{}"}, {"$ref": "{}#/$defs/a"}, {"$dynamicRef": "{}#a"}, {"allOf": [{"not": {"$ref": "{}"}}]},
        {"$id": "{}", "$ref": "other.json"}, {"$schema": "{}"}, {"properties": {"a": {"items": {"$ref": "{}"}}}},
        {"$defs": {"a": {"$id": "{}", "$schema": "{}"}}, "$ref": "#/$defs/a"}, {"$id": "{}", "type": "object"},
        {"$vocabulary": {"{}": True}}, {"$ref": "file:///etc/passwd"}, {"$ref": "//127.0.0.1/x"},
    ],
)  # fmt: skip
def test_nothing_is_ever_fetched(visited: tuple[str, list[bytes]], form: dict[str, Any]) -> None:
    """Whatever address a schema names, the registry does not go there."""
    address, visits = visited
    schema = fill(form, address)

    find_schema_fault(schema)

    time.sleep(0.05)
    assert visits == []


def fill(value: Any, address: str) -> Any:
    """The same document with the address in place of {}."""
    if isinstance(value, str):
        return value.replace("{}", address)
    if isinstance(value, dict):
        return {fill(key, address): fill(inner, address) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, address) for inner in value]
    return value


@pytest.mark.parametrize(
    "reference", ["https://example.com/a.json", "other.json", "//host/x", "urn:a", "file:///x", "/x"]
)
def test_a_reference_that_leads_out_is_refused(reference: str) -> None:
    """A remote or relative $ref is named, with what is taken instead."""
    fault = find_schema_fault({"properties": {"a": {"$ref": reference}}})

    assert fault is not None
    assert (reference in fault, "#/..." in fault) == (True, True)


@pytest.mark.parametrize(
    "schema",
    [
        {}, {"$schema": DIALECT}, {"$schema": f"{DIALECT}#"}, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}},
        {"$anchor": "a", "$ref": "#a"}, {"type": ["string", "null"], "format": "date"}, {"x-own-keyword": 5},
        {"properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}, "patternProperties": {}}},
        {"prefixItems": [{"type": "number"}], "items": False, "minItems": 1}, {"pattern": r"^\p{L}{1,100}$"},
        {"unevaluatedProperties": False, "if": {"required": ["a"]}, "then": {"minProperties": 2}},
    ],
)  # fmt: skip
def test_good_schemas_are_taken(schema: dict[str, Any]) -> None:
    """What JSON Schema 2020-12 allows is taken, also properties named like keywords."""
    assert find_schema_fault(schema) is None


def test_a_fault_names_its_place() -> None:
    """A wrong schema is told by where it is wrong."""
    fault = find_schema_fault({"properties": {"age": {"minimum": "zero"}}})

    assert fault is not None
    assert fault.startswith("At properties/age/minimum: ")


@pytest.mark.parametrize(("given", "told"), [("numbr", '"numbr"'), (["string", "nul"], '["string", "nul"]'), (5, "5")])
def test_a_type_that_is_none_is_answered_with_those_that_are(given: Any, told: str) -> None:
    """Whoever misspells a type reads which there are."""

    fault = find_schema_fault({"properties": {"age": {"type": given}}})

    assert fault is not None
    assert fault.startswith(
        f"At properties/age/type: {told} is no type. There are string, number, integer, boolean, array, object, null"
    )
