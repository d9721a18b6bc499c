"""Inviting a person, and accepting."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import people
from modelkeep_server.db.tables import sessions as session_rows
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, accounts, one_time_links, queries, sessions
from modelkeep_server.features.identity.views import Actor, NewInvitation, NewSession, OpenInvitation
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import FieldError, Invalid, SignInFailed
from modelkeep_server.rules.permissions import Role


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
    accounts.demand_no_team(work, email)
    seconds = work.parts.limits.invitation_seconds
    secret, public_id = one_time_links.insert_link(work, "INVITATION", email, roles, by, seconds)
    facts = {"person": PersonRef(email), "roles": [role.value for role in roles]}
    expires_at = work.now + timedelta(seconds=seconds)
    return NewInvitation(public_id, email, tuple(roles), expires_at, secret), facts


def accept_invitation(work: Work, *, secret: str, name: str, passphrase_hash: str) -> NewSession:
    """
    Use an invitation: make the person, or set a new passphrase for one who has an account, and sign them in.

    A new passphrase ends every other session of that person and adds no role. Raises SignInFailed, Invalid.
    """
    row = one_time_links.get_invitation_row(work, secret, "INVITATION")
    one_time_links.use_link(work, row.id)
    one_time_links.end_other_links(work, row.email)
    person_id = queries.find_person_id(work, row.email)
    if person_id is None:
        accounts.check_person(row.email, name)
        roles = [Role(role) for role in row.roles]
        person = accounts.insert_person(
            work, row.email, name, passphrase_hash, roles, source="INVITATION", by=row.created_by
        )
        after: dict[str, Any] = {"roles": [role.value for role in roles], "invitation": row.public_id}
    else:
        person = dict(work.all(select(people).where(people.c.id == person_id))[0]._mapping)
        if person["disabled"]:
            raise SignInFailed("This account is disabled.", remedy="Ask an Admin.")
        work.change(people, person_id, {"passphrase_hash": passphrase_hash})
        for session in work.all(
            select(session_rows.c.id).where(session_rows.c.person_id == person_id, session_rows.c.ended_at.is_(None))
        ):
            work.change(session_rows, session.id, {"ended_at": work.now})
        after = {"passphrase": "renewed", "invitation": row.public_id}
    recording.record(
        work, "invitation.accept", actor=person["pseudonym"], auth="link", object_id=person["public_id"], after=after
    )
    return sessions.start_session(work, person["id"], method="link")


def get_invitation(work: Work, secret: str) -> OpenInvitation:
    """What the holder of an invitation may know before accepting it. One statement. Raises SignInFailed."""
    row = one_time_links.get_invitation_row(work, secret, "INVITATION")
    return OpenInvitation(row.email, tuple(Role(role) for role in row.roles), row.created_by, row.expires_at)
