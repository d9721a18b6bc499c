"""Reading people, sessions, tokens and one-time links."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    bindparam,
    case,
    func,
    select,
    union,
)

from modelkeep_server.db.tables import (
    audit_events,
    identities,
    models,
    notices,
    people,
    role_grants,
    service_accounts,
    service_sponsors,
    session_activity,
    sessions,
    team_members,
    teams,
    token_activity,
    tokens,
)
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.sources import say_source
from modelkeep_server.features.identity.views import (
    Actor,
    Identity,
    IssuerChoice,
    Person,
    RoleSource,
    SessionRow,
    TokenRow,
    WaysIn,
)
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.events import Outcome
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


def find_sign_in(work: Work, email: str) -> tuple[int, str | None] | None:
    """
    The inside id and passphrase hash of the person with this e-mail, or None where there is none or they are
    disabled. One statement.
    """
    row = work.first(
        select(people.c.id, people.c.passphrase_hash).where(
            people.c.email_key == email.strip().casefold(), people.c.disabled.is_(False)
        )
    )
    return None if row is None else (row.id, row.passphrase_hash)


def find_person_id(work: Work, email: str) -> int | None:
    """The inside id of the person with this e-mail, or None. One statement."""
    found: int | None = work.scalar(select(people.c.id).where(people.c.email_key == email.strip().casefold()))
    return found


def list_admins(work: Work) -> tuple[str, ...]:
    """The addresses of those who are Admin now, who was it first first; at most four. One statement."""
    rows = work.all(
        select(people.c.email)
        .join(role_grants, (role_grants.c.person_id == people.c.id) & role_grants.c.ended_at.is_(None))
        .where(role_grants.c.role == Role.ADMIN, people.c.disabled.is_(False))
        .group_by(people.c.id, people.c.email)
        .order_by(func.min(role_grants.c.id))
        .limit(4)
    )
    return tuple(row.email for row in rows)


def programs_of(work: Work, person_id: int) -> frozenset[int]:
    """
    The programs that somebody answers, or ever answered, for, by inside id: as sponsor, or as an Admin who made a token
    of one and so could act as it. One statement.
    """
    return frozenset(row.person_id for row in work.all(_select_programs(), {"person": person_id}))


@cache
def _select_programs() -> CompoundSelect[Any]:
    return union(*selects_of_programs(bindparam("person", type_=BigInteger)))


def selects_of_programs(person: ColumnElement[int]) -> tuple[Select[Any], Select[Any]]:
    """The same, to be asked as part of more."""
    sponsored = (
        select(service_accounts.c.person_id)
        .join(service_sponsors, service_sponsors.c.service_account_id == service_accounts.c.id)
        .where(service_sponsors.c.person_id == person)
    )
    # Who made a token is told by the log alone.
    lent = (
        _tokens_of_programs()
        .with_only_columns(service_accounts.c.person_id)
        .where(audit_events.c.actor == select(people.c.pseudonym).where(people.c.id == person).scalar_subquery())
    )
    return sponsored, lent


def select_answering() -> Select[Any]:
    """A statement of who answers, or ever answered, for which program, as `programs_of` says: two inside ids."""
    sponsored = select(
        service_sponsors.c.person_id.label("person_id"), service_accounts.c.person_id.label("program_id")
    ).join(service_accounts, service_accounts.c.id == service_sponsors.c.service_account_id)
    lent = (
        _tokens_of_programs()
        .join(people, people.c.pseudonym == audit_events.c.actor)
        .with_only_columns(people.c.id, service_accounts.c.person_id)
    )
    found = union(sponsored, lent).subquery()
    return select(found.c.person_id, found.c.program_id)


def _tokens_of_programs() -> Select[Any]:
    """Programs, each as often as a token of it was made, with the event that says by whom."""
    return (
        select(service_accounts.c.person_id, audit_events.c.actor)
        .join(tokens, tokens.c.person_id == service_accounts.c.person_id)
        .join(audit_events, audit_events.c.object_id == tokens.c.public_id)
        .where(audit_events.c.action == "token.create", audit_events.c.outcome == Outcome.ALLOWED.value)
    )


def has_first_admin(work: Work) -> bool:
    """Whether anybody was ever made Admin, so that the first start is over. One statement."""
    return work.first(select(role_grants.c.id).where(role_grants.c.role == Role.ADMIN).limit(1)) is not None


def get_person(work: Work, actor: Actor) -> Person:
    """The actor as a person: their roles with the source of each. Raises NotFound for a stranger. Two statements."""
    row = work.first(select(people).where(people.c.id == actor.user_id))
    if row is None:
        raise NotFound("There is no such person.")
    grants = work.all(
        select(role_grants.c.role, role_grants.c.source, role_grants.c.granted_by)
        .where(role_grants.c.person_id == row.id, role_grants.c.ended_at.is_(None))
        .order_by(role_grants.c.id)
    )
    sources = tuple(
        RoleSource(Role(grant.role), say_source(grant.source, work.parts.issuers), grant.granted_by)
        for grant in grants
        if Role(grant.role) in actor.roles
    )
    return Person(row.public_id, row.email, row.name, sources, row.disabled, row.created_at)


def list_sessions(work: Work, actor: Actor) -> tuple[SessionRow, ...]:
    """The actor's own open sessions, newest first. One statement."""
    rows = work.all(
        select(sessions, session_activity.c.last_seen_at, session_activity.c.device)
        .outerjoin(session_activity, session_activity.c.session_id == sessions.c.id)
        .where(sessions.c.person_id == actor.user_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > work.now)
        .order_by(sessions.c.id.desc())
    )
    return tuple(
        SessionRow(
            row.public_id,
            row.started_at,
            row.last_seen_at,
            row.expires_at,
            current=actor.method == "session" and row.id == actor.credential_id,
            device=row.device,
        )
        for row in rows
    )


