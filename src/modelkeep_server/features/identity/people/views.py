"""What those who administer see of people: rows of the list, one person with all of it, requests for roles."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.identity.views import RoleSource
from modelkeep_server.rules.permissions import Role


@dataclass(frozen=True)
class PeopleFilter:
    """
    Which people are asked for. `text` is part of a name or an e-mail; `source` is a code of SOURCES, or `ISSUER` for
    roles that came with a sign-in.
    """

    text: str = ""
    role: Role | None = None
    disabled: bool | None = None
    source: str = ""


@dataclass(frozen=True)
class PersonRow:
    """A person in the list. `key` is the inside id; `last_seen_at` is when a session or token of theirs was used."""

    key: int
    id: str
    email: str
    name: str
    roles: tuple[RoleSource, ...]
    disabled: bool
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True)
class HeldRole:
    """One grant that is in force: where it came from in words, who gave it (an e-mail or `operator@HOST`), and when."""

    role: Role
    source: str
    by_hand: bool
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True)
class RoleRequest:
    """
    A grant that waits for a second Admin. `key` is the inside id; `mine`: the actor asked for it or is the person.
    """

    key: int
    id: str
    person_id: str
    email: str
    name: str
    role: Role
    asked_by: str
    asked_at: datetime
    reason: str | None
    mine: bool


@dataclass(frozen=True)
class OpenLink:
    """An invitation or reset that nobody has used yet. `kind` is INVITATION or RESET; `by` is who made it."""

    id: str
    kind: str
    email: str
    roles: tuple[Role, ...]
    by: str
    created_at: datetime
    expires_at: datetime
    has_run_out: bool


@dataclass(frozen=True)
class PersonDetail:
    """One person: their grants, how many sessions and tokens are open, links and requests that wait."""

    row: PersonRow
    grants: tuple[HeldRole, ...]
    sessions: int
    tokens: int
    links: tuple[OpenLink, ...]
    requests: tuple[RoleRequest, ...]

    @property
    def held(self) -> frozenset[Role]:
        """The roles in force."""
        return frozenset(grant.role for grant in self.grants)


@dataclass(frozen=True)
class RecentGrant:
    """A role that was granted lately, for those who watch over roles."""

    person_id: str
    name: str
    email: str
    role: Role
    source: str
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True)
class Ended:
    """How much of a person's access was ended."""

    sessions: int = 0
    tokens: int = 0
    links: int = 0
