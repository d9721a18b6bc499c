"""People, teams and programs: what they may do, and how they are let in."""

from dataclasses import dataclass, field
from datetime import datetime

from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Me(Told):
    """
    Whose token it is, and what they may do with it. `scopes` is None where nothing is left out; `sponsor` is who
    answers for a service account.
    """

    email: str
    name: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    scopes: tuple[str, ...] | None = None
    sponsor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Team(Told):
    """People under one shared address. `members` are e-mails, of those whose accounts are enabled."""

    id: str
    name: str
    email: str
    members: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(Told):
    """A program that acts for itself, named `account` (`service:NAME`). `sponsor` is who answers for it."""

    id: str
    name: str
    account: str
    purpose: str
    sponsor: str
    scopes: tuple[str, ...]
    created_at: datetime
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class HeldRole(Told):
    """A role somebody holds, and where it comes from, in words."""

    role: str
    source: str


@dataclass(frozen=True, kw_only=True)
class User(Told):
    """A person. `requested` are roles that wait for a second Admin, told of one person alone."""

    id: str
    email: str
    name: str
    roles: tuple[HeldRole, ...]
    disabled: bool
    created_at: datetime
    last_seen_at: datetime | None = None
    requested: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Invitation(Told):
    """A one-time link: `kind` is INVITATION or RESET. `url` is told when it is made, and never again."""

    id: str
    kind: str
    email: str
    roles: tuple[str, ...]
    expires_at: datetime
    by: str | None = None
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class RoleRequest(Told):
    """A grant that waits for a second Admin. `user` and `by` are e-mails."""

    id: str
    user: str
    role: str
    by: str
    asked_at: datetime
    reason: str | None = None
