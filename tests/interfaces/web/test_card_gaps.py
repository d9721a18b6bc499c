"""What a card will lack for good is said while it can be told still: before the version is frozen."""

from modelkeep_server.rules.fields import FIELDS
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.full_versions import full_metadata
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.promoting import begin_life

CARD_FIELDS = [field for field in FIELDS if field.card]


def test_whoever_can_fill_the_facts_of_the_card_is_told_until_when(make: Make, api: Api) -> None:
    """In the Next-step box, on the form and beside the card, with a way to the form; nobody else is."""
    version = make.version()
    owner, reader = make.owner_of(version), make.person(Role.MRC)
    page = f"/models/{version.model}/versions/{version.version}"
    assert api.browser(owner).submit(f"{page}/card").status_code == 303
    count, first = len(CARD_FIELDS), CARD_FIELDS[0]
    assert count == 18

    for who in (owner, reader):
        box, beside = look(api, who, page), look(api, who, f"{page}/card")
        told = who is owner
        assert (f"{count} facts for the model card are not told advice, does not block" in words_of(box)) == told
        assert (f'href="{page}/edit#metadata.{first.path}">Fill them in</a>' in box) == told
        assert (f"{count} fields of the version can be filled only until its promotion" in words_of(beside)) == told
    assert "stays “Not provided” on this version's card" in words_of(look(api, owner, f"{page}/edit"))


def test_what_is_told_or_frozen_is_not_asked_for(make: Make, api: Api) -> None:
    """One that is missing is named alone; of a complete version nothing is said, nor after the request."""
    life = begin_life(make, api)
    owner, page = life.cast.owner, life.base.removeprefix("/api/v1")
    metadata = {"card": {**full_metadata()["card"], "license": None}}
    assert api.as_(owner).patch(life.base, json={"metadata": metadata}).status_code == 200

    one = words_of(look(api, owner, page))
    metadata["card"]["license"] = "MIT"
    assert api.as_(owner).patch(life.base, json={"metadata": metadata}).status_code == 200
    none = words_of(look(api, owner, page))
    assert api.as_(owner).patch(life.base, json={"metadata": {"card": {"license": None}}}).status_code == 200
    life.reach("STAGING")
    frozen = words_of(look(api, owner, page))

    assert "1 fact for the model card is not told" in one
    assert "License. They are frozen" in one
    assert "for the model card" not in none
    assert "not told" not in frozen
