"""Transferring a model to other owners: an Admin's act, on a reason. Former owners stay known to the record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, union_all

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import model_owners, models, people, team_members, teams
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, sharing
from modelkeep_server.features.models.checks import find_owner_faults, find_reason_faults
from modelkeep_server.features.models.service import demand_active, insert_owners
from modelkeep_server.features.models.views import EDITS, Model
from modelkeep_server.rules.errors import Invalid


@dataclass(frozen=True)
class TransferPlan:
    """
    What a transfer would do: addresses that lose the model, that gain it, and new ones that nobody here has yet.

    `through`: who of those that lose it goes on owning it as a member of a team that is named, and by which team.
    """

    model: Model
    loses: tuple[str, ...]
    gains: tuple[str, ...]
    unknown: tuple[str, ...]
    through: Mapping[str, str]


def plan_transfer(work: Work, actor: Actor, group: str, name: str, owners: Sequence[str], reason: str) -> TransferPlan:
    """What `transfer_model` would do. Raises as it does, and changes nothing."""
    model = queries.get_model(work, actor, group, name)
    access.require(work, actor, "model.transfer")
    demand_active(model)
    _demand_sound(owners, reason)
    present = dict.fromkeys([*model.owners, *([model.registrar] if model.registrar else [])])
    new, old = {owner.casefold() for owner in owners}, {owner.casefold() for owner in present}
    loses = tuple(owner for owner in present if owner.casefold() not in new)
    return TransferPlan(
        model,
        loses=loses,
        gains=tuple(owner for owner in owners if owner.casefold() not in old),
        unknown=list_unknown(work, owners),
        through=_find_members(work, loses, new),
    )


def transfer_model(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    owners: Sequence[str],
    *,
    reason: str,
    expected: Collection[int] | None = None,
) -> Model:
    """
    Give a model to other owners, all at once. Who registered it owns it no more, unless named.

    Naming those who own it alone already changes nothing. Requests for access stay open, for the new owners.

    Args:
        expected: The revisions that it was decided on, or None.
    Raises:
        NotFound, NotPermitted; StateForbids: the model is retired. Stale: somebody edited it since.
        Invalid: No owner, one that is no e-mail address, or no reason.
    """
    model = queries.lock_model(work, actor, group, name)
    access.require(work, actor, "model.transfer")
    demand_active(model)
    demand_fresh(work, model.address, model.id, EDITS, expected=expected, present=model.revision)
    _demand_sound(owners, reason)
    if tuple(owners) == model.owners and model.registrar is None:
        return model
    present = model_owners.c.model_id == model.key, model_owners.c.removed_at.is_(None)
    for row in work.all(select(model_owners.c.id).where(*present)):
        work.change(model_owners, row.id, {"removed_at": work.now}, expect={"removed_at": None})
    insert_owners(work, model.key, owners)
    # Whoever owns it now needs no collaboration beside.
    sharing.end_all(work, model, people.c.email_key.in_([owner.casefold() for owner in owners]))
    work.change(
        models, model.key, {"registrar_id": None, "updated_at": work.now, "revision": model.revision + 1},
        expect={"revision": model.revision},
    )  # fmt: skip
    access.record(
        work, actor, "model.transfer", object_id=model.id, object_label=model.address,
        before={
            REVISION: model.revision,
            "owners": [PersonRef(owner) for owner in model.owners],
            "registrar": PersonRef(model.registrar) if model.registrar else None,
        },
        after={REVISION: model.revision + 1, "owners": [PersonRef(owner) for owner in owners], "registrar": None},
        reason=reason,
    )  # fmt: skip
    return queries.get_model(work, actor, group, name)


def list_unknown(work: Work, owners: Sequence[str]) -> tuple[str, ...]:
    """Those of these addresses that no open account here has, and no team. One statement."""
    keys = [owner.casefold() for owner in owners]
    accounts = select(people.c.email_key).where(people.c.email_key.in_(keys), people.c.disabled.is_(False))
    shared = select(teams.c.email_key).where(teams.c.email_key.in_(keys), teams.c.ended_at.is_(None))
    known = {row.email_key for row in work.all(union_all(accounts, shared))}
    return tuple(owner for owner in owners if owner.casefold() not in known)


def _find_members(work: Work, addresses: Sequence[str], owners: Collection[str]) -> dict[str, str]:
    """Which of these addresses are members of a team among these owners (in lower case), and of which."""
    keys = {address.casefold(): address for address in addresses}
    rows = work.all(
        select(people.c.email_key, teams.c.name)
        .join(team_members, team_members.c.person_id == people.c.id)
        .join(teams, teams.c.id == team_members.c.team_id)
        .where(people.c.email_key.in_(keys), teams.c.email_key.in_(owners))
        .where(team_members.c.ended_at.is_(None), teams.c.ended_at.is_(None))
    )
    return {keys[row.email_key]: row.name for row in rows}


def _demand_sound(owners: Sequence[str], reason: str) -> None:
    faults = [*find_owner_faults(owners), *find_reason_faults(reason, required=True)]
    if faults:
        raise Invalid.of(faults)
