"""What the pages of saved searches are drawn from, and what the catalogue shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.search.language.scanning import one_line
from modelkeep_server.features.search.saved.views import SavedSearch, TakenDown
from modelkeep_server.interfaces.web.contexts.base import Context, EditContext, FormContext, Walk, Walked
from modelkeep_server.interfaces.web.editing import Base
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.saved_searches import COUNTED_MAX, SEARCHES_MAX

LABELS: Mapping[str, str] = {"name": "Name", "query": "Query", "sort": "Sort", "sharing": "Who finds it"}
#: What sorts are called, here and in the catalogue.
SORT_WORDS: Mapping[str, str] = {
    "relevance": "Best match", "updated": "Last updated", "created": "Newest", "name": "Name",
}  # fmt: skip


def href_of_search(search: SavedSearch, *, sort: str = "", done: str = "") -> str:
    """The catalogue with what a saved search asks; sorted otherwise where that is said."""
    asked = {"q": search.query, "sort": sort if sort in SORT_WORDS else search.sort, "done": done}
    return href_of("/models", {name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class SavedMenu:
    """
    What the catalogue shows of saved searches, for `searches/_menu.html` and `searches/_save.html`: the first of those
    that the reader finds, their own before others', with how many there are; and the `query` and `sort` on the page.
    """

    SHOWN: ClassVar[int] = 12
    found: Rows[SavedSearch] = field(default_factory=lambda: Rows[SavedSearch](()))
    query: str = ""
    sort: str = ""

    @property
    def total(self) -> str:
        """How many the reader finds; nothing where that is none."""
        many = self.found.total or 0
        return f"{COUNTED_MAX:,}+" if many > COUNTED_MAX else f"{many:,}" if many else ""

    @property
    def mine(self) -> Sequence[SavedSearch]:
        """The reader's own."""
        return [one for one in self.found.items if one.is_mine]

    @property
    def shared(self) -> Sequence[SavedSearch]:
        """Those of others."""
        return [one for one in self.found.items if not one.is_mine]

    @property
    def current(self) -> SavedSearch | None:
        """The saved search that asks what the page asks; None where none does."""
        return next((one for one in self.found.items if one.query and one_line(one.query) == self.query), None)


@dataclass(frozen=True, kw_only=True)
class SearchesContext(Context, Walked):
    """
    GET /searches. `deleted` is one that was deleted just now, and can be put back; `problem` says why that of
    `failed_id` was not taken down; `taken_down` are those that the reader may allow again.
    """

    template: ClassVar[str] = "searches/list.html"
    section: ClassVar[str] = "/models"
    mine: Sequence[SavedSearch]
    shared: Rows[SavedSearch]
    deleted: SavedSearch | None = None
    failed_id: str = ""
    problem: str = ""
    taken_down: Sequence[TakenDown] = ()
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """Those that others share."""
        return Walk("/searches", self.shared)

    @property
    def most(self) -> int:
        """How many one may save."""
        return SEARCHES_MAX


class Editor:
    """What both forms share. Controls: name, query, sort, sharing (a tick: SHARED)."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The controls, as the page calls them."""
        return LABELS

    @property
    def sort_words(self) -> Mapping[str, str]:
        """What the sorts are called; empty is the catalogue's own choice."""
        return {"": "As suits the query", **SORT_WORDS}


@dataclass(frozen=True, kw_only=True)
class NewSearchContext(FormContext, Editor):
    """
    GET /searches/new and POST /searches. One control more: alert (`yes`). `taken` is the search that has the name
    already, and can be replaced; `shown` is what that is made on.
    """

    template: ClassVar[str] = "searches/new.html"
    section: ClassVar[str] = "/models"
    taken: SavedSearch | None = None
    shown: Base | None = None


@dataclass(frozen=True, kw_only=True)
class EditSearchContext(EditContext, Editor):
    """GET /searches/{id}/edit and POST /searches/{id}."""

    template: ClassVar[str] = "searches/edit.html"
    section: ClassVar[str] = "/models"
    search: SavedSearch
