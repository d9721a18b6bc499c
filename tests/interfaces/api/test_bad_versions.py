"""A version that is created with something wrong: each fault is named, nothing is written, nothing breaks."""

import json
from typing import Any

import pytest

from modelkeep_server.rules.fields import FIELDS, JSON_BYTES, Kind
from tests.support.clients import Api
from tests.support.footprint import footprint
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.registries import Registry

JSON = {"content-type": "application/json"}
BROKEN = ["a\x00", "a\x07", "a\x1b", "a\u202eb", "\ufeffa"]


def nested(levels: int) -> dict[str, Any]:
    """An object within objects, this many deep."""
    inner: dict[str, Any] = {}
    for _ in range(levels - 1):
        inner = {"a": inner}
    return inner


def metadata(key: str, value: Any) -> dict[str, Any]:
    """Metadata with one field, under `card` where it belongs there."""
    return {"card": {key.removeprefix("card."): value}} if key.startswith("card.") else {key: value}


TOP: list[tuple[str, Any]] = [
    *(
        ("version", value)
        for value in [None, "", 1, 1.0, [], {}, True, "1.0", "x" * 101, "1.0.0\n", "1.0.0\x00", "\ud800"]
    ),
    *(
        ("commitSha", value)
        for value in [5, "abcdef", "g" * 7, "a" * 65, "abcdef1 ", "abcdef1\n", "é" * 8, "٢" * 8, []]
    ),
    *(("trainingJobId", value) for value in [5, "x" * 201, "a\nb", "a\u2028b", *BROKEN]),
    *(("description", value) for value in [5, [], "x" * 4001, *BROKEN]),
    *(("metadata", value) for value in [5, "x", [], [{}], nested(40), {"custom": nested(40)}, {"x": nested(40)}]),
    *((name, "x") for name in ("nope", "number", "state", "commit_sha", "createdBy", "framework", "model", "history")),
]
SCHEMAS = [
    [], "x", 5, True, {"type": "nope"}, {"type": 5}, {"minLength": -1}, {"required": "a"}, {"multipleOf": 0},
    {"pattern": "("}, {"pattern": "(a)\\1"}, {"$ref": "#/$defs/none"}, {"$ref": "https://example.com/schema.json"},
    {"$schema": "http://json-schema.org/draft-07/schema#"}, {"$schema": 5}, {"properties": {"a": 5}}, {"enum": 5},
    {"title": "\x00"}, {"maximum": float("nan")}, {"maximum": float("inf")}, {"maximum": 2**53}, {"title": "\ud800"},
    {"enum": ["x" * JSON_BYTES]}, {"default": {"deep": [[["\x00"]]]}},
]  # fmt: skip
OBJECTS = [
    [], "x", 5, True, {"a": float("nan")}, {"a": -float("inf")}, {"a": 2**53}, {"a": "\x00"}, {"\x00": 1},
    {"a": "\ud800"}, {"\ud800": 1}, {"a": "x" * JSON_BYTES}, {f"k{n}": n for n in range(9000)},
]  # fmt: skip
DATASETS = [
    [], "x", 5, {"name": "a"}, {"version": "1"}, {"name": "", "version": "1"}, {"name": "a", "version": 1},
    {"name": "a", "version": "1", "url": "x"}, {"name": "a", "version": "1", "uri": 5},
    {"name": "a\x00", "version": "1"}, {"name": "x" * 201, "version": "1"},
    {"name": "a", "version": "1", "uri": "x" * 2001}, {"name": "a\n", "version": "1"},
]  # fmt: skip
BASES = [
    [], "x", 5, {"model": "a/b"}, {"version": "1.0.0"}, {"model": "ab", "version": "1.0.0"},
    {"model": "a/b/c", "version": "1.0.0"}, {"model": "a/b", "version": "1"}, {"model": "a /b", "version": "1.0.0"},
    {"uri": ""}, {"uri": 5}, {"uri": "x", "model": "a/b"}, {"uri": "x\x00"}, {"model": "../b", "version": "1.0.0"},
    {"name": "a"},
]  # fmt: skip
OF_KIND: dict[Kind, list[Any]] = {
    Kind.LINE: [5, [], {}, True, "x" * 201, "a\nb", "a\u2028b", *BROKEN],
    Kind.TEXT: [5, [], {}, "x" * 20_001, "a\x85", *BROKEN],
    Kind.DATE: [
        5,
        [],
        "yesterday",
        "2026-02-30",
        "2026-1-1",
        "20260101",
        "2026-W01-1",
        "2026-01-01T00:00",
        "٢٠٢٦-01-01",
    ],
    Kind.SCHEMA: SCHEMAS,
    Kind.OBJECT: OBJECTS,
    Kind.DATASET: DATASETS,
    Kind.BASE_MODEL: BASES,
}
MATRIX = [
    *TOP,
    *((f"metadata.{row.path}", value) for row in FIELDS if not row.card for value in OF_KIND[row.kind]),
    *(("metadata.card.trainingDate", value) for value in OF_KIND[Kind.DATE]),
    *(("metadata.card.license", value) for value in OF_KIND[Kind.LINE]),
    *(("metadata.card.risks", value) for value in OF_KIND[Kind.TEXT]),
    *(("metadata.card", value) for value in [[], "x", 5]),
    *(("metadata.custom", value) for value in [[], "x", {"a": "\x00"}, {"a": float("nan")}, {"a": "x" * JSON_BYTES}]),
    *((f"metadata.{name}", value) for name, value in [("gpu", {"custom": {"gpu": 1}, "gpu": 2})]),
]  # fmt: skip


