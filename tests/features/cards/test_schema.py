"""The JSON Schema of a card: as the tables say it, and kept by every card."""

import json
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest

from modelkeep_server.features.cards.documents import SCHEMA, to_document
from modelkeep_server.features.cards.schema import FILE, draw_schema, read_schema, write_schema
from modelkeep_server.features.cards.views import Card
from tests.support import cards


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.validator_for(json.loads(read_schema()), validate_formats=True)


def test_the_file_is_what_the_tables_say() -> None:
    """Where this fails, an item or a section changed: the next version of the schema, or the file written anew."""
    assert FILE.read_text() == write_schema()


def test_it_is_a_schema_of_2020_12() -> None:
    """Sound by its own rules, and named as documents name it."""
    schema = draw_schema()

    assert jsonschema_rs.meta.is_valid(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == SCHEMA == to_document(cards.make_card())["$schema"]


@pytest.mark.parametrize(
    "card",
    [
        cards.make_card(), cards.empty_card(), cards.as_draft(cards.make_card()), cards.huge_card(),
        cards.spoken_in(cards.RIGHT_TO_LEFT), *map(cards.spoken_in, cards.ATTACKS[::8]),
    ],
)  # fmt: skip
def test_every_card_keeps_to_it(card: Card, validator: Any) -> None:
    """Full, empty, a draft, a huge one and a hostile one."""
    assert [error.message for error in validator.iter_errors(to_document(card))] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("$schema",), "urn:modelkeep:model-card:2"),
        (("digest",), "sha256:short"),
        (("coverage",), 1.5),
        (("status",), "SECRET"),
        (("generatedAt",), "yesterday"),
        (("extra",), 1),
        (("sections", 0, "id"), "metrics"),
        (("sections", 0, "items", 0, "value"), ["a list"]),
        (("sections", 0, "items", 0, "label"), "Another"),
        (("sections", 3, "items", 0, "value", 0, "value"), "high"),
        (("sections", 3, "items", 0, "value", 0, "confidenceInterval"), [0.1]),
        (("sections", 0, "items", 0, "extra"), 1),
    ],
)
def test_what_is_no_card_does_not(place: tuple[str | int, ...], value: Any, validator: Any) -> None:
    """Other fields, orders, kinds of values and names are told apart."""
    document = deepcopy(to_document(cards.make_card()))
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    assert not validator.is_valid(document)
