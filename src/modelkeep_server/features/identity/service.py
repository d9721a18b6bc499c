"""Signing in and what it takes: the first start, invitations, local accounts, sessions and personal tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import (
    invitations,
    people,
    registry,
    role_grants,
    session_activity,
    sessions,
    token_activity,
    tokens,
)
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access, queries, secrets
from modelkeep_server.features.identity.views import Actor, NewInvitation, NewSession, NewToken, TokenRow
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound, SignInFailed
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, Role, Scope, scopes_of

TOKEN_DAYS = 30
TOKEN_DAYS_MAX = 90
NAME_CHARS = 200


def open_registry(work: Work, registry_id: str) -> None:
    """Name a new, empty registry. Its first event."""
    work.insert(
        registry,
        {
            "id": 1,
            "registry_id": registry_id,
            "key_fingerprint": work.parts.keys.fingerprint(),
            "created_at": work.now,
        },
    )
    recording.record(
        work, "registry.create", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=registry_id
    )


def offer_first_start(work: Work) -> str | None:
    """
    Make the one-time link that makes the first Admin, ending an earlier one. None where there is an Admin already.

    Returns:
        The secret of the link: 256 bits, alive for 60 minutes, stored hashed.
    """
    if queries.has_first_admin(work):
        return None
    earlier = work.all(
        select(invitations.c.id).where(invitations.c.kind == "FIRST_START", invitations.c.used_at.is_(None))
    )
    for row in earlier:
        work.change(invitations, row.id, {"used_at": work.now})
    secret, invitation_id = _insert_link(
        work, "FIRST_START", None, [Role.ADMIN], recording.HOUSE, work.parts.limits.first_start_seconds
    )
    recording.record(
        work, "invitation.create", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=invitation_id,
        after={"kind": "FIRST_START", "roles": [Role.ADMIN.value]},
    )  # fmt: skip
    return secret


def claim_registry(
    work: Work, *, secret: str, email: str, name: str, passphrase_hash: str, also_owner: bool
) -> NewSession:
    """
    Use the first-start link: make the first Admin, and sign them in.

    Raises:
        SignInFailed: The link is unknown, used or past its time, or there is an Admin already.
        Invalid: The e-mail or the name is not acceptable.
    """
    _check_person(email, name)
    row = queries.get_invitation_row(work, secret, "FIRST_START")
    if queries.has_first_admin(work):
        raise SignInFailed(
            "This registry has its first Admin already.", remedy="Sign in, or ask an Admin to invite you."
        )
    _use_link(work, row.id)
    roles = [Role.ADMIN, Role.MODEL_OWNER] if also_owner else [Role.ADMIN]
    person = _insert_person(work, email, name, passphrase_hash, roles, source="FIRST_START", by=recording.HOUSE)
    recording.record(
        work, "registry.claim", actor=person["pseudonym"], auth="link", object_id=person["public_id"],
        after={"person": PersonRef(person["email"]), "roles": [role.value for role in roles]},
    )  # fmt: skip
    return start_session(work, person["id"], method="link")


def invite(work: Work, actor: Actor, *, email: str, roles: Sequence[Role]) -> NewInvitation:
    """Make a one-time link for a person, valid for 7 days. For somebody who has an account it sets a new passphrase."""
    access.require(work, actor, "invitation.create")
    invitation, facts = _make_invitation(work, email, roles, actor.email)
    access.record(work, actor, "invitation.create", object_id=invitation.id, after=facts)
    return invitation


def invite_by_operator(work: Work, *, host: str, email: str, roles: Sequence[Role]) -> NewInvitation:
    """The same by whoever sits at the server's own command line."""
    invitation, facts = _make_invitation(work, email, roles, f"operator@{host}")
    recording.record_by_operator(work, "invitation.create", host=host, object_id=invitation.id, after=facts)
    return invitation


def _make_invitation(work: Work, email: str, roles: Sequence[Role], by: str) -> tuple[NewInvitation, dict[str, Any]]:
    email = email.strip()
    fault = find_email_fault(email)
    if fault:
        raise Invalid.of([FieldError("email", f"{email!r} {fault}.")])
    seconds = work.parts.limits.invitation_seconds
    secret, public_id = _insert_link(work, "INVITATION", email, roles, by, seconds)
    facts = {"person": PersonRef(email), "roles": [role.value for role in roles]}
    expires_at = work.now + timedelta(seconds=seconds)
    return NewInvitation(public_id, email, tuple(roles), expires_at, secret), facts


