"""What the pages of groups and tags are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.search.browsing import TIERED_MOST, USED_MOST
from modelkeep_server.features.search.views import Browsed
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class BrowseContext(Context, Walked):
    """GET /groups and GET /tags (`field`). Controls: q, a part of a name, and sort: name or use, both in `asked`."""

    template: ClassVar[str] = "browse/list.html"
    section: ClassVar[str] = "/models"
    field: str
    rows: Rows[Browsed]
    asked: Mapping[str, str]
    cursor: str | None = None
    #: Of so many models of a row tiers are counted.
    tiered_most: int = TIERED_MOST

    @property
    def at(self) -> str:
        """The address of the list."""
        return f"/{self.field}s"

    @property
    def by_use(self) -> bool:
        """Whether the most used stand first."""
        return self.asked["sort"] == "use"

    @property
    def count_words(self) -> str:
        """How many rows stand here, in words."""
        count = len(self.rows.items)
        words = f"{count} {self.field}{'' if count == 1 else 's'}"
        if self.by_use:
            return f"{words}, the most used of at most {USED_MOST}"
        return f"{words} on this page" if self.cursor or self.rows.next_cursor else words

    def href_by(self, sort: str) -> str:
        """The same list in another order."""
        return href_of(self.at, {name: value for name, value in {**self.asked, "sort": sort}.items() if value})

    def models_href(self, row: Browsed) -> str:
        """The models of a row, in the catalogue."""
        return href_of("/models", {"q": row.query})

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(self.at, self.rows, {name: value for name, value in self.asked.items() if value})
