"""What counts as breaking between two JSON Schemas, and when the version number should have said so."""

import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.rules.schema_changes import Effect, SchemaFinding, Side, is_flagged, judge_changes
from modelkeep_server.rules.schema_documents import list_fields

INPUT, OUTPUT = Side.INPUT, Side.OUTPUT
BREAKING, MAY_BREAK, COMPATIBLE = Effect.BREAKING, Effect.MAY_BREAK, Effect.COMPATIBLE
NOTHING: list[tuple[str, str]] = []


def an_object(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def a_field(**schema: Any) -> dict[str, Any]:
    return an_object({"a": schema})


NUMBER, TEXT = {"type": "number"}, {"type": "string"}
A, A_AND_B = an_object({"a": NUMBER}), an_object({"a": NUMBER, "b": TEXT})
CLOSED = {"additionalProperties": False}

#: Before, now, what it does to callers, what it does to consumers.
TABLE: dict[str, tuple[Any, Any, list[tuple[str, str]], list[tuple[str, str]]]] = {
    "nothing": (A, an_object({"a": {**NUMBER, "title": "A"}}), NOTHING, NOTHING),
    "new and required": (A, an_object({"a": NUMBER, "b": TEXT}, "b"), [("b", BREAKING)], [("b", COMPATIBLE)]),
    "new and optional": (A, A_AND_B, [("b", COMPATIBLE)], [("b", COMPATIBLE)]),
    "new where closed": (A | CLOSED, A_AND_B | CLOSED, [("b", COMPATIBLE)], [("b", MAY_BREAK)]),
    "removed": (A_AND_B, A, [("b", COMPATIBLE)], [("b", BREAKING)]),
    "removed where closed": (A_AND_B | CLOSED, A | CLOSED, [("b", BREAKING)], [("b", BREAKING)]),
    "required now": (A, an_object({"a": NUMBER}, "a"), [("a", BREAKING)], [("a", COMPATIBLE)]),
    "required no longer": (an_object({"a": NUMBER}, "a"), A, [("a", COMPATIBLE)], [("a", BREAKING)]),
    "closed now": (A, A | CLOSED, [("", BREAKING)], [("", COMPATIBLE)]),
    "open now": (A | CLOSED, A, [("", COMPATIBLE)], [("", MAY_BREAK)]),
    "type narrowed": (A, a_field(type="integer"), [("a", BREAKING)], [("a", COMPATIBLE)]),
    "type widened": (a_field(type="integer"), A, [("a", COMPATIBLE)], [("a", BREAKING)]),
    "another type": (A, a_field(type="string"), [("a", BREAKING)], [("a", BREAKING)]),
    "nullable": (A, a_field(anyOf=[NUMBER, {"type": "null"}]), [("a", COMPATIBLE)], [("a", BREAKING)]),
    "value gone": (a_field(enum=["x", "y"]), a_field(enum=["x"]), [("a", BREAKING)], [("a", COMPATIBLE)]),
    "value new": (a_field(enum=["x"]), a_field(enum=["x", "y"]), [("a", COMPATIBLE)], [("a", BREAKING)]),
    "true is not 1": (
        a_field(enum=[1]), a_field(enum=[True]), [("a", BREAKING), ("a", COMPATIBLE)],
        [("a", BREAKING), ("a", COMPATIBLE)],
    ),
    "listed now": (a_field(type="string"), a_field(enum=["x"]), [("a", BREAKING)], [("a", COMPATIBLE)]),
    "bound tighter": (a_field(type="number", minimum=0), a_field(type="number", minimum=1), [("a", BREAKING)],
                      [("a", COMPATIBLE)]),
    "bound gone": (a_field(type="string", maxLength=9), a_field(type="string"), [("a", COMPATIBLE)], [("a", BREAKING)]),
    "pattern other": (a_field(type="string", pattern="^a"), a_field(type="string", pattern="^b"), [("a", MAY_BREAK)],
                      [("a", MAY_BREAK)]),
    "not understood": (a_field(type="string", format="date"), a_field(type="string", format="time"),
                       [("a", MAY_BREAK)], [("a", MAY_BREAK)]),
    "items": ({"type": "array", "items": NUMBER}, {"type": "array", "items": TEXT}, [("[]", BREAKING)],
              [("[]", BREAKING)]),
    "behind a reference": (
        an_object({"a": {"$ref": "#/$defs/x"}}) | {"$defs": {"x": NUMBER}},
        an_object({"a": {"$ref": "#/$defs/x"}}) | {"$defs": {"x": {"type": "integer"}}},
        [("a", BREAKING)], [("a", COMPATIBLE)],
    ),
    "the same, referred to": (A, an_object({"a": {"$ref": "#/$defs/x"}}) | {"$defs": {"x": NUMBER}}, NOTHING, NOTHING),
    "round and round": (
        {"$defs": {"t": an_object({"next": {"$ref": "#/$defs/t"}, "v": NUMBER})}, "$ref": "#/$defs/t"},
        {"$defs": {"t": an_object({"next": {"$ref": "#/$defs/t"}, "v": TEXT})}, "$ref": "#/$defs/t"},
        [("v", BREAKING)], [("v", BREAKING)],
    ),
    "a schema gone": (A, None, [("", MAY_BREAK)], [("", MAY_BREAK)]),
    "a schema new": (None, A, [("", COMPATIBLE)], [("", COMPATIBLE)]),
    "nothing taken": (True, False, [("", BREAKING)], [("", COMPATIBLE)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_a_change_breaks_callers_or_consumers_as_the_table_says(name: str) -> None:
    """Inputs may come to take more and outputs to be less; the rest breaks, and what is not understood may."""
    old, new, callers, consumers = TABLE[name]

    found = {side: judge_changes(old, new, side) for side in Side}

    assert callers == [(finding.path, finding.effect) for finding in found[INPUT]]
    assert consumers == [(finding.path, finding.effect) for finding in found[OUTPUT]]
    assert all(finding.text.endswith(".") for findings in found.values() for finding in findings)


def test_every_keyword_that_is_not_understood_is_told() -> None:
    """A change of any keyword of 2020-12 that binds values gives a finding, never silence."""
    words = [
        "not", "if", "contains", "minContains", "propertyNames", "patternProperties", "dependentRequired", "format",
        "dependentSchemas", "unevaluatedProperties", "unevaluatedItems", "contentEncoding", "then", "else", "anything",
        "multipleOf", "uniqueItems", "minProperties", "maxItems", "exclusiveMaximum", "allOf", "anyOf", "oneOf",
    ]  # fmt: skip
    values = {"multipleOf": 2, "uniqueItems": True, "minProperties": 1, "maxItems": 3, "exclusiveMaximum": 4}
    lists = {"allOf", "anyOf", "oneOf"}

    silent = [
        word
        for word in words
        if not judge_changes({}, {word: values.get(word, [NUMBER, TEXT] if word in lists else {"x": NUMBER})}, INPUT)
    ]

    assert [] == silent


@pytest.mark.parametrize("size", [2, 12])
def test_no_schema_takes_long(size: int) -> None:
    """References that fan out are compared within bounds; what lies beyond them is told, not passed over."""
    rings = {f"r{n}": {"anyOf": [{"$ref": f"#/$defs/r{(n + k + 1) % 40}"} for k in range(size)]} for n in range(40)}
    old, new = ({"$ref": "#/$defs/r0", "$defs": {**rings, "r39": last}} for last in (NUMBER, {"type": "string"}))
    begun = time.process_time()

    found = judge_changes(old, new, INPUT)

    assert any(finding.effect is not COMPATIBLE for finding in found)
    assert len(list_fields(old)) < 3_000
    assert time.process_time() - begun < 5


def schemas() -> st.SearchStrategy[Any]:
    """Schemas of what models take and give, small enough that their values are found."""
    small = st.integers(0, 3)
    leaf = st.one_of(
        st.just({"type": "integer"}),
        st.just({"type": ["number", "null"]}),
        st.builds(lambda low, high: {"type": "number", "minimum": low, "exclusiveMaximum": low + high}, small, small),
        st.builds(lambda values: {"enum": values}, st.lists(st.sampled_from([0, 1, "x", None, True]), min_size=1)),
        st.builds(lambda most: {"type": "string", "maxLength": most}, small),
        st.booleans(),
        st.sampled_from([{"$ref": "#/$defs/d"}, {"$ref": "#/$defs/d", "minimum": 2}, {"not": {"type": "string"}}]),
    )

    def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        fields = st.dictionaries(st.sampled_from("ab"), inner)
        closed = st.sampled_from([{}, {"additionalProperties": False}, {"additionalProperties": {"type": "integer"}}])
        needed = st.lists(st.sampled_from("ab"), unique=True)
        objects = st.builds(
            lambda f, c, r: {"type": "object", "properties": f, "required": r, **c}, fields, closed, needed
        )
        lists = st.builds(lambda i, least: {"type": "array", "items": i, "minItems": least}, inner, small)
        words = st.builds(lambda word, a, b: {word: [a, b]}, st.sampled_from(["anyOf", "allOf", "oneOf"]), inner, inner)
        return st.one_of(objects, lists, words)

    return st.recursive(leaf, nest, max_leaves=5)


VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, 3, 1.5, "", "x", "xyz", "long"]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner)),
    max_leaves=4,
)


