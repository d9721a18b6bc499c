"""Disabling and enabling accounts, and ending all that a person is signed in with."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, func, select

from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import invitations, people, sessions, tokens
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.views import Ended
from modelkeep_server.features.identity.roles import overseeing
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.rules.errors import NotPermitted, StateForbids

OWN_ACCOUNT = "own_account"


def disable_person(work: Work, actor: Actor, public_id: str, reason: str | None = None) -> Ended:
    """
    Keep a person out, from this transaction on: it ends their sessions, tokens and open one-time links as well.

    Download links open for whoever made them alone, so that those are shut too.

    Raises:
        NotFound: There is no such person.
        StateForbids: The account is disabled already, or this is the last enabled Admin.
        NotPermitted: It is the actor's own account.
    """
    actor = overseeing.begin_change(work, actor, "user.disable")
    said = overseeing.read_reason(reason)
    person = people_queries.get_person_row(work, public_id)
    if person.disabled:
        raise StateForbids(f"The account of {person.name} is disabled already.", remedy="Load the page again.")
    overseeing.demand_other_admin(work, person.id)
    if person.id == actor.user_id:
        raise NotPermitted("Nobody disables their own account.", remedy="Ask another Admin.", rule=OWN_ACCOUNT)
    work.change(people, person.id, {"disabled": True}, expect={"disabled": False})
    ended = Ended(
        sessions=_end_all(work, sessions, sessions.c.ended_at, sessions.c.person_id == person.id),
        tokens=_end_all(work, tokens, tokens.c.revoked_at, tokens.c.person_id == person.id),
        links=_end_all(
            work, invitations, invitations.c.used_at, func.lower(invitations.c.email) == person.email.lower()
        ),
    )
    _record(work, actor, "user.disable", person, ended, said)
    return ended


def enable_person(work: Work, actor: Actor, public_id: str, reason: str | None = None) -> None:
    """Let a person in again, with the roles they had. What was ended stays ended. Raises NotFound, StateForbids."""
    actor = overseeing.begin_change(work, actor, "user.enable")
    said = overseeing.read_reason(reason)
    person = people_queries.get_person_row(work, public_id)
    if not person.disabled:
        raise StateForbids(f"The account of {person.name} is enabled.", remedy="Load the page again.")
    work.change(people, person.id, {"disabled": False}, expect={"disabled": True})
    access.record(
        work, actor, "user.enable", object_id=person.public_id, after={"person": PersonRef(person.email)}, reason=said
    )


def end_credentials(work: Work, actor: Actor, public_id: str, reason: str | None = None) -> Ended:
    """
    Sign a person out everywhere, and revoke all their tokens. They may sign in again.

    Raises:
        NotFound: There is no such person.
        NotPermitted: It is the actor's own account, whose sessions and tokens stand on their profile.
    """
    actor = overseeing.begin_change(work, actor, "user.sign_out")
    said = overseeing.read_reason(reason)
    person = people_queries.get_person_row(work, public_id)
    if person.id == actor.user_id:
        raise NotPermitted(
            "These are your own.", remedy="End your sessions and tokens on your profile page.", rule=OWN_ACCOUNT
        )
    ended = Ended(
        sessions=_end_all(work, sessions, sessions.c.ended_at, sessions.c.person_id == person.id),
        tokens=_end_all(work, tokens, tokens.c.revoked_at, tokens.c.person_id == person.id),
    )
    _record(work, actor, "user.sign_out", person, ended, said)
    return ended


def _end_all(work: Work, table: Table, moment: Column[Any], whose: ColumnElement[bool]) -> int:
    """Set this moment of every row of theirs where it is not set; how many that were and had not run out."""
    rows = work.all(select(table.c.id, table.c.expires_at).where(whose, moment.is_(None)))
    for row in rows:
        work.change(table, row.id, {moment.name: work.now})
    return sum(row.expires_at > work.now for row in rows)


def _record(work: Work, actor: Actor, action: str, person: Row[Any], ended: Ended, reason: str | None) -> None:
    counts = {"sessions": ended.sessions, "tokens": ended.tokens, "links": ended.links}
    after = {"person": PersonRef(person.email), "ended": counts}
    access.record(work, actor, action, object_id=person.public_id, after=after, reason=reason)
