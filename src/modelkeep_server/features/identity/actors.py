"""Finding who is asking, by the session or the token that a request brought."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, func, null, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import (
    models,
    notices,
    people,
    role_grants,
    service_accounts,
    session_activity,
    sessions,
    team_members,
    teams,
    tokens,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.rules.notices import UNREAD_COUNTED
from modelkeep_server.rules.permissions import Role, Scope

_sponsors = people.alias("sponsors")

_WHO = (people.c.id, people.c.pseudonym, people.c.email, people.c.email_key, people.c.name)


def _with_roles(statement: Select[Any]) -> Select[Any]:
    joined = (
        statement.outerjoin(role_grants, (role_grants.c.person_id == people.c.id) & role_grants.c.ended_at.is_(None))
        .outerjoin(team_members, (team_members.c.person_id == people.c.id) & team_members.c.ended_at.is_(None))
        .outerjoin(teams, (teams.c.id == team_members.c.team_id) & teams.c.ended_at.is_(None))
    )
    return joined.add_columns(role_grants.c.role, teams.c.email_key.label("team_key")).where(
        people.c.disabled.is_(False)
    )


def _session_by(column: ColumnElement[Any]) -> Select[Any]:
    statement = (
        select(
            *_WHO,
            sessions.c.id.label("credential_id"),
            sessions.c.started_at,
            sessions.c.authenticated_at,
            session_activity.c.last_seen_at,
            _count_unread(),
        )
        .select_from(sessions)
        .join(people, people.c.id == sessions.c.person_id)
        .outerjoin(session_activity, session_activity.c.session_id == sessions.c.id)
        .where(column == bindparam("credential"))
        .where(sessions.c.ended_at.is_(None), sessions.c.expires_at > bindparam("now"))
    )
    return _with_roles(statement)


def _count_unread() -> ColumnElement[int]:
    """How many notices of a row of `people` are unread; each that is about a RESTRICTED model counts a thousand."""
    few = (
        select(models.c.visibility)
        .select_from(notices)
        .outerjoin(models, models.c.id == notices.c.model_id)
        .where(notices.c.person_id == people.c.id, notices.c.read_at.is_(None))
        .limit(UNREAD_COUNTED)
        .correlate(people)
        .subquery()
    )
    weight = case((few.c.visibility == "RESTRICTED", 1000), else_=1)
    return select(func.coalesce(func.sum(weight), 0)).select_from(few).scalar_subquery().label("unread")


def _token_by(column: ColumnElement[Any]) -> Select[Any]:
    statement = (
        select(
            *_WHO,
            tokens.c.id.label("credential_id"),
            tokens.c.secret_hash,
            tokens.c.scopes,
            tokens.c.roles.label("limited_to"),
            service_accounts.c.id.label("service_id"),
            service_accounts.c.scopes.label("service_scopes"),
            service_accounts.c.ended_at.label("service_ended_at"),
            _sponsors.c.email.label("sponsor_email"),
        )
        .select_from(tokens)
        .join(people, people.c.id == tokens.c.person_id)
        .outerjoin(service_accounts, service_accounts.c.person_id == people.c.id)
        .outerjoin(_sponsors, (_sponsors.c.id == service_accounts.c.sponsor_id) & _sponsors.c.disabled.is_(False))
        .where(column == bindparam("credential"))
        .where(tokens.c.revoked_at.is_(None), tokens.c.expires_at > bindparam("now"))
    )
    return _with_roles(statement)


def _by_person() -> Select[Any]:
    statement = select(*_WHO, null().label("credential_id")).select_from(people)
    return _with_roles(statement).where(in_keys(people.c.id, "persons")).order_by(people.c.id)


_BY_PERSON = _by_person()

_BY_SESSION_SECRET, _BY_SESSION_ID = _session_by(sessions.c.secret_hash), _session_by(sessions.c.id)


_BY_TOKEN_HANDLE, _BY_TOKEN_ID = _token_by(tokens.c.handle), _token_by(tokens.c.id)


def find_actor_by_session(work: Work, secret: str) -> Actor | None:
    """
    Who holds this session cookie, or None where it is unknown, ended, idle for too long or past its time. One
    statement.
    """
    return _find_by_session(work, _BY_SESSION_SECRET, secrets.hash_secret(secret))


def find_actor_by_token(work: Work, token: str) -> Actor | None:
    """Who holds this personal token, with the roles and scopes it leaves them, or None. One statement."""
    handle = secrets.find_token_handle(token)
    if handle is None:
        return None
    return _find_by_token(work, _BY_TOKEN_HANDLE, handle, token)


def find_actor_by_credential(work: Work, *, session_id: int | None, token_id: int | None) -> Actor | None:
    """Who is behind a session or token, by its inside id, as they stand now; None where it has ended. One statement."""
    if session_id is not None:
        return _find_by_session(work, _BY_SESSION_ID, session_id)
    return _find_by_token(work, _BY_TOKEN_ID, token_id)


def find_actors(work: Work, person_keys: Collection[int]) -> dict[int, Actor]:
    """
    Who people are at this moment, by inside id, for what is done in their sight while they do not ask. Who is disabled
    is left out. One statement.
    """
    rows = groupby(work.all(_BY_PERSON, {"persons": person_keys}), key=lambda row: int(row.id))
    return {key: _actor(work, list(found), method="none") for key, found in rows}


def _find_by_session(work: Work, statement: Select[Any], credential: Any) -> Actor | None:
    rows = work.all(statement, {"credential": credential, "now": work.now})
    if not rows:
        return None
    idle = timedelta(seconds=work.parts.limits.session_idle_seconds)
    if (rows[0].last_seen_at or rows[0].started_at) + idle < work.now:
        return None
    restricted, others = divmod(int(rows[0].unread), 1000)
    actor = _actor(work, rows, method="session", authenticated_at=rows[0].authenticated_at)
    return replace(actor, unread=restricted + others, unread_restricted=restricted)


def _find_by_token(work: Work, statement: Select[Any], credential: Any, secret: str | None = None) -> Actor | None:
    rows = work.all(statement, {"credential": credential, "now": work.now})
    if not rows or (secret is not None and not secrets.is_same(rows[0].secret_hash, secret)):
        return None
    first = rows[0]
    limited_to = None if first.limited_to is None else {Role(role) for role in first.limited_to}
    scopes = frozenset(Scope(scope) for scope in first.scopes)
    if first.service_id is not None:
        if first.sponsor_email is None or first.service_ended_at is not None:
            return None
        # Whatever rows there may be: a program holds no role, and no more than its account has now.
        limited_to, scopes = set(), scopes & {Scope(scope) for scope in first.service_scopes}
    return _actor(work, rows, method="token", scopes=scopes, limited_to=limited_to, sponsor=first.sponsor_email)


def _actor(
    work: Work,
    rows: Sequence[Row[Any]],
    *,
    method: str,
    scopes: frozenset[Scope] | None = None,
    limited_to: set[Role] | None = None,
    authenticated_at: datetime | None = None,
    sponsor: str | None = None,
) -> Actor:
    first = rows[0]
    roles = {Role(row.role) for row in rows if row.role is not None}
    # A program is in no team, whatever rows there may be.
    teams_of = rows if sponsor is None else ()
    addresses = dict.fromkeys(row.team_key for row in teams_of if row.team_key is not None)
    return Actor(
        user_id=first.id,
        pseudonym=first.pseudonym,
        email=first.email,
        name=first.name,
        roles=frozenset(roles if limited_to is None else roles & limited_to),
        scopes=scopes,
        method=method,
        credential_id=first.credential_id,
        emails_verified=(first.email_key, *addresses),
        as_of=work.now,
        authenticated_at=authenticated_at,
        sponsor=sponsor,
    )
