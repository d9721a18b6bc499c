"""Reading people as those see them who may read the list of people: Admins and Auditors."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import (
    invitations,
    people,
    role_grants,
    role_requests,
    service_accounts,
    session_activity,
    sessions,
    token_activity,
    tokens,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people.views import (
    HeldRole,
    OpenLink,
    PeopleFilter,
    PersonDetail,
    PersonRow,
    RecentGrant,
    RoleRequest,
)
from modelkeep_server.features.identity.roles.sources import ISSUER, SOURCES, is_by_hand, say_source
from modelkeep_server.features.identity.views import Actor, RoleSource
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.permissions import Role

OPEN = "OPEN"
RECENT_DAYS = 7
RECENT_SHOWN = 20
RAN_OUT_DAYS = 30
REQUESTS_SHOWN = 50

#: Programs stand among people so that whatever names a person can name them; they have a page of their own.
is_program = exists().where(service_accounts.c.person_id == people.c.id)


def list_people(
    work: Work, actor: Actor, asked: PeopleFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[PersonRow]:
    """People by e-mail, with their roles, and how many fit. Five statements. Raises CursorRefused."""
    access.require(work, actor, "user.read")
    asked_as = {"list": "people", **asdict(asked)}
    fits = and_(~is_program, *_conditions(asked))
    rows, following = read_rows(
        work, select(people).where(fits), people.c.email_key, people.c.id,
        filters=asked_as, limit=limit, cursor=cursor,
    )  # fmt: skip
    total = int(work.scalar(select(func.count()).select_from(people).where(fits)))
    return Page(_to_rows(work, rows), following, total)


def _conditions(asked: PeopleFilter) -> list[ColumnElement[bool]]:
    held = (role_grants.c.person_id == people.c.id) & role_grants.c.ended_at.is_(None)
    found: list[ColumnElement[bool]] = []
    if asked.text:
        found.append(_fits(asked.text))
    if asked.disabled is not None:
        found.append(people.c.disabled.is_(asked.disabled))
    grant: list[ColumnElement[bool]] = []
    if asked.role is not None:
        grant.append(role_grants.c.role == asked.role.value)
    if asked.source:
        known = role_grants.c.source.in_(list(SOURCES))
        grant.append(~known if asked.source == ISSUER else role_grants.c.source == asked.source)
    if grant:
        found.append(exists().where(held, *grant))
    return found


def _fits(typed: str) -> ColumnElement[bool]:
    # SQLite folds the case of ASCII alone, so that other letters are looked for as people write names.
    spelled = dict.fromkeys((typed, typed.casefold(), typed.title(), typed.upper()))
    return or_(
        people.c.email_key.contains(typed.casefold(), autoescape=True),
        func.lower(people.c.name).contains(typed.casefold(), autoescape=True),
        *(people.c.name.contains(spelling, autoescape=True) for spelling in spelled),
    )


def _to_rows(work: Work, rows: Sequence[Row[Any]]) -> tuple[PersonRow, ...]:
    """With the roles of each and when they were last seen. Three statements; none for nobody."""
    keys = [row.id for row in rows]
    if not keys:
        return ()
    roles: dict[int, list[RoleSource]] = {key: [] for key in keys}
    for grant in work.all(_grants_of(keys)):
        roles[grant.person_id].append(
            RoleSource(Role(grant.role), say_source(grant.source, work.parts.issuers), grant.granted_by)
        )
    seen = _last_seen(work, keys)
    return tuple(
        PersonRow(
            key=row.id,
            id=row.public_id,
            email=row.email,
            name=row.name,
            roles=tuple(roles[row.id]),
            disabled=row.disabled,
            created_at=row.created_at,
            last_seen_at=seen.get(row.id),
        )
        for row in rows
    )


def _grants_of(keys: Sequence[int]) -> Select[Any]:
    return (
        select(role_grants)
        .where(role_grants.c.person_id.in_(keys), role_grants.c.ended_at.is_(None))
        .order_by(role_grants.c.id)
    )


def _last_seen(work: Work, keys: Sequence[int]) -> dict[int, datetime]:
    by_session = (
        select(sessions.c.person_id, func.max(session_activity.c.last_seen_at).label("at"))
        .join(session_activity, session_activity.c.session_id == sessions.c.id)
        .where(sessions.c.person_id.in_(keys))
        .group_by(sessions.c.person_id)
    )
    by_token = (
        select(tokens.c.person_id, func.max(token_activity.c.last_used_at).label("at"))
        .join(token_activity, token_activity.c.token_id == tokens.c.id)
        .where(tokens.c.person_id.in_(keys))
        .group_by(tokens.c.person_id)
    )
    seen: dict[int, datetime] = {}
    for row in (*work.all(by_session), *work.all(by_token)):
        seen[row.person_id] = max(row.at, seen.get(row.person_id, row.at))
    return seen


def get_person_row(work: Work, public_id: str) -> Row[Any]:
    """The row of a person, no program. One statement; asks for no permission. Raises NotFound."""
    row = work.first(select(people).where(people.c.public_id == public_id, ~is_program))
    if row is None:
        raise NotFound("There is no such person.", remedy="Check the address, or look for them on the People page.")
    return row


def get_detail(work: Work, actor: Actor, public_id: str) -> PersonDetail:
    """One person with all that an overseer may look at. Nine statements. Raises NotFound."""
    access.require(work, actor, "user.read")
    return read_detail(work, actor, public_id)


def read_detail(work: Work, actor: Actor, public_id: str) -> PersonDetail:
    """The same after an act on that person, whose permission was asked for. Raises NotFound."""
    row = get_person_row(work, public_id)
    grants = tuple(
        HeldRole(
            Role(grant.role),
            say_source(grant.source, work.parts.issuers),
            is_by_hand(grant.source),
            grant.granted_by,
            grant.granted_at,
        )
        for grant in work.all(_grants_of([row.id]))
    )
    open_sessions = select(func.count()).where(
        sessions.c.person_id == row.id, sessions.c.ended_at.is_(None), sessions.c.expires_at > work.now
    )
    open_tokens = select(func.count()).where(
        tokens.c.person_id == row.id, tokens.c.revoked_at.is_(None), tokens.c.expires_at > work.now
    )
    return PersonDetail(
        row=_to_rows(work, [row])[0],
        grants=grants,
        sessions=int(work.scalar(open_sessions)),
        tokens=int(work.scalar(open_tokens)),
        links=_list_links_of(work, row.email),
        requests=_to_requests(
            actor,
            work.all(_select_requests().where(role_requests.c.person_id == row.id).order_by(role_requests.c.id)),
        ),
    )


def list_open_links(
    work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[OpenLink]:
    """
    Invitations and resets that nobody has used, newest first; those that ran out for 30 days more.

    Two statements. Raises CursorRefused.
    """
    access.require(work, actor, "invitation.read")
    asked_as = {"list": "invitations"}
    waiting = _is_waiting(work)
    rows, following = read_rows(
        work, select(invitations).where(waiting), invitations.c.id,
        filters=asked_as, limit=limit, cursor=cursor, descending=True,
    )  # fmt: skip
    total = int(work.scalar(select(func.count()).select_from(invitations).where(waiting)))
    return Page(_to_links(work, rows), following, total)


def _is_waiting(work: Work) -> ColumnElement[bool]:
    return and_(
        invitations.c.kind.in_(["INVITATION", "RESET"]),
        invitations.c.used_at.is_(None),
        invitations.c.expires_at > work.now - timedelta(days=RAN_OUT_DAYS),
    )


def _list_links_of(work: Work, email: str) -> tuple[OpenLink, ...]:
    mine = func.lower(invitations.c.email) == email.lower()
    return _to_links(work, work.all(select(invitations).where(_is_waiting(work), mine)))


def _to_links(work: Work, rows: Sequence[Row[Any]]) -> tuple[OpenLink, ...]:
    return tuple(
        OpenLink(
            id=row.public_id,
            kind=row.kind,
            email=row.email,
            roles=tuple(Role(role) for role in row.roles),
            by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            has_run_out=row.expires_at <= work.now,
        )
        for row in rows
    )


def list_role_requests(
    work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[RoleRequest]:
    """Grants that wait for a second Admin, the oldest first. Two statements. Raises CursorRefused."""
    access.require(work, actor, "user.read")
    asked_as = {"list": "role-requests"}
    rows, following = read_rows(
        work, _select_requests(), role_requests.c.id, filters=asked_as, limit=limit, cursor=cursor
    )  # fmt: skip
    total = int(work.scalar(select(func.count()).select_from(role_requests).where(role_requests.c.status == OPEN)))
    return Page(_to_requests(actor, rows), following, total)


def list_my_requests(work: Work, actor: Actor) -> tuple[RoleRequest, ...]:
    """The first of them for the dashboard; none for whoever does not confirm, or where none are asked."""
    if not work.parts.limits.dual_control or not access.may(actor, "role.confirm"):
        return ()
    return _to_requests(actor, work.all(_select_requests().order_by(role_requests.c.id).limit(REQUESTS_SHOWN)))


def _select_requests() -> Select[Any]:
    return (
        select(role_requests, people.c.public_id.label("person"), people.c.email, people.c.name)
        .join(people, people.c.id == role_requests.c.person_id)
        .where(role_requests.c.status == OPEN)
    )


def _to_requests(actor: Actor, rows: Sequence[Row[Any]]) -> tuple[RoleRequest, ...]:
    return tuple(
        RoleRequest(
            key=row.id,
            id=row.public_id,
            person_id=row.person,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            asked_by=row.asked_by_name,
            asked_at=row.asked_at,
            reason=row.reason,
            mine=actor.user_id in (row.asked_by, row.person_id),
        )
        for row in rows
    )


def list_recent_grants(work: Work, actor: Actor) -> tuple[RecentGrant, ...]:
    """
    Roles granted in the last 7 days and still held, newest first, RECENT_SHOWN at most, for Admins and Auditors.

    One statement; none for others.
    """
    if not access.may(actor, "user.read"):
        return ()
    rows = work.all(
        select(role_grants, people.c.public_id.label("person"), people.c.email, people.c.name)
        .join(people, people.c.id == role_grants.c.person_id)
        .where(role_grants.c.ended_at.is_(None), role_grants.c.granted_at > work.now - timedelta(days=RECENT_DAYS))
        .order_by(role_grants.c.id.desc())
        .limit(RECENT_SHOWN)
    )
    return tuple(
        RecentGrant(
            row.person,
            row.name,
            row.email,
            Role(row.role),
            say_source(row.source, work.parts.issuers),
            row.granted_by,
            row.granted_at,
        )
        for row in rows
    )
