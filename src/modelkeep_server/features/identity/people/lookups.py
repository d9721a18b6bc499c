"""Looking a person up by address, those who are Admin, and oneself."""

from collections.abc import Collection

from sqlalchemy import func, select

from modelkeep_server.db.tables import people, role_grants
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.roles.sources import say_source
from modelkeep_server.features.identity.views import Actor, Person, RoleSource
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.permissions import Role


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


def find_names(work: Work, emails: Collection[str]) -> dict[str, str]:
    """The display names behind e-mails, by the address in lower case; without those of no account. One statement."""
    keys = {email.casefold() for email in emails}
    rows = work.all(select(people.c.email_key, people.c.name).where(people.c.email_key.in_(sorted(keys))))
    return {row.email_key: row.name for row in rows}


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
