"""People as rows: making one, and what every account must have."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import people, registry, role_grants, teams
from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, SignInFailed
from modelkeep_server.rules.permissions import Role

NAME_CHARS = 200


def demand_local_accounts(work: Work) -> None:
    """Raises SignInFailed where passphrases sign nobody in."""
    if not work.parts.local_accounts:
        raise SignInFailed("Passphrases do not sign in here.", remedy="Use a button of the sign-in page.")


def hold_addresses(work: Work) -> None:
    """
    Let nobody else give an address to a person or a team before this transaction ends: theirs are never the same, which
    no unique rule of one table can say. One statement.
    """
    work.lock(registry, 1)


def demand_no_team(work: Work, email: str) -> None:
    """Raises Conflict where the address is a team's, also of one that was ended. One statement."""
    name = work.scalar(select(teams.c.name).where(teams.c.email_key == email.strip().casefold()))
    if name is not None:
        raise Conflict(
            f"{email.strip()} is the shared address of the team {name}, not a person's.",
            remedy="Use the person's own address, and make them a member of the team.",
        )


def check_person(email: str, name: str) -> None:
    errors = []
    fault = find_email_fault(email.strip())
    if fault:
        errors.append(FieldError("email", f"{email.strip()!r} {fault}."))
    if not name.strip() or len(name) > NAME_CHARS or not name.isprintable():
        errors.append(FieldError("name", f"Your name, 1 to {NAME_CHARS} printable characters."))
    if errors:
        raise Invalid.of(errors)


def insert_person(
    work: Work,
    email: str,
    name: str,
    passphrase_hash: str | None,
    roles: Sequence[Role],
    *,
    source: str,
    by: str,
) -> dict[str, Any]:
    """
    Make a person with these roles.

    Raises:
        Conflict: Somebody has the address, or a team has.
    """
    email = email.strip()
    hold_addresses(work)
    demand_no_team(work, email)
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
