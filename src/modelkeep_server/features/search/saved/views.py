"""Saved searches as people see them."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.rules.saved_searches import Sharing


@dataclass(frozen=True)
class NewSearch:
    """A search to save, as sent, not judged yet. `alert`: whoever saves it is told of new models that match."""

    name: str
    query: str
    sort: str = ""
    sharing: str = Sharing.PRIVATE
    alert: bool = False


@dataclass(frozen=True)
class SavedSearch:
    """
    A saved search, as one person sees it. `key` is its inside id, `saved_by` whose it is, by e-mail, `person_key` the
    same by inside id.

    `alert_since` is since when that person is told of new models by it, None where they are not. `fault` says why the
    query cannot be read any more, None where it can. `taken_down_reason` is why an Admin took it down, None where none
    did, or one allowed it again. Nothing of what anybody found by it is kept.
    """

    key: int
    id: str
    name: str
    query: str
    sort: str
    sharing: Sharing
    saved_by: str
    person_key: int
    is_mine: bool
    alert_since: datetime | None
    fault: str | None
    created_at: datetime
    updated_at: datetime
    revision: int
    taken_down_reason: str | None = None

    @property
    def alert(self) -> bool:
        """Whether whoever looks is told of new models by it."""
        return self.alert_since is not None

    @property
    def is_shared(self) -> bool:
        """Whether everybody finds it who signs in."""
        return self.sharing is Sharing.SHARED


@dataclass(frozen=True)
class TakenDown:
    """
    A search that was taken down, for Admins: not what it asks, which is nobody's but `saved_by`'s. `is_own`: whoever
    looks saved it, or answers for the program that did.
    """

    id: str
    name: str
    saved_by: str
    at: datetime
    reason: str
    is_own: bool


@dataclass(frozen=True)
class Followed:
    """A search by which one person is told of new models, and how many they were told of lately that they still see."""

    search: SavedSearch
    found: int
