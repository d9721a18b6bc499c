"""People, what they may do, and how they are let in, as frozen dataclasses like those of models.py."""

from dataclasses import dataclass, field
from datetime import datetime

from modelkeep.models import Told


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
