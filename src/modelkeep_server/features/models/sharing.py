"""
Letting people and service accounts into a model: READ sees and downloads, WRITE also makes versions and uploads.

Whoever is let in again replaces what they had; the former row stays, ended. Source: product R1, "Collaborators".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import access_requests, collaborators, models, people, team_members, teams
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Access, Collaborator, Model, RequestStatus, SharedModel, Sharing
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.permissions import SEES_RESTRICTED

SHARED_DAYS_MAX = 366
_SERVICE = "service:"

_granters = people.alias("granters")


@dataclass(frozen=True)
class Invitee:
    """Somebody who can be let in, with the addresses under which they may own a model already, in lower case."""

    id: int
    email: str
    addresses: tuple[str, ...]


def list_collaborators(
    work: Work, actor: Actor, model: Model, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Sharing:
    """
    Who works on a model, in the order in which they came, for owners, collaborators and the control roles.

    Anybody else is told of nobody but themselves. One statement. Raises CursorRefused.
    """
    relations = queries.relations_of(actor, model)
    complete = bool(relations) or bool(actor.roles & SEES_RESTRICTED)
    filters: Mapping[str, object] = {"collaborators_of": model.id, "complete": complete}
    statement = _select(work).where(collaborators.c.model_id == model.key)
    if not complete:
        statement = statement.where(collaborators.c.person_id == actor.user_id)
    shown, following = read_rows(
        work, statement, collaborators.c.id, filters=filters, limit=limit, cursor=cursor
    )  # fmt: skip
    return Sharing(tuple(map(_to_collaborator, shown)), following, complete)


def list_shared_with(work: Work, actor: Actor) -> tuple[SharedModel, ...]:
    """The models that the actor was let into, the latest first. One statement."""
    rows = work.all(
        _select(work)
        .add_columns(models.c.group_name, models.c.name.label("model_name"))
        .join(models, models.c.id == collaborators.c.model_id)
        .where(collaborators.c.person_id == actor.user_id, visible_to(actor))
        .order_by(collaborators.c.id.desc())
    )
    return tuple(
        SharedModel(f"{row.group_name}/{row.model_name}", Access(row.access), row.until, row.granter_email)
        for row in rows
    )


def find_collaborator(work: Work, model: Model, person_id: int) -> Collaborator | None:
    """What somebody was let into a model for, or None. One statement."""
    row = work.first(
        _select(work)
        .where(collaborators.c.model_id == model.key, collaborators.c.person_id == person_id)
        .order_by(collaborators.c.id.desc())
    )
    return None if row is None else _to_collaborator(row)


def share_model(
    work: Work, actor: Actor, group: str, name: str, email: str, *, given: str, until: datetime | None
) -> tuple[Collaborator, bool]:
    """
    Let somebody into a model, or change what they were let in for.

    Args:
        email: Of a person with an account, or `service:NAME`.
        given: READ or WRITE.
        until: When it ends by itself, at most 366 days from now, or None.
    Returns:
        What they have from now on, and whether they had nothing before.
    Raises:
        NotFound, NotPermitted; StateForbids: the model is retired.
        Invalid: Nobody of that address, an owner, no such access, or a moment that is past or too far off.
    """
    model = queries.lock_model(work, actor, group, name)
    access.require(work, actor, "collaborator.add", queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    faults: list[FieldError] = []
    invitee = None
    try:
        invitee = find_invitee(work, model, email)
    except Invalid as error:
        faults += error.errors
    if given not in list(Access):
        faults.append(FieldError("access", f"Choose one of {', '.join(Access)}."))
    faults += find_until_faults(work, until, days_max=SHARED_DAYS_MAX)
    if faults or invitee is None:
        raise Invalid.of(faults)
    before = find_collaborator(work, model, invitee.id)
    if before is None or (before.access, before.until) != (given, until):
        let_in(work, actor, model, invitee, Access(given), until, before)
        about = About.of(model, named=(invitee.email,))
        facts = {"model": model.address, "access": given}
        tell_about(work, actor, "access.granted", facts, about, href=f"/models/{model.address}")
    found = find_collaborator(work, model, invitee.id)
    assert found is not None
    return found, before is None


def let_in(
    work: Work,
    actor: Actor,
    model: Model,
    invitee: Invitee,
    given: Access,
    until: datetime | None,
    before: Collaborator | None,
) -> None:
    """Write what somebody may do from now on, in the place of what they had before. The model is locked."""
    if before is not None:
        work.change(collaborators, before.key, {"ended_at": work.now}, expect={"ended_at": None})
    work.insert(
        collaborators,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "model_id": model.key,
            "person_id": invitee.id,
            "access": given.value,
            "granted_by": actor.user_id,
            "granted_at": work.now,
            "until": until,
            "revision": 1,
        },
    )
    access.record(
        work, actor, "collaborator.add", object_id=model.id, object_label=model.address,
        before=None if before is None else _facts(before.email, before.access, before.until),
        after=_facts(invitee.email, given, until),
    )  # fmt: skip


def end_sharing(work: Work, actor: Actor, group: str, name: str, email: str) -> Collaborator:
    """
    End what somebody was let in for, at once; their download links die with it.

    Raises:
        NotFound: No such model that the actor can see, or nobody of that address was let in.
        NotPermitted; StateForbids: the model is retired.
    """
    model = queries.lock_model(work, actor, group, name)
    access.require(work, actor, "collaborator.end", queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    person_id = lookups.find_person_id(work, email)
    found = None if person_id is None else find_collaborator(work, model, person_id)
    if found is None:
        raise NotFound(
            f"{email[:254]} is no collaborator of {model.address}.", remedy="See who is on its Settings tab."
        )
    work.change(collaborators, found.key, {"ended_at": work.now}, expect={"ended_at": None})
    _end_grants(work, model, [found.person_id])
    access.record(
        work, actor, "collaborator.end", object_id=model.id, object_label=model.address,
        before=_facts(found.email, found.access, found.until),
    )  # fmt: skip
    return found


def end_all(work: Work, model: Model, *who: ColumnElement[bool]) -> int:
    """End what people were let into a locked model for: of all, or of those meant. Whoever calls records why."""
    rows = work.all(_select(work).where(collaborators.c.model_id == model.key, *who))
    for row in rows:
        work.change(collaborators, row.id, {"ended_at": work.now}, expect={"ended_at": None})
    _end_grants(work, model, [row.person_id for row in rows])
    return len(rows)


def _end_grants(work: Work, model: Model, people_ids: Sequence[int]) -> None:
    """What was granted for single versions ends with the rest: whoever is let in again asks for them again."""
    still = (access_requests.c.status == RequestStatus.GRANTED.value, access_requests.c.until > work.now)
    here = (access_requests.c.model_id == model.key, access_requests.c.person_id.in_(people_ids))
    for row in work.all(select(access_requests.c.id).where(*here, *still)):
        work.change(access_requests, row.id, {"until": work.now})


def find_invitee(work: Work, model: Model, email: str) -> Invitee:
    """
    Somebody with an account who owns the model in no way. Two statements.

    Raises:
        Invalid: On `email`: it is no plain address, nobody's, of a disabled account, or of an owner.
    """
    email = email.strip()
    fault = None if email.casefold().startswith(_SERVICE) else find_email_fault(email)
    if fault:
        raise Invalid.of([FieldError("email", f"{email[:80]!r} {fault}.")])
    rows = work.all(
        select(people.c.id, people.c.email, people.c.email_key, people.c.disabled, teams.c.email_key.label("team_key"))
        .outerjoin(team_members, (team_members.c.person_id == people.c.id) & team_members.c.ended_at.is_(None))
        .outerjoin(teams, (teams.c.id == team_members.c.team_id) & teams.c.ended_at.is_(None))
        .where(people.c.email_key == email.casefold())
    )
    if not rows or rows[0].disabled:
        lacks = "Nobody here has this address." if not rows else "This account is disabled."
        cure = "Ask the person who answers for it." if email.casefold().startswith(_SERVICE) else "Ask an Admin."
        raise Invalid.of([FieldError("email", f"{lacks} Only accounts of this registry can be let in. {cure}")])
    addresses = (rows[0].email_key, *(row.team_key for row in rows if row.team_key is not None))
    owning = {owner.casefold() for owner in model.owners} | ({model.registrar.casefold()} if model.registrar else set())
    if owning.intersection(addresses):
        told = f"{rows[0].email} owns this model already, and may do all that a collaborator may."
        raise Invalid.of([FieldError("email", told)])
    return Invitee(rows[0].id, rows[0].email, addresses)


def find_until_faults(work: Work, until: datetime | None, *, days_max: int) -> list[FieldError]:
    """What is wrong with the moment at which a right ends by itself."""
    if until is None:
        return []
    if until <= work.now:
        return [FieldError("until", "This is past. Name a moment to come, or leave it out.")]
    if until > work.now + timedelta(days=days_max):
        return [FieldError("until", f"At most {days_max} days from now.")]
    return []


def _select(work: Work) -> Select[Any]:
    """Those who are in now."""
    return (
        select(collaborators, people.c.email, people.c.name, _granters.c.email.label("granter_email"))
        .join(people, people.c.id == collaborators.c.person_id)
        .join(_granters, _granters.c.id == collaborators.c.granted_by)
        .where(
            collaborators.c.ended_at.is_(None), or_(collaborators.c.until.is_(None), collaborators.c.until > work.now)
        )
    )


def _to_collaborator(row: Row[Any]) -> Collaborator:
    return Collaborator(
        key=row.id,
        person_id=row.person_id,
        email=row.email,
        name=row.name,
        access=Access(row.access),
        until=row.until,
        granted_by=row.granter_email,
        granted_at=row.granted_at,
    )


def _facts(email: str, given: Access, until: datetime | None) -> dict[str, object]:
    return {
        "person": PersonRef(email),
        "access": given.value,
        "until": None if until is None else clock.iso_seconds(until),
    }
