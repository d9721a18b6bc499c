"""What cards say of base models that not everybody may see any more."""

from typing import Any

from modelkeep_server.features.cards import bases
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.permissions import Role
from tests.support.make import Make, Person
from tests.support.registries import Registry
from tests.support.statements import counted


def _made_from(base: Version) -> dict[str, Any]:
    return {"baseModel": {"model": base.model, "version": base.version}}


def _count(registry: Registry, person: Person, model: Model) -> int:
    with registry.reading() as work, counted() as sent:
        found = bases.published_cards_naming(work, person.actor, model)
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
