"""Granting roles and taking them away, and the second Admin who confirms a grant where the registry asks for one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import people, role_grants, role_requests
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.queries import OPEN
from modelkeep_server.features.identity.roles import overseeing
from modelkeep_server.features.identity.roles.sources import is_by_hand, say_source
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound, NotPermitted, StateForbids
from modelkeep_server.rules.permissions import GUARDED, ROLES, Role

BY_ADMIN = "ADMIN"
OWN_ROLES = "own_roles"


def grant_role(work: Work, actor: Actor, public_id: str, role: str, reason: str | None = None) -> bool:
    """
    Give a person a role: at once, or once a second Admin confirms it, where the registry asks for that.

    Giving one that was given by hand before, or asked for, changes nothing.

    Returns:
        False where the role now waits for a second Admin.
    Raises:
        NotFound, Invalid: No such person; no such role, or a reason too long.
        NotPermitted: It is the actor's own account.
        StateForbids: The account is disabled.
    """
    actor = overseeing.begin_change(work, actor, "role.grant")
    wanted, said = _read_role(role), overseeing.read_reason(reason)
    person = people_queries.get_person_row(work, public_id)
    _demand_other(actor, person)
    _demand_enabled(person)
    if any(is_by_hand(row.source) for row in _grants(work, person.id, wanted)):
        return True
    if work.parts.limits.dual_control and wanted in GUARDED:
        _ask(work, actor, person, wanted, said)
        return False
    insert_grant(work, person.id, wanted, source=BY_ADMIN, by=actor.email)
    access.record(work, actor, "role.grant", object_id=person.public_id, after=_facts(person, wanted), reason=said)
    tell_of_grant(work, person, wanted, source=BY_ADMIN, by=actor.email)
    return True


def end_role(work: Work, actor: Actor, public_id: str, role: str, reason: str | None = None) -> None:
    """
    Take a role away that people gave. What an issuer's claims gave is changed at the issuer.

    Raises:
        NotFound, Invalid: No such person, or they do not have the role; no such role.
        NotPermitted: It is the actor's own account.
        StateForbids: The role comes from an issuer's claims, or this is the last enabled Admin.
    """
    actor = overseeing.begin_change(work, actor, "role.end")
    wanted, said = _read_role(role), overseeing.read_reason(reason)
    person = people_queries.get_person_row(work, public_id)
    _demand_other(actor, person)
    held = _grants(work, person.id, wanted)
    by_hand = [row for row in held if is_by_hand(row.source)]
    if not held:
        raise NotFound(f"{person.name} does not have the role {ROLES[wanted].label}.", remedy="Load the page again.")
    if not by_hand:
        raise StateForbids(
            f"{ROLES[wanted].label} comes from {say_source(held[0].source, work.parts.issuers)}.",
            remedy="Take them out of the group at the issuer, or change how its groups map to roles; "
            "it ends at their next sign-in.",
            rule="issuer_role",
        )
    if wanted is Role.ADMIN and len(by_hand) == len(held) and not person.disabled:
        overseeing.demand_other_admin(work, person.id)
    for row in by_hand:
        work.change(role_grants, row.id, {"ended_at": work.now})
    access.record(work, actor, "role.end", object_id=person.public_id, before=_facts(person, wanted), reason=said)


def insert_grant(work: Work, person_id: int, role: Role, *, source: str, by: str) -> None:
    """One more row of grants. The caller records why."""
    row = {"person_id": person_id, "role": role.value, "source": source, "granted_by": by, "granted_at": work.now}
    work.insert(role_grants, row)


def ask_for_guarded(
    work: Work, person: Row[Any], wanted: Sequence[Role], *, source: str, asked_by: int | None, by: str
) -> None:
    """
    Have roles of an invitation wait for a second Admin. The caller records it: whoever accepts asks nobody.

    `asked_by` is the inside id of who invited them, where it is a person; `by` is how the log of grants names them.
    """
    for role in wanted:
        _insert_request(work, person.id, role, source=source, asked_by=asked_by, by=by, reason=None)


def confirm_request(work: Work, actor: Actor, public_id: str) -> None:
    """
    Grant what another Admin asked for.

    Raises:
        NotFound: There is no such request.
        NotPermitted: The actor asked for it, or would get it.
        StateForbids: It was decided already, or the account is disabled.
    """
    actor = overseeing.begin_change(work, actor, "role.confirm")
    request, person = _get_request(work, actor, public_id)
    _demand_enabled(person)
    role = Role(request.role)
    _decide(work, actor, request, "CONFIRMED")
    if not any(is_by_hand(row.source) for row in _grants(work, person.id, role)):
        insert_grant(work, person.id, role, source=request.source, by=request.asked_by_name)
    access.record(work, actor, "role.confirm", object_id=person.public_id, after=_facts(person, role))
    tell_of_grant(work, person, role, source=request.source, by=request.asked_by_name)


def decline_request(work: Work, actor: Actor, public_id: str, reason: str | None = None) -> None:
    """Leave a grant undone that another Admin asked for. Raises as `confirm_request` does."""
    actor = overseeing.begin_change(work, actor, "role.decline")
    said = overseeing.read_reason(reason)
    request, person = _get_request(work, actor, public_id)
    _decide(work, actor, request, "DECLINED")
    access.record(
        work, actor, "role.decline", object_id=person.public_id, after=_facts(person, Role(request.role)), reason=said
    )


def tell_of_grant(work: Work, person: Row[Any], role: Role, *, source: str, by: str) -> None:
    """Tell Admins and Auditors that somebody has a role now."""
    facts = {"person": person.email, "role": role.value, "by": by, "at": work.now.isoformat()}
    overseeing.tell_overseers(work, "role_granted", {**facts, "source": say_source(source, work.parts.issuers)})


def _ask(work: Work, actor: Actor, person: Row[Any], role: Role, reason: str | None) -> None:
    waiting = select(role_requests.c.id).where(
        role_requests.c.person_id == person.id, role_requests.c.role == role.value, role_requests.c.status == OPEN
    )
    if work.first(waiting) is not None:
        return
    _insert_request(work, person.id, role, source=BY_ADMIN, asked_by=actor.user_id, by=actor.email, reason=reason)
    work.granted["role.ask"] = work.granted["role.grant"]
    access.record(work, actor, "role.ask", object_id=person.public_id, after=_facts(person, role), reason=reason)


def _insert_request(
    work: Work, person_id: int, role: Role, *, source: str, asked_by: int | None, by: str, reason: str | None
) -> None:
    work.insert(
        role_requests,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "person_id": person_id,
            "role": role.value,
            "source": source,
            "asked_by": asked_by,
            "asked_by_name": by,
            "asked_at": work.now,
            "reason": reason,
            "status": OPEN,
        },
    )


def _get_request(work: Work, actor: Actor, public_id: str) -> tuple[Row[Any], Row[Any]]:
    request = work.first(select(role_requests).where(role_requests.c.public_id == public_id))
    if request is None:
        raise NotFound("There is no such request for a role.")
    person = work.all(select(people).where(people.c.id == request.person_id))[0]
    _demand_other(actor, person)
    if request.asked_by == actor.user_id:
        raise NotPermitted(
            "You asked for this grant yourself.", remedy="Another Admin confirms or declines it.", rule="own_request"
        )
    if request.status != OPEN:
        raise StateForbids("This request was decided already.", remedy="Load the page again.", rule="decided")
    return request, person


def _decide(work: Work, actor: Actor, request: Row[Any], status: str) -> None:
    decided = {"status": status, "decided_by": actor.user_id, "decided_at": work.now}
    try:
        work.change(role_requests, request.id, decided, expect={"status": OPEN})
    except NoSuchRow as error:
        raise StateForbids("Somebody else decided this just now.", remedy="Load the page again.") from error


def _read_role(role: str) -> Role:
    if role not in list(Role):
        raise Invalid.of([FieldError("role", f"Choose one of {', '.join(Role)}.")])
    return Role(role)


def _grants(work: Work, person_id: int, role: Role) -> Sequence[Row[Any]]:
    return work.all(
        select(role_grants.c.id, role_grants.c.source).where(
            role_grants.c.person_id == person_id,
            role_grants.c.role == role.value,
            role_grants.c.ended_at.is_(None),
        )
    )


def _demand_other(actor: Actor, person: Row[Any]) -> None:
    if person.id == actor.user_id:
        raise NotPermitted("Nobody changes their own roles.", remedy="Ask another Admin.", rule=OWN_ROLES)


def _demand_enabled(person: Row[Any]) -> None:
    if person.disabled:
        raise StateForbids(
            f"The account of {person.name} is disabled.", remedy="Enable it first.", rule="account_disabled"
        )


def _facts(person: Row[Any], role: Role) -> dict[str, Any]:
    return {"person": PersonRef(person.email), "role": role.value}
