"""One-time links, of the first start, of invitations and of resets: making, finding and using one up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select

from modelkeep_server.db.tables import invitations, people, role_grants
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import SignInFailed
from modelkeep_server.rules.permissions import GUARDED, Role

GUARDED_ACCOUNT = "dual_control"
#: The end of a sentence about an account, and what to do then.
NOT_ALONE = "is MRC, Security Architect or Admin, and no Admin alone makes a link into such an account here"
ASK_OPERATOR = "An operator makes one on the server's host: modelkeep admin invite."


def insert_link(
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


def get_invitation_row(work: Work, secret: str, *kinds: str) -> Row[Any]:
    """
    The open one-time link of one of these kinds with this secret. Three statements at most.

    Raises SignInFailed where it is unknown, used or past its time, or where the Admin who made it is none any more.
    """
    row = work.first(
        select(invitations).where(
            invitations.c.secret_hash == secrets.hash_secret(secret), invitations.c.kind.in_(kinds)
        )
    )
    if row is None:
        raise SignInFailed("This one-time link is not known here.", remedy="Check that you copied all of it.")
    if row.used_at is not None:
        raise SignInFailed("This one-time link was used already.", remedy="Sign in, or ask an Admin for a new link.")
    if row.expires_at <= work.now:
        raise SignInFailed("This one-time link has expired.", remedy="Ask an Admin for a new one.")
    _demand_maker(work, row.created_by)
    return row


def is_guarded(work: Work, person_id: int) -> bool:
    """
    Whether a link into this account is nothing for one Admin alone: they would know its secret, and be the second
    Admin themselves. One statement, none unless the registry asks for a second Admin.
    """
    if not work.parts.limits.dual_control:
        return False
    held = select(role_grants.c.id).where(
        role_grants.c.person_id == person_id,
        role_grants.c.role.in_([role.value for role in GUARDED]),
        role_grants.c.ended_at.is_(None),
    )
    return work.first(held.limit(1)) is not None


def is_by_person(work: Work, created_by: str) -> bool:
    """Whether a person made a link, and not the house or an operator on the server's host. One statement."""
    return lookups.find_person_id(work, created_by) is not None


def _demand_maker(work: Work, created_by: str) -> None:
    # Whoever makes a link knows its secret: it would let them in again after they were shut out.
    maker = work.first(select(people.c.id, people.c.disabled).where(people.c.email_key == created_by.casefold()))
    if maker is None:
        # The house, or an operator on the server's host.
        return
    is_admin = select(role_grants.c.id).where(
        role_grants.c.person_id == maker.id, role_grants.c.role == Role.ADMIN, role_grants.c.ended_at.is_(None)
    )
    if maker.disabled or work.first(is_admin.limit(1)) is None:
        raise SignInFailed(
            "The Admin who made this one-time link is none any more.", remedy="Ask another Admin for a new one."
        )


def use_link(work: Work, key: int) -> None:
    try:
        work.change(invitations, key, {"used_at": work.now}, expect={"used_at": None})
    except NoSuchRow as error:
        raise SignInFailed("This one-time link was used already.") from error


def end_other_links(work: Work, email: str) -> None:
    # One that went astray would set a new passphrase for days to come.
    same = func.lower(invitations.c.email) == email.lower()
    for row in work.all(select(invitations.c.id).where(same, invitations.c.used_at.is_(None))):
        work.change(invitations, row.id, {"used_at": work.now})


def end_all(work: Work) -> int:
    """End every one-time link that would still open, and give back how many that were. The caller records why."""
    rows = work.all(
        select(invitations.c.id).where(invitations.c.used_at.is_(None), invitations.c.expires_at > work.now)
    )
    for row in rows:
        work.change(invitations, row.id, {"used_at": work.now})
    return len(rows)