def accept_invitation(work: Work, *, secret: str, name: str, passphrase_hash: str) -> NewSession:
    """
    Use an invitation: make the person, or set a new passphrase for one who has an account, and sign them in.

    A new passphrase ends every other session of that person and adds no role. Raises SignInFailed, Invalid.
    """
    row = queries.get_invitation_row(work, secret, "INVITATION")
    _use_link(work, row.id)
    _end_other_links(work, row.email)
    person_id = queries.find_person_id(work, row.email)
    if person_id is None:
        _check_person(row.email, name)
        roles = [Role(role) for role in row.roles]
        person = _insert_person(work, row.email, name, passphrase_hash, roles, source="INVITATION", by=row.created_by)
        after: dict[str, Any] = {"roles": [role.value for role in roles], "invitation": row.public_id}
    else:
        person = dict(work.all(select(people).where(people.c.id == person_id))[0]._mapping)
        if person["disabled"]:
            raise SignInFailed("This account is disabled.", remedy="Ask an Admin.")
        work.change(people, person_id, {"passphrase_hash": passphrase_hash})
        for session in work.all(
            select(sessions.c.id).where(sessions.c.person_id == person_id, sessions.c.ended_at.is_(None))
        ):
            work.change(sessions, session.id, {"ended_at": work.now})
        after = {"passphrase": "renewed", "invitation": row.public_id}
    recording.record(
        work, "invitation.accept", actor=person["pseudonym"], auth="link", object_id=person["public_id"], after=after
    )
    return start_session(work, person["id"], method="link")


def start_session(work: Work, person_id: int, *, method: str) -> NewSession:
    """Begin a session for a person who has just shown who they are. `method` is `passphrase` or `link`."""
    person = work.all(select(people.c.pseudonym).where(people.c.id == person_id))[0]
    secret = secrets.new_secret()
    public_id = ids.uuid7(clock.to_us(work.now))
    expires_at = work.now + timedelta(seconds=work.parts.limits.session_seconds)
    work.insert(
        sessions,
        {
            "public_id": public_id,
            "person_id": person_id,
            "secret_hash": secrets.hash_secret(secret),
            "method": method,
            "started_at": work.now,
            "authenticated_at": work.now,
            "expires_at": expires_at,
        },
    )
    recording.record(
        work, "session.start", actor=person.pseudonym, auth=method, object_id=public_id, after={"method": method}
    )
    return NewSession(secret, expires_at)


def end_session(work: Work, actor: Actor, public_id: str | None = None) -> None:
    """End the session that asks, or another of the actor's own by its public id. Raises NotFound."""
    access.require(work, actor, "session.end")
    mine = [sessions.c.person_id == actor.user_id, sessions.c.ended_at.is_(None)]
    mine.append(sessions.c.id == actor.credential_id if public_id is None else sessions.c.public_id == public_id)
    row = work.first(select(sessions.c.id, sessions.c.public_id).where(*mine))
    if row is None:
        raise NotFound("You have no such session.")
    work.change(sessions, row.id, {"ended_at": work.now})
    access.record(work, actor, "session.end", object_id=row.public_id)


def create_token(
    work: Work, actor: Actor, *, name: str, scopes: Sequence[Scope] = DEFAULT_SCOPES, days: int | None = None
) -> NewToken:
    """
    Make a personal token, shown once. At most 90 days; 24 hours at most where it has the scope `review`.

    Raises:
        Invalid: The name is empty or too long, a scope is beyond the actor's roles, or the days are out of bounds.
    """
    access.require(work, actor, "token.create")
    days = days if days is not None else (1 if Scope.REVIEW in scopes else TOKEN_DAYS)
    errors = []
    fault = texts.find_text_fault(name, max_chars=NAME_CHARS, required=True)
    if fault:
        errors.append(FieldError("name", f"Give it a name that you know it by. {fault}"))
    if not scopes:
        errors.append(FieldError("scopes", "Choose at least one scope."))
    beyond = [scope.value for scope in scopes if scope not in scopes_of(actor.roles)]
    if beyond:
        errors.append(FieldError("scopes", f"Your roles give you no use for: {', '.join(beyond)}."))
    longest = 1 if Scope.REVIEW in scopes else TOKEN_DAYS_MAX
    if not 1 <= days <= longest:
        errors.append(FieldError("days", f"Between 1 and {longest} days with these scopes."))
    if errors:
        raise Invalid.of(errors)
    token = _insert_token(work, actor.user_id, name.strip(), scopes, days, None)
    access.record(
        work, actor, "token.create", object_id=token.row.id,
        after={"scopes": [scope.value for scope in scopes], "days": days},
    )  # fmt: skip
    return token


def create_token_by_operator(work: Work, *, host: str, email: str, roles: Sequence[Role], days: int = 1) -> NewToken:
    """
    A token from the server's own command line, for scripts and tests without a browser.

    A new person is made with these roles; for a known person they limit the token and never add.
    """
    email = email.strip()
    fault = find_email_fault(email)
    if fault:
        raise Invalid.of([FieldError("email", f"{email!r} {fault}.")])
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise Invalid.of([FieldError("days", f"Between 1 and {TOKEN_DAYS_MAX} days.")])
    person_id = queries.find_person_id(work, email)
    if person_id is None:
        person = _insert_person(work, email, email.split("@")[0], None, roles, source="OPERATOR", by=f"operator@{host}")
        person_id = person["id"]
        recording.record_by_operator(
            work, "user.create", host=host, object_id=person["public_id"],
            after={"person": PersonRef(email), "roles": [role.value for role in roles]},
        )  # fmt: skip
    # A token that may decide lives a day at most, so a longer one may not.
    scopes = [scope for scope in scopes_of(roles) if scope is not Scope.REVIEW or days == 1]
    token = _insert_token(work, person_id, f"operator@{host}", scopes, days, [role.value for role in roles])
    recording.record_by_operator(
        work, "token.create", host=host, object_id=token.row.id,
        after={"person": PersonRef(email), "roles": [role.value for role in roles], "days": days},
    )  # fmt: skip
    return token


