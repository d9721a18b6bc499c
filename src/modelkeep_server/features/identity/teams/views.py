"""What the rest of the house sees of teams."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Member:
    """A member of a team. One whose account is disabled does not count until it is enabled again."""

    email: str
    name: str
    since: datetime
    disabled: bool = False


@dataclass(frozen=True)
class Team:
    """
    People under one shared address: whoever is a member owns the models that name the address among their owners.

    `key` is the row's inside id, never shown. `members` are those of now, by e-mail; `ended_at` is set once it was
    ended, and nobody is a member then.
    """

    key: int
    id: str
    name: str
    email: str
    members: tuple[Member, ...]
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    revision: int

    @property
    def active_members(self) -> tuple[Member, ...]:
        """Those who count: their accounts are enabled."""
        return tuple(member for member in self.members if not member.disabled)


@dataclass(frozen=True)
class TeamFilter:
    """Which teams: whose name or address holds the text, those of the asker, and, where asked, those that ended."""

    text: str = ""
    mine: bool = False
    ended: bool = False
