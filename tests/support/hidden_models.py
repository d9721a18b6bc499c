"""
Restricted models beside ones that everybody sees: some like no other in every word and value, some like those, so that
counts would tell of them. And everybody who may stand to them: who sees them, and who does not.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from modelkeep_server.features.models import sharing
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.ending import retiring
from modelkeep_server.features.versions import moving
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.rules.lifecycle import MOVES, State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: In every text and value of a hidden model that is like no other.
SECRET = "zyxcovert"
#: What hidden models share with seen ones, spelled otherwise in each.
SHARED_TAG, HIDDEN_SPELLING = "shared-tag", "SHARED-Tag"
OPEN_GROUP = "open-group"
UNLIKE: Mapping[str, Any] = {
    "group": f"{SECRET}-group", "name": f"{SECRET}-name", "description": f"The {SECRET} of us, {SECRET}word.",
    "tags": [f"{SECRET}-tag", f"{SECRET}-other"], "risk_tier": "HIGH",
}  # fmt: skip
LIKE: Mapping[str, Any] = {
    "group": OPEN_GROUP, "name": f"fraud-{SECRET}", "description": "Scores payments for fraud.",
    "tags": [HIDDEN_SPELLING, "fraud"], "risk_tier": "MEDIUM",
}  # fmt: skip
#: One that has ended, of a vendor.
ENDED: Mapping[str, Any] = {
    "group": OPEN_GROUP, "name": f"churn-{SECRET}", "description": "Scores payments for fraud.",
    "tags": ["plain", f"{SECRET}-ended"], "risk_tier": "LOW", "origin": "VENDOR",
}  # fmt: skip
_ARROWS = {State.DRAFT: State.SUBMITTED, State.SUBMITTED: State.APPROVED_STAGING}


@dataclass(frozen=True)
class Cast:
    """Everybody, by how they stand to the hidden models. `blind` see none of them, `seeing` see all."""

    owner: Person
    blind: Mapping[str, Person]
    seeing: Mapping[str, Person]
    team: str
    admin: Person


def gather(make: Make, api: Api) -> Cast:
    """The people, before there is a hidden model."""
    owner, named, member = make.owner(), make.owner(), make.person(name="member")
    admin = make.person(Role.ADMIN, Role.MRC, name="admin")
    team = f"team-{secrets.token_hex(4)}@example.com"
    others = make.person(name="colleague")
    for email, who in ((team, member), (f"other-{team}", others)):
        made = api.as_(admin).post("/api/v1/teams", json={"name": email, "email": email, "members": [who.email]})
        assert made.status_code == 201, made.text
    return Cast(
        owner,
        blind={
            "a stranger": make.person(name="stranger"), "an owner of others": make.owner(),
            "a member of another team": others, "who was let in until lately": make.person(name="late"),
            "who was let in and then out": make.person(name="former"),
        },
        seeing={
            "who registered them": owner, "a named owner": named, "a member of the owning team": member,
            "a collaborator": make.person(name="reader"), "MRC": make.person(Role.MRC),
            "an auditor": make.person(Role.AUDITOR),
        },
        team=team,
        admin=admin,
    )  # fmt: skip


def show_some(registry: Registry, make: Make, owner: Person) -> list[Model]:
    """What everybody sees."""
    told = {"group": OPEN_GROUP, "tags": [SHARED_TAG, "fraud", "plain"], "description": "Scores payments for fraud."}
    seen = [make.model(owner, name=f"fraud-{word}", risk_tier="MEDIUM", **told) for word in ("one", "two", "three")]
    for model in seen:
        _add_version(registry, make, model, owner, "pytorch", "classification", State.SUBMITTED)
    return seen


def hide_some(registry: Registry, make: Make, cast: Cast) -> list[Model]:
    """The hidden models, with versions, collaborators of now and of then."""
    owners = [f"{SECRET}@example.com", cast.seeing["a named owner"].email, cast.team]
    hidden = [make.model(cast.owner, owners=owners, visibility="RESTRICTED", **told) for told in (UNLIKE, LIKE, ENDED)]
    _add_version(registry, make, hidden[0], cast.owner, f"{SECRET}-flow", f"{SECRET}-type", State.APPROVED_STAGING)
    _add_version(registry, make, hidden[1], cast.owner, "pytorch", "classification", State.SUBMITTED)
    for model in hidden:
        _let_in(registry, model, cast)
    with registry.writing() as work:
        retiring.retire_model(
            work, cast.admin.actor, hidden[2].group, hidden[2].name, reason=f"Its {SECRET} day is over."
        )
    return hidden


def _add_version(
    registry: Registry, make: Make, model: Model, owner: Person, framework: str, model_type: str, state: State
) -> None:
    metadata = {"framework": framework, "modelType": model_type, "card": {"license": f"LicenseRef-{framework}"}}
    number = "6.6.6" if SECRET in framework else "1.0.0"
    version = make.version(model, owner, version=number, metadata=metadata)
    while version.state is not state:
        target = _ARROWS[version.state]
        act = next(move.act for move in MOVES if (move.source, move.target) == (version.state, target))
        with registry.writing() as work:
            moving.move(work, owner.actor, version, target, act)
        with registry.reading() as work:
            version = version_queries.get_version(work, owner.actor, model.group, model.name, number)


def _let_in(registry: Registry, model: Model, cast: Cast) -> None:
    place = (model.group, model.name)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for who, until in (
        (cast.seeing["a collaborator"], None),
        (cast.blind["who was let in and then out"], None),
        (cast.blind["who was let in until lately"], yesterday + timedelta(hours=1)),
    ):
        with registry.writing(now=yesterday if until else None) as work:
            sharing.share_model(work, cast.owner.actor, *place, who.email, given="READ", until=until)
    with registry.writing() as work:
        sharing.end_sharing(work, cast.owner.actor, *place, cast.blind["who was let in and then out"].email)
