"""Saved searches from Python: a part of the client."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from modelkeep.asking import Asking
from modelkeep.listing import Listing
from modelkeep.models import Model
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class SavedSearch(Told):
    """
    A search that somebody saved. `sharing` is PRIVATE or SHARED, `saved_by` the e-mail of whose it is.

    `alert`: you are told by it of models registered after `alert_since`. `fault` says why its query cannot be read any
    more, None where it can. `taken_down_reason`: why an Admin took it down, so that it cannot be shared; else None.
    """

    id: str
    name: str
    query: str
    sort: str
    sharing: str
    saved_by: str
    is_mine: bool
    alert: bool
    alert_since: datetime | None = None
    fault: str | None = None
    taken_down_reason: str | None = None
    created_at: datetime
    updated_at: datetime
    revision: int


class Searches(Asking):
    """
    Searches under a name: your own, and those that others share. Each finds what you may see.

    Every method that takes an id raises NotFound where you find no such search.
    """

    def list_searches(self, whose: str = "all") -> Listing[SavedSearch]:
        """Saved searches by name: `all`, those that are `mine`, or those of others that are `shared`."""
        return self._list("/searches", SavedSearch, {"whose": whose})

    def get_search(self, search_id: str) -> SavedSearch:
        """One saved search."""
        return read(SavedSearch, self._transport.get(_route(search_id)))

    def run_search(self, search: SavedSearch) -> Listing[Model]:
        """The models that a saved search finds now. Walking it raises Invalid where its query is not read any more."""
        return self._list("/models", Model, {"q": search.query, "sort": search.sort})

    def save_search(
        self, name: str, query: str, *, sort: str = "", shared: bool = False, alert: bool = False
    ) -> SavedSearch:
        """
        Save a search under a name.

        Args:
            shared: Everybody who signs in finds it.
            alert: You are told in the app of models that are registered from now on and match.
        Raises:
            Invalid: Names each field at fault; of a query that cannot be read with the place.
            Conflict: You saved another one under the name, or have as many as one may have.
        """
        told = {"name": name, "query": query, "sort": sort, "sharing": _sharing(shared), "alert": alert}
        return read(SavedSearch, self._transport.post("/searches", told))

    def update_search(self, search_id: str, changes: Mapping[str, Any], *, revision: int | None = None) -> SavedSearch:
        """
        Change a search of yours.

        Args:
            changes: New values of `name`, `query`, `sort` and `sharing`.
            revision: Of the search as you read it. Left out: whatever is there is edited, the last edit wins.
        Raises:
            Stale: It was edited since. Forbidden: somebody else's. Invalid; Conflict: the name is taken.
        """
        return read(SavedSearch, self._transport.patch(_route(search_id), changes, revision=revision))

    def share_search(self, search_id: str, *, shared: bool = True) -> SavedSearch:
        """
        Let everybody who signs in find a search of yours, or you alone again. Raises Conflict where an Admin took it
        down.
        """
        return self.update_search(search_id, {"sharing": _sharing(shared)})

    def copy_search(self, search_id: str, name: str | None = None) -> SavedSearch:
        """Save a search that you find as your own, without an alert. Raises Conflict as `save_search`."""
        return read(SavedSearch, self._transport.post(f"{_route(search_id)}/copy", {"name": name} if name else {}))

    def set_alert(self, search_id: str, *, on: bool = True) -> SavedSearch:
        """Be told by a search of new models, or no more. Raises Conflict where as many as may be tell you already."""
        at = f"{_route(search_id)}/alert"
        if on:
            return read(SavedSearch, self._transport.put(at, {}))
        self._transport.delete(at)
        return self.get_search(search_id)

    def delete_search(self, search_id: str) -> None:
        """Delete a search of yours: nobody finds it, nor is told by it."""
        self._transport.delete(_route(search_id))

    def take_down_search(self, search_id: str, *, reason: str) -> None:
        """
        Take down a search that somebody shares: nobody else finds it, nor is told by it. Whoever saved it keeps it, is
        told why, and shares it no more until an Admin allows it.

        Raises:
            Forbidden: You are no Admin. Conflict: nobody else finds it. Invalid: The reason is missing.
        """
        self._transport.post(f"{_route(search_id)}/take-down", {"reason": reason})

    def allow_search(self, search_id: str) -> None:
        """
        Let whoever saved a search that was taken down share it again, and tell them so; you are not told what it asks.

        Raises:
            Forbidden: You are no Admin, or saved it yourself. NotFound: None by this id is taken down.
        """
        self._transport.post(f"{_route(search_id)}/allow")

    def restore_search(self, search_id: str) -> SavedSearch:
        """Put a search back that you deleted. Raises Conflict where you gave its name to another."""
        return read(SavedSearch, self._transport.post(f"{_route(search_id)}/restore"))


def _sharing(shared: bool) -> str:
    return "SHARED" if shared else "PRIVATE"


def _route(search_id: str) -> str:
    return f"/searches/{quote(search_id, safe='')}"