def list_tokens(work: Work, actor: Actor) -> tuple[TokenRow, ...]:
    """The actor's own tokens that still work, newest first. One statement."""
    return list_tokens_of(work, actor.user_id)


def list_tokens_of(work: Work, person_id: int | None) -> tuple[TokenRow, ...]:
    """The tokens of a person or program that still work, newest first. One statement."""
    rows = work.all(
        select(tokens, token_activity.c.last_used_at)
        .outerjoin(token_activity, token_activity.c.token_id == tokens.c.id)
        .where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None), tokens.c.expires_at > work.now)
        .order_by(tokens.c.id.desc())
    )
    return tuple(
        TokenRow(
            row.public_id,
            row.name,
            tuple(Scope(scope) for scope in row.scopes),
            row.created_at,
            row.expires_at,
            row.last_used_at,
        )
        for row in rows
    )


def list_expiring_tokens(work: Work, actor: Actor, *, days: int) -> tuple[TokenRow, ...]:
    """
    The actor's own tokens that end within so many days, the first to end first. One statement.

    A token that was made for a shorter time than that is left out: whoever made it knows.
    """
    span = timedelta(days=days)
    return tuple(
        row
        for row in sorted(list_tokens(work, actor), key=lambda row: row.expires_at)
        if row.expires_at - work.now <= span < row.expires_at - row.created_at
    )


def list_issuers(work: Work) -> tuple[IssuerChoice, ...]:
    """The issuers that people may sign in by, in the order they were set up. No statement."""
    return choices_of(work.parts)


def choices_of(parts: Parts) -> tuple[IssuerChoice, ...]:
    """The same where no work is open."""
    return tuple(IssuerChoice(issuer.slug, issuer.name) for issuer in parts.issuers.values())


def get_ways_in(work: Work, actor: Actor) -> WaysIn:
    """How the actor can sign in, and by which issuers they could. Two statements."""
    by_url = {issuer.url: issuer for issuer in work.parts.issuers.values()}
    rows = work.all(
        select(identities)
        .where(identities.c.person_id == actor.user_id, identities.c.ended_at.is_(None))
        .order_by(identities.c.id)
    )
    mine = tuple(
        Identity(
            row.public_id,
            by_url[row.issuer].slug if row.issuer in by_url else None,
            by_url[row.issuer].name if row.issuer in by_url else row.issuer,
            row.linked_at,
        )
        for row in rows
    )
    connected = {identity.slug for identity in mine}
    offered = tuple(choice for choice in list_issuers(work) if choice.slug not in connected)
    hashed = work.scalar(select(people.c.passphrase_hash).where(people.c.id == actor.user_id))
    return WaysIn(hashed is not None and work.parts.local_accounts, mine, offered)
