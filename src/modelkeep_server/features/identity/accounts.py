"""People as rows: making one, and what every account must have."""

from collections.abc import Sequence
from typing import Any

from modelkeep_server.db.tables import people, role_grants
from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid
from modelkeep_server.rules.permissions import Role

NAME_CHARS = 200


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