@given(old=schemas(), new=schemas(), defs=st.tuples(schemas(), schemas()), values=st.lists(VALUES, max_size=30))
@settings(max_examples=250)
def test_what_is_called_compatible_is(old: Any, new: Any, defs: tuple[Any, Any], values: list[Any]) -> None:
    """
    An input found compatible takes every value it took before, and an output gives none it did not give before.

    By the oracle jsonschema-rs. Left out is what is said to be no promise: fields that a schema did not name.
    """
    old, new = (
        {"allOf": [one], "$defs": {"d": {"type": "integer"}, "e": d}} for one, d in zip((old, new), defs, strict=True)
    )
    takes = {key: jsonschema_rs.validator_for(schema).is_valid for key, schema in (("old", old), ("new", new))}
    callers, consumers = judge_changes(old, new, INPUT), judge_changes(old, new, OUTPUT)
    added = any("It is new" in finding.text for finding in callers + consumers)

    assert () == judge_changes(old, old, INPUT)
    for value in values:
        if takes["old"](value) and not takes["new"](value) and not added:
            assert any(finding.effect is not COMPATIBLE for finding in callers), value
        if takes["new"](value) and not takes["old"](value) and not added:
            assert any(finding.effect is not COMPATIBLE for finding in consumers), value


@pytest.mark.parametrize(
    ("old", "new", "flagged"),
    [
        ("1.2.0", "1.2.1", True), ("1.2.0", "1.3.0", True), ("1.2.0", "2.0.0", False), ("0.3.1", "0.3.2", True),
        ("0.3.1", "0.4.0", False), ("0.9.0", "1.0.0", False), ("1.0.0-rc.1", "1.0.0", False),
        ("1.2.0", "1.3.0-rc.1", True), ("1.2.0+a-b", "1.2.0+c", True), ("2.0.0", "1.9.0", False),
    ],
)  # fmt: skip
def test_a_breaking_change_needs_the_number_for_it(old: str, new: str, flagged: bool) -> None:
    """Flagged is what breaks under a MINOR or PATCH bump; while MAJOR is 0, a MINOR one is enough (semver, item 4)."""
    breaks = [SchemaFinding("a", effect, "Something.") for effect in (COMPATIBLE, BREAKING)]

    found = (is_flagged(old, new, breaks), is_flagged(old, new, breaks[:1]))

    assert (flagged, False) == found


def test_fields_are_listed_by_dotted_path() -> None:
    """Fields of objects, lists, alternatives and references are told once each, in the order of the schema."""
    schema = an_object(
        {
            "age": {"type": "integer"},
            "device": {"anyOf": [{"$ref": "#/$defs/device"}, {"type": "null"}]},
            "orders": {"type": "array", "items": an_object({"price": NUMBER, "next": {"$ref": "#"}})},
        },
        **{"$defs": {"device": an_object({"os": TEXT, "graph": an_object({"degree": NUMBER})})}},
    )

    fields = list_fields(schema)

    assert ("age", "device.os", "device.graph.degree", "orders[].price") == fields[:4]
    assert len(fields) == len(set(fields)) < 50
