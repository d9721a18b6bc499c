"""What the catalogue is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from modelkeep_server.features.models.views import Model
from modelkeep_server.features.search.compiling.pages import RELEVANCE, sort_of
from modelkeep_server.features.search.language.editing import Clause, Piece, add_term, clauses, pieces, remove_span
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.scanning import one_line
from modelkeep_server.features.search.language.tree import Everything, Node
from modelkeep_server.features.search.likening.meant import Meant
from modelkeep_server.features.search.views import CataloguePage
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.contexts.searches import SORT_WORDS, SavedMenu
from modelkeep_server.interfaces.web.facets import FacetBox, SpanBox
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.hits import Hits
from modelkeep_server.interfaces.web.query_syntax import Syntax, draw_syntax

TAGS_SHOWN = 8
#: Longer than any query that can be read; what is beyond it is not drawn.
QUERY_CHARS_MAX = 2000
#: How much of a query is shown on either side of the place that is wrong.
AROUND_MAX = 60
#: How much of the way to a page its address remembers: the cursors of eight pages, or of three where they hold names.
TRAIL_CHARS_MAX = 900


@dataclass(frozen=True)
class Chip:
    """A term of the query: its field (empty for words), what it says, and the address of the query without it."""

    field: str
    words: str
    is_negated: bool
    href: str


@dataclass(frozen=True)
class Coloured:
    """A piece of the query in its colour."""

    text: str
    kind: str
    is_wrong: bool


@dataclass(frozen=True)
class QueryFault:
    """What is wrong with a query, where, and a query that was probably meant, which `href` asks for."""

    message: str
    query: str
    position: int
    length: int
    expected: tuple[str, ...] = ()
    correction: str = ""
    href: str = ""

    @property
    def before(self) -> str:
        """The query up to the place, as much of it as tells the place."""
        text = self.query[: self.position]
        return text if len(text) <= AROUND_MAX else f"…{text[-AROUND_MAX:]}"

    @property
    def at(self) -> str:
        """The place itself; empty where something is missing."""
        text = self.query[self.position : self.position + self.length]
        return text if len(text) <= AROUND_MAX else f"{text[:AROUND_MAX]}…"

    @property
    def after(self) -> str:
        """The query behind the place."""
        text = self.query[self.position + self.length :]
        return text if len(text) <= AROUND_MAX else f"{text[:AROUND_MAX]}…"

    @classmethod
    def of(cls, query: str, mistake: QueryMistake, href: str) -> "QueryFault":
        """The fault that reading a query found."""
        # The message may end with what was meant, of which the page makes a link, and name all that was expected.
        message = mistake.errors[0].message.partition(" Did you mean ")[0]
        given = mistake.suggestion or ""
        expected = () if all(word in message for word in mistake.expected) else mistake.expected
        return cls(message, query, mistake.position, mistake.length, expected, given, href if given else "")


@dataclass(frozen=True)
class Blame:
    """A term without which models would fit: how many, in words."""

    words: str
    fits: str
    href: str


@dataclass(frozen=True)
class Suggestion:
    """What may have been meant where nothing was found, and what asks for it."""

    meant: Meant
    href: str


@dataclass(frozen=True)
class SortChoice:
    """A sort that can be pressed."""

    word: str
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class PagePosition:
    """Where in the list a page stands: its cursor, those of the pages before it, and how many rows those have."""

    cursor: str = ""
    trail: tuple[str, ...] = ()
    before: int = 0


@dataclass(frozen=True, kw_only=True)
class CatalogueContext(Context):
    """
    GET /models. Controls: q and sort: relevance, updated, created or name (empty: chosen by the query); `unknown_sort`
    is one that there is not.

    `node` is what was asked: of the query itself or, where that cannot be read, of the one that was probably meant.
    `rows` is None where there is none either, and where the search took too long (`is_late`). `took_ms` is how long the
    registry searched.
    """

    template: ClassVar[str] = "models/catalogue.html"
    query: str = ""
    sort: str = ""
    unknown_sort: str = ""
    node: Node = field(default_factory=Everything)
    rows: CataloguePage | None = None
    fault: QueryFault | None = None
    facets: tuple[FacetBox, ...] = ()
    spans: tuple[SpanBox, ...] = ()
    took_ms: int = 0
    position: PagePosition = field(default_factory=PagePosition)
    blames: tuple[Blame, ...] = ()
    nearest: tuple[Suggestion, ...] = ()
    registry_empty: bool = False
    is_late: bool = False
    saved: SavedMenu = field(default_factory=SavedMenu)

    @classmethod
    def of_late(cls, given: Mapping[str, str]) -> "CatalogueContext":
        """The catalogue of an address whose search took too long."""
        query, sort = read_address(given)
        return cls(query=query, sort=sort, is_late=True)

    @property
    def pieces(self) -> tuple[Coloured, ...]:
        """The query in its colours."""
        start = self.fault.position if self.fault else 0
        end = start + self.fault.length if self.fault else 0
        return tuple(_coloured(piece, start, end) for piece in pieces(self.query))

    @cached_property
    def chips(self) -> tuple[Chip, ...]:
        """The terms of the query, each with the address that drops it."""
        return tuple(
            Chip(one.field, _words_of(one), one.negated, self.href_of(remove_span(self.query, one.span)))
            for one in clauses(self.query)
        )

    @property
    def unknown_owner(self) -> str:
        """An owner who was asked for by a name, where nobody was found whom it may mean; else empty."""
        asked = (one.words for one in self.chips if one.field == "owner" and not one.is_negated)
        is_found = any(one.meant.by_email for one in self.nearest)
        return "" if is_found else next((name for name in asked if not set(name) & set("@*?()")), "")

    @property
    def filter_count(self) -> int:
        """How many terms of the query are of a field."""
        return sum(1 for chip in self.chips if chip.field)

    @property
    def syntax(self) -> Syntax:
        """The syntax panel."""
        return draw_syntax("" if self.fault else self.query, self.href_of)

    @cached_property
    def hits(self) -> Hits:
        """What rows mark."""
        return Hits.of(self.node)

    @property
    def sorted_by(self) -> str:
        """The sort in force."""
        return self.rows.sort if self.rows is not None else sort_of(self.node, self.sort)

    @property
    def sort_word(self) -> str:
        """The sort in force, in words."""
        return SORT_WORDS[self.sorted_by]

    @property
    def sorts(self) -> tuple[SortChoice, ...]:
        """The sorts that make sense for the query."""
        automatic = sort_of(self.node, "")
        return tuple(
            SortChoice(word, self._href(self.query, "" if name == automatic else name), name == self.sorted_by)
            for name, word in SORT_WORDS.items()
            if name != RELEVANCE or name in (automatic, self.sorted_by)
        )

    @property
    def count_words(self) -> str:
        """How many models fit, in words."""
        return say_models(self.rows) if self.rows is not None else "No answer"

    @property
    def place_words(self) -> str:
        """Which rows of how many are shown."""
        if self.rows is None or not self.rows.items:
            return ""
        first, last = self.position.before + 1, self.position.before + len(self.rows.items)
        if self.rows.total is None:
            return f"{first:,} to {last:,}"
        total = max(self.rows.total, last)
        return f"{first:,} to {last:,} of {total:,}{'+' if self.rows.is_capped else ''}"

    @property
    def older_word(self) -> str:
        """What the step to the next page is called."""
        return "Older" if self.sorted_by in ("updated", "created") else "Next"

    @property
    def newer_word(self) -> str:
        """What the step to the page before is called; beyond what the address remembers it leads to the first page."""
        if self.position.before and not self.position.trail:
            return "First"
        return "Newer" if self.sorted_by in ("updated", "created") else "Previous"

    @property
    def older_href(self) -> str | None:
        """The next page, or None on the last one."""
        if self.rows is None or self.rows.next_cursor is None:
            return None
        trail = (*self.position.trail, self.position.cursor or "-")
        while len(" ".join(trail)) > TRAIL_CHARS_MAX:
            trail = trail[1:]
        before = self.position.before + len(self.rows.items)
        return self._step(self.rows.next_cursor, trail, before)

    @property
    def newer_href(self) -> str | None:
        """The page before, or None on the first one."""
        if not self.position.cursor:
            return None
        rest, last = self.position.trail[:-1], (self.position.trail or ("-",))[-1]
        if last == "-":
            return self.href_of(self.query)
        return self._step(last, rest, max(self.position.before - PAGE_ROWS, 0))

    @property
    def cleared_href(self) -> str:
        """All models."""
        return self.href_of("")

    @property
    def export_href(self) -> str:
        """All that fits, as a file."""
        meant = self.fault.correction if self.fault else self.query
        said = {"format": "csv", "q": meant, "sort": self.sort}
        return href_of("/api/v1/models/export", {name: value for name, value in said.items() if value})

    def href_of(self, query: str) -> str:
        """The first page of another query, sorted alike."""
        return self._href(query, self.sort)

    def href_with_tag(self, tag: str) -> str:
        """This query with a tag besides."""
        return self.href_of(add_term("" if self.fault else self.query, "tag", tag))

    def tags_shown(self, model: Model) -> tuple[str, ...]:
        """The tags that a row has room for; those that were searched for are always among them."""
        if len(model.tags) <= TAGS_SHOWN:
            return model.tags
        hits = self.hits
        wanted = sorted(model.tags, key=lambda tag: not hits.in_tag(tag))[:TAGS_SHOWN]
        return tuple(tag for tag in model.tags if tag in wanted)

    def tags_beyond(self, model: Model) -> int:
        """How many tags a row has no room for."""
        return max(len(model.tags) - TAGS_SHOWN, 0)

    def owners_shown(self, model: Model) -> tuple[str, ...]:
        """The owners, the one that was searched for first."""
        hits = self.hits
        return tuple(sorted(model.owners, key=lambda email: not hits.in_owner(email)))

    def _href(self, query: str, sort: str, **more: str) -> str:
        said: Mapping[str, str] = {"q": query.strip(), "sort": sort, **more}
        return href_of("/models", {name: value for name, value in said.items() if value})

    def _step(self, cursor: str, trail: tuple[str, ...], before: int) -> str:
        return self._href(self.query, self.sort, cursor=cursor, trail=" ".join(trail), before=str(before or ""))


#: How many rows a page has.
PAGE_ROWS = 20


def read_address(given: Mapping[str, str]) -> tuple[str, str]:
    """The query and the sort of an address; empty for a sort that there is not."""
    sort = given.get("sort", "")
    return one_line(given.get("q", "")).strip()[:QUERY_CHARS_MAX], sort if sort in SORT_WORDS else ""


def say_models(found: CataloguePage) -> str:
    """`14 models`, `10,000+ models`."""
    total = len(found.items) if found.total is None else found.total
    return f"{total:,}{'+' if found.is_capped else ''} {'model' if total == 1 else 'models'}"


def _words_of(clause: Clause) -> str:
    """What a term says beside its field, which stands once before it."""
    return clause.words.replace(f"{clause.field}:", "") if clause.field else clause.words


def _coloured(piece: Piece, start: int, end: int) -> Coloured:
    wrong = piece.span.start < end and start < piece.span.end
    return Coloured(piece.text, piece.kind, wrong)
