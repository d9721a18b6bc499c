"""Model cards, through the API."""

from typing import Any

from tests.support.clients import Api
from tests.support.full_versions import card_of, make_full
from tests.support.make import Make
from tests.support.registries import Registry


def test_a_card_says_what_is_known_and_where_the_rest_is_provided(registry: Registry, make: Make, api: Api) -> None:
    """A version with nothing but its number has a card with every item, each missing one with its place."""
    version = make.version()
    owner = make.owner_of(version)
    made = api.as_(owner).post(card_of(version))
    assert made.status_code == 201, made.text
    card = made.json()
    assert (card["status"], card["revision"], card["edition"]) == ("DRAFT", 1, 1)
    items = {item["id"]: item for section in card["sections"] for item in section["items"]}
    assert items["name"]["value"] == version.model
    assert "value" not in items["limitations"]
    assert items["limitations"]["provideAt"] == f"/models/{version.model}/versions/1.0.0/edit#metadata.limitations"
    assert api.as_(owner).get(card_of(version)).json() == card


def test_everything_that_is_known_stands_in_the_card(registry: Registry, make: Make, api: Api) -> None:
    """Fields, files, evaluations with slices and intervals, datasets, code and runs."""
    full = make_full(registry, make, api)
    card = api.as_(full.owner).post(card_of(full.version)).json()
    values: dict[str, Any] = {
        item["id"]: item.get("value") for section in card["sections"] for item in section["items"]
    }
    assert [name for name, value in values.items() if value is None] == []