def body_of(field: str, value: Any) -> bytes:
    """A version with one field changed, as JSON whose half characters and strange numbers survive."""
    body: dict[str, Any] = {"version": "1.0.0"}
    outer, _, inner = field.partition(".")
    if field == "metadata.gpu":
        body["metadata"] = value
    else:
        body[outer] = metadata(inner, value) if inner else value
    return json.dumps(body).encode()


def is_named(field: str, named: set[str]) -> bool:
    """Whether the fault is told under the field itself, or a place within it."""
    if field == "metadata":
        return named <= {"metadata", "metadata.custom"} and bool(named)
    return named == {field} or all(name.startswith(f"{field}.") for name in named)


@pytest.mark.parametrize("field", dict.fromkeys(field for field, _ in MATRIX))
def test_every_wrong_value_of_a_field_is_named_and_nothing_is_written(
    registry: Registry, make: Make, api: Api, field: str
) -> None:
    """Whatever is wrong with a field, the answer is 422, names that field, and leaves no trace."""
    model = make.model()
    client = api.as_(make.owner_of(model))
    client.get("/api/v1/me")
    before = footprint(registry)
    misses = []

    for value in (value for name, value in MATRIX if name == field):
        answer = client.post(f"/api/v1/models/{model.address}/versions", content=body_of(field, value), headers=JSON)
        if answer.status_code != 422 or not is_named(field, fields_at_fault(answer)):
            misses.append((ascii(value)[:60], answer.status_code, answer.text[:400]))

    assert misses == []
    assert footprint(registry) == before


FINE = [
    ("commitSha", "a" * 7), ("commitSha", "F" * 64), ("trainingJobId", "x" * 200), ("trainingJobId", "😀/run#1"),
    ("description", "x" * 4000), ("description", "Zwei\nZeilen 😀"),
    ("metadata.framework", "x" * 200), ("metadata.limitations", "x" * 20_000), ("metadata.limitations", "😀\n\t<b>"),
    ("metadata.hyperparameters", {"a": "x" * (JSON_BYTES - 8)}), ("metadata.hyperparameters", nested(31)),
    ("metadata.hyperparameters", {"big": 2**53 - 1, "small": -(2**53 - 1), "f": 1e-300, "e": "é\u2028", "n": None}),
    ("metadata.inputSchema", {"pattern": "^[^\\u0000]*$", "type": "string"}), ("metadata.inputSchema", {"$ref": "#"}),
    ("metadata.inputSchema", {"properties": {"$ref": {"type": "string"}, "$schema": True}}),
    ("metadata.inputSchema", {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "😀"}),
    ("metadata.trainingDataset", {"name": "😀", "version": "x" * 200}), ("metadata.card.trainingDate", "2024-02-29"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), FINE, ids=[f"{name}={ascii(value)[:30]}" for name, value in FINE])
def test_values_at_the_limit_are_kept_as_they_were_sent(make: Make, api: Api, field: str, value: Any) -> None:
    """What is allowed goes through to the letter."""
    model = make.model()
    client = api.as_(make.owner_of(model))

    answer = client.post(f"/api/v1/models/{model.address}/versions", content=body_of(field, value), headers=JSON)

    assert answer.status_code == 201, answer.text
    outer, _, inner = field.partition(".")
    assert client.get(answer.headers["location"]).json()[outer] == (metadata(inner, value) if inner else value)


def test_all_faults_are_told_at_once(make: Make, api: Api) -> None:
    """Faults of the version and of its metadata come in one answer."""
    model = make.model()
    body = {
        "version": "1", "commitSha": "x", "trainingJobId": "a\nb",
        "metadata": {"framework": "a\nb", "inputSchema": {"type": "x"}, "trainingDataset": {"name": "a"}},
    }  # fmt: skip

    answer = api.as_(make.owner_of(model)).post(f"/api/v1/models/{model.address}/versions", json=body)

    assert fields_at_fault(answer) == {
        "version", "commitSha", "trainingJobId", "metadata.framework", "metadata.inputSchema",
        "metadata.trainingDataset",
    }  # fmt: skip
