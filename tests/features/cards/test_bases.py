"""What cards say of base models that not everybody may see any more."""

from typing import Any

import pytest

from modelkeep_server.features.cards import naming
from modelkeep_server.features.cards.documents import digest_of, from_document, to_body
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.card_files import FORMATS
from modelkeep_server.rules.permissions import Role
from tests.support.card_acts import CardActs
from tests.support.clients import Api
from tests.support.full_versions import add_items, card_of, items_of
from tests.support.make import Make, Person
from tests.support.pdfs import squeeze, text_of
from tests.support.registries import Registry
from tests.support.statements import counted


def _made_from(base: Version) -> dict[str, Any]:
    return {"baseModel": {"model": base.model, "version": base.version}}


def _count(registry: Registry, person: Person, model: Model) -> int:
    with registry.reading() as work, counted() as sent:
        found = naming.published_cards_naming(work, person.actor, model)
    assert len(sent) == 1
    return found


def test_published_cards_that_name_a_model_are_counted(make: Make, registry: Registry) -> None:
    """Every revision of other models that somebody may see; no draft, and none that never named it."""
    owner, stranger, auditor = make.owner(), make.person(), make.person(Role.AUDITOR)
    model = make.model(owner, name="base_model")
    base = make.version(model)
    alike = make.model(owner, group=model.group, name="basexmodel")
    derived = make.version(make.model(owner), metadata=_made_from(base))
    assert _count(registry, owner, model) == 0
    make.card(derived)
    make.card(make.version(make.model(owner, visibility="RESTRICTED"), metadata=_made_from(base)))
    make.card(make.version(model, version="1.1.0", metadata=_made_from(base)))
    make.card(make.version(make.model(owner), metadata=_made_from(make.version(alike))))
    assert [_count(registry, one, model) for one in (owner, auditor, stranger)] == [2, 2, 1]
    make.edit(model, visibility="RESTRICTED", reason="Only for us.")
    make.card(derived)
    assert _count(registry, owner, model) == 2


SECRETS = ("once_open", "Leaks addresses")


def _hidden_since(make: Make, api: Api) -> tuple[CardActs, Model]:
    """A draft that names two base models that were hidden afterwards, beside an open one and one from outside."""
    owner = make.owner()
    model = make.model(owner, name="once_open")
    other = make.model(owner, group=model.group, name="once_open-too")
    secret, mute = make.version(model, metadata={"limitations": "Leaks addresses."}), make.version(other)
    open_ = make.version(make.model(owner, name="open-base"))
    version = make.version(make.model(owner), metadata=_made_from(secret))
    items = tuple({"kind": "BASE_MODEL", "model": one.model, "version": one.version} for one in (mute, open_))
    add_items(api, version, owner, (*items, {"kind": "BASE_MODEL", "uri": "hf:org/outside"}))
    cards = CardActs(api, version, owner)
    told = cards.generate()
    assert items_of(told)["base-models"]["value"][0] == secret.address
    for one in (model, other):
        make.edit(one, visibility="RESTRICTED", reason="Only for us.")
    return cards, model


def test_a_draft_tells_no_more_of_base_models_than_one_generated_now(make: Make, api: Api) -> None:
    """To nobody, its owner included: it is to be published for everybody. Nothing counts as changed for that."""
    cards, _ = _hidden_since(make, api)
    stranger = api.as_(make.person())
    read = stranger.get(card_of(cards.version)).json()
    changes = stranger.get(card_of(cards.version, "/changes"))
    assert cards.get()["sections"] == read["sections"]
    assert changes.json()["items"] == []
    fresh = cards.generate()
    assert fresh["sections"] == read["sections"]
    assert items_of(fresh)["base-models"]["value"][0] == "A registered model that not everybody may see"
    assert "hf:org/outside" in items_of(fresh)["base-models"]["value"]


@pytest.mark.parametrize("format_", list(FORMATS))
def test_no_file_of_a_draft_names_what_was_hidden(make: Make, api: Api, format_: str) -> None:
    """In whatever form it is taken; the page neither."""
    cards, _ = _hidden_since(make, api)
    stranger = make.person()
    answer = api.as_(stranger).get(card_of(cards.version, f"?format={format_}"))
    assert answer.status_code == 200
    told = text_of(answer.content) if format_ == "pdf" else squeeze(answer.text)
    page = api.browser(stranger).get(card_of(cards.version).removeprefix("/api/v1")).text
    for secret in SECRETS:
        assert squeeze(secret) not in told
        assert secret not in page


def test_what_is_hidden_by_then_is_not_published(make: Make, api: Api, registry: Registry) -> None:
    """Nor told when somebody annotates; what was published before it was hidden stays as it was."""
    cards, model = _hidden_since(make, api)
    said = cards.annotate("factors", "Seen.")
    published = cards.publish()
    for answer in (said, published):
        assert answer.status_code == 200
        assert not any(secret in answer.text for secret in SECRETS)
    assert digest_of(to_body(from_document(published.json()))) == published.json()["digest"]
    assert _count(registry, cards.owner, model) == 0
    make.edit(model, visibility="INTERNAL", reason="For all again.")
    assert cards.get()["digest"] == published.json()["digest"]
    named = cards.generate()
    cards.publish()
    make.edit(model, visibility="RESTRICTED", reason="Only for us again.")
    assert SECRETS[0] in str(items_of(named)["base-models"]["value"])
    assert items_of(cards.get()) == items_of(named)
    assert _count(registry, cards.owner, model) == 1