def revoke_token(work: Work, actor: Actor, public_id: str) -> None:
    """End one of the actor's own tokens at once. Raises NotFound."""
    access.require(work, actor, "token.revoke")
    row = work.first(
        select(tokens.c.id).where(
            tokens.c.person_id == actor.user_id, tokens.c.public_id == public_id, tokens.c.revoked_at.is_(None)
        )
    )
    if row is None:
        raise NotFound("You have no such token.")
    work.change(tokens, row.id, {"revoked_at": work.now})
    access.record(work, actor, "token.revoke", object_id=public_id)


def refuse_sign_in(work: Work, email: str) -> None:
    """Note a failed sign-in as an event of its own."""
    recording.record(
        work, "session.start", actor="anonymous", actor_kind="stranger", auth="none", object_id="login",
        outcome=Outcome.REFUSED, rule="sign_in_failed", after={"email": Veiled(email[:254])},
    )  # fmt: skip


def note_seen(work: Work, actor: Actor) -> None:
    """Keep when the actor's session or token was last used. Housekeeping: no event."""
    table, column = (session_activity, "session_id") if actor.method == "session" else (token_activity, "token_id")
    moment = "last_seen_at" if actor.method == "session" else "last_used_at"
    statement = work.upsert(table).values({column: actor.credential_id, moment: work.now})
    work.keep(table, statement.on_conflict_do_update(index_elements=[column], set_={moment: work.now}))


def _check_person(email: str, name: str) -> None:
    errors = []
    fault = find_email_fault(email.strip())
    if fault:
        errors.append(FieldError("email", f"{email.strip()!r} {fault}."))
    if not name.strip() or len(name) > NAME_CHARS or not name.isprintable():
        errors.append(FieldError("name", f"Your name, 1 to {NAME_CHARS} printable characters."))
    if errors:
        raise Invalid.of(errors)


def _use_link(work: Work, key: int) -> None:
    try:
        work.change(invitations, key, {"used_at": work.now}, expect={"used_at": None})
    except NoSuchRow as error:
        raise SignInFailed("This one-time link was used already.") from error


def _end_other_links(work: Work, email: str) -> None:
    # One that went astray would set a new passphrase for days to come.
    same = func.lower(invitations.c.email) == email.lower()
    for row in work.all(select(invitations.c.id).where(same, invitations.c.used_at.is_(None))):
        work.change(invitations, row.id, {"used_at": work.now})


def _insert_link(
    work: Work, kind: str, email: str | None, roles: Sequence[Role], by: str, seconds: int
) -> tuple[str, str]:
    secret = secrets.new_secret()
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        invitations,
        {
            "public_id": public_id,
            "kind": kind,
            "email": email,
            "roles": [role.value for role in roles],
            "secret_hash": secrets.hash_secret(secret),
            "created_by": by,
            "created_at": work.now,
            "expires_at": work.now + timedelta(seconds=seconds),
        },
    )
    return secret, public_id


def _insert_person(
    work: Work,
    email: str,
    name: str,
    passphrase_hash: str | None,
    roles: Sequence[Role],
    *,
    source: str,
    by: str,
) -> dict[str, Any]:
    email = email.strip()
    person: dict[str, Any] = {
        "public_id": ids.uuid7(clock.to_us(work.now)),
        "pseudonym": work.pseudonym_of(email, name.strip()),
        "email": email,
        "email_key": email.casefold(),
        "name": name.strip(),
        "passphrase_hash": passphrase_hash,
        "disabled": False,
        "created_at": work.now,
    }
    taken = Conflict(f"{email} has an account already.", remedy="Sign in with it.")
    person["id"] = work.insert(people, person, taken=taken)
    for role in dict.fromkeys(roles):
        work.insert(
            role_grants,
            {"person_id": person["id"], "role": role.value, "source": source, "granted_by": by, "granted_at": work.now},
        )
    return person


def _insert_token(
    work: Work, person_id: int | None, name: str, scopes: Sequence[Scope], days: int, roles: list[str] | None
) -> NewToken:
    secret, handle = secrets.new_token()
    row = TokenRow(
        id=ids.uuid7(clock.to_us(work.now)),
        name=name,
        scopes=tuple(dict.fromkeys(scopes)),
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
        last_used_at=None,
    )
    work.insert(
        tokens,
        {
            "public_id": row.id,
            "person_id": person_id,
            "name": name,
            "handle": handle,
            "secret_hash": secrets.hash_secret(secret),
            "scopes": [scope.value for scope in row.scopes],
            "roles": roles,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revision": 1,
        },
    )
    return NewToken(row, secret)
