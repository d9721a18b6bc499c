"""People with a passphrase, and the one-time links that make them."""

import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher

from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.joining import accepting, first_start, invitations
from modelkeep_server.rules.permissions import Role
from tests.support.registries import Registry

PASSPHRASE = "eleven blue kettles sing"
#: What the registry makes hashes with, dear on purpose: a fifth of a second each.
DEAR = secrets._hasher


@dataclass(frozen=True)
class Account:
    """A person who signs in with PASSPHRASE. `session` is the secret of the session they were made in."""

    email: str
    session: str


def hash_cheaply() -> None:
    """Make hashes of passphrases in this process the same way with the least cost, as nearly all tests may."""
    secrets._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def fresh_email(name: str = "member") -> str:
    """An address that nobody has yet."""
    return f"{name}-{chance.token_hex(5)}@example.com"


def invite(
    registry: Registry, email: str | None = None, roles: Sequence[Role] = (), *, now: datetime | None = None
) -> str:
    """The secret of an invitation made by an operator, at another time where one is given."""
    with registry.writing(now=now) as work:
        return invitations.invite_by_operator(work, host="test", email=email or fresh_email(), roles=roles).secret


def make_account(registry: Registry, *roles: Role) -> Account:
    """Somebody who was invited and accepted."""
    email = fresh_email()
    secret = invite(registry, email, roles)
    with registry.writing() as work:
        session = accepting.accept_invitation(
            work, secret=secret, name="Mem Ber", passphrase_hash=secrets.hash_passphrase(PASSPHRASE)
        )
    return Account(email, session.secret)


def offer_first_start(registry: Registry, *, now: datetime | None = None) -> str | None:
    """The secret of the first-start link, as a starting server makes it; None where there is an Admin."""
    with registry.writing(now=now) as work:
        return first_start.offer_first_start(work)
