"""What every change of accounts and roles stands on: one at a time, never without an Admin, and told to overseers."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, exists, select

from modelkeep_server.db.queueing import enqueue_mail
from modelkeep_server.db.tables import people, registry, role_grants, service_accounts
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, actors
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, NotSignedIn, StateForbids
from modelkeep_server.rules.fields import DESCRIPTION_CHARS
from modelkeep_server.rules.permissions import Role

LAST_ADMIN = "last_admin"


def begin_change(work: Work, actor: Actor, act: str) -> Actor:
    """
    Let nobody else change accounts and roles before this transaction ends, and give the actor back as they are now.

    Of two Admins who disable each other at one moment, the second no longer may by the time it is their turn.

    Raises:
        NotSignedIn: The actor's own session, token or account ended meanwhile.
        NotPermitted, ConfirmNeeded: As access.require.
    """
    access.require(work, actor, act)
    work.lock(registry, 1)
    by_session = actor.method == "session"
    now = actors.find_actor_by_credential(
        work,
        session_id=actor.credential_id if by_session else None,
        token_id=None if by_session else actor.credential_id,
    )
    if now is None:
        raise NotSignedIn("Your own sign-in has ended in the meantime.")
    access.require(work, now, act)
    return now


def demand_other_admin(work: Work, person_id: int) -> None:
    """Raises StateForbids where nobody but this person is an enabled Admin. One statement."""
    others = _enabled_with(Role.ADMIN) & (people.c.id != person_id)
    if work.first(select(people.c.id).where(others).limit(1)) is None:
        raise StateForbids(
            "This is the last enabled Admin.",
            remedy="Give somebody else the role Admin first, or enable another Admin's account.",
            rule=LAST_ADMIN,
        )


def _enabled_with(*roles: Role) -> ColumnElement[bool]:
    held = exists().where(
        role_grants.c.person_id == people.c.id,
        role_grants.c.ended_at.is_(None),
        role_grants.c.role.in_([role.value for role in roles]),
    )
    program = exists().where(service_accounts.c.person_id == people.c.id)
    return people.c.disabled.is_(False) & held & ~program


def tell_overseers(work: Work, template: str, facts: Mapping[str, str | None]) -> None:
    """Have every Admin and Auditor told by mail, where a mail server is set up. One statement, and one for each."""
    if not work.parts.sends_mail:
        return
    for row in work.all(select(people.c.email).where(_enabled_with(Role.ADMIN, Role.AUDITOR)).order_by(people.c.id)):
        enqueue_mail(work, row.email, template, facts)


def read_reason(reason: str | None) -> str | None:
    """A reason as it goes on record, None where none is given. Raises Invalid."""
    text = (reason or "").strip()
    fault = texts.find_text_fault(text, max_chars=DESCRIPTION_CHARS, lines=True)
    if fault:
        raise Invalid.of([FieldError("reason", fault)])
    return text or None
