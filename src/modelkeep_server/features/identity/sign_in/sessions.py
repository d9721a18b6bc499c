"""Signed-in browsers: beginning, listing, confirming and ending sessions, and noting a sign-in that failed."""

from datetime import timedelta

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import people, session_activity, sessions, token_activity
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access, secrets
from modelkeep_server.features.identity.views import Actor, NewSession, SessionRow
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import NotFound, StateForbids
from modelkeep_server.rules.events import Outcome


def start_session(work: Work, person_id: int, *, method: str) -> NewSession:
    """
    Begin a session for a person who has just shown who they are. `method` is `passphrase`, `link` or `issuer:<slug>`.
    """
    person = work.all(select(people.c.pseudonym).where(people.c.id == person_id))[0]
    secret = secrets.new_secret()
    public_id = ids.uuid7(clock.to_us(work.now))
    expires_at = work.now + timedelta(seconds=work.parts.limits.session_seconds)
    key = work.insert(
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
    seen = {"session_id": key, "last_seen_at": work.now, "device": work.circumstances.device}
    work.keep(session_activity, work.upsert(session_activity).values(**seen).on_conflict_do_nothing())
    recording.record(
        work, "session.start", actor=person.pseudonym, auth=method, object_id=public_id, after={"method": method}
    )
    return NewSession(secret, expires_at)


def start_by_passphrase(work: Work, person_id: int, *, shown: str | None) -> NewSession | None:
    """
    Begin a session for a person whose passphrase was found to fit the hash `shown`.

    None where they were disabled or got another passphrase since: that ended all their sessions, and this one would
    have come after.
    """
    work.lock(people, person_id)
    now = work.all(select(people.c.passphrase_hash, people.c.disabled).where(people.c.id == person_id))[0]
    if now.disabled or now.passphrase_hash != shown:
        return None
    return start_session(work, person_id, method="passphrase")


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


def end_other_sessions(work: Work, actor: Actor) -> int:
    """End every session of the actor's own but the one that asks; how many there were. An event for each."""
    access.require(work, actor, "session.end")
    rows = work.all(
        select(sessions.c.id, sessions.c.public_id).where(
            sessions.c.person_id == actor.user_id, sessions.c.ended_at.is_(None), sessions.c.id != actor.credential_id
        )
    )
    for row in rows:
        work.change(sessions, row.id, {"ended_at": work.now})
        access.record(work, actor, "session.end", object_id=row.public_id)
    return len(rows)


def end_all_of(work: Work, person_id: int, *, but: int | None = None) -> int:
    """End every session of a person, but one where its inside id is given; how many. The caller records it."""
    rows = work.all(select(sessions.c.id).where(sessions.c.person_id == person_id, sessions.c.ended_at.is_(None)))
    ended = [row.id for row in rows if row.id != but]
    for key in ended:
        work.change(sessions, key, {"ended_at": work.now})
    return len(ended)


def confirm_session(work: Work, actor: Actor, *, method: str | None = None) -> NewSession:
    """
    Note that the session's person has just shown again who they are. Its secret changes with it (ASVS 7.2.4).

    `method` says how where it was not by passphrase: `issuer:<slug>`.

    Raises:
        StateForbids: The same session was confirmed at the same moment in another window.
    """
    access.require(work, actor, "session.confirm")
    renewed = renew_secret(work, actor)
    mine = work.scalar(select(sessions.c.public_id).where(sessions.c.id == actor.credential_id))
    access.record(work, actor, "session.confirm", object_id=mine, after={"method": method} if method else None)
    return renewed


def renew_secret(work: Work, actor: Actor) -> NewSession:
    """Another secret for the session that asks, whose person has just shown who they are. The caller records it."""
    row = work.all(select(sessions).where(sessions.c.id == actor.credential_id))[0]
    secret = secrets.new_secret()
    renewed = {"secret_hash": secrets.hash_secret(secret), "authenticated_at": work.now}
    as_found = {"secret_hash": row.secret_hash, "ended_at": None}
    try:
        work.change(sessions, row.id, renewed, expect=as_found)
    except NoSuchRow as error:
        raise StateForbids("You did this in another window just now.", remedy="Load the page again.") from error
    return NewSession(secret, row.expires_at)


def refuse_confirmation(work: Work, actor: Actor, action: str) -> None:
    """Note that somebody signed in did not show who they are, when asked for an act, as an event of its own."""
    access.record(work, actor, action, object_id=actor.pseudonym, outcome=Outcome.REFUSED, rule="sign_in_failed")


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


def end_all(work: Work) -> int:
    """End every session there is, and give back how many that were. The caller records why."""
    rows = work.all(select(sessions.c.id).where(sessions.c.ended_at.is_(None), sessions.c.expires_at > work.now))
    for row in rows:
        work.change(sessions, row.id, {"ended_at": work.now})
    return len(rows)
