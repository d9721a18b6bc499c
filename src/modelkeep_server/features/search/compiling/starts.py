"""How rows are come by, and what that costs: what the compilers tell of their databases, of which `ways` chooses."""

from dataclasses import dataclass
from enum import Enum

from modelkeep_server.features.search.language.tree import Node


class Way(Enum):
    """How rows are come by."""

    #: Every model, the newest first, is tested.
    WALK = "walk"
    #: Documents come out of an index in the order of their numbers, and reading ends where enough was found.
    STREAM = "stream"
    #: All documents come out of the indexes before the first row is known.
    GATHER = "gather"


@dataclass(frozen=True)
class Costs:
    """
    What a database takes for a row, by what is done with it; about microseconds: walked past, its texts tested, given
    by a stream, gathered before the first is known, read by its number, put on a list of what may fit. And for a list
    of the full-text index that is opened, and looked at for each row that others of it give; and for each model among
    which words side by side are looked for.
    """

    walked: float
    tested: float
    streamed: float
    gathered: float
    fetched: float
    listed: float = 0.0
    opened: float = 0.0
    merged: float = 0.0
    compared: float = 0.0
    #: For what an index gives all at once, however little that is.
    begun: float = 0.0
    #: For an entry of the full-text index, where that has rows of its own, and for all else of its document.
    entered: float = 0.0
    beside: float = 0.0
    #: Where whole documents cost more than to be asked for in order: no more of them are sorted by rank.
    sorted_max: int = 1 << 30

    def of_words(self, words: "Words", rows: float, models: float) -> float:
        """What it takes to open all lists, to look at each for so many rows, and to find phrases in so many models."""
        return words.lists * (self.opened + self.merged * rows) + words.phrases * self.compared * models


@dataclass(frozen=True)
class Words:
    """
    What a full-text index is asked. Where it is not `exact`, it finds more, about so many times as much (`excess`), and
    the texts must be tested too. `lists` is how many lists of documents it opens for that, `phrases` how many of
    several words it has to find.
    """

    query: str
    exact: bool = True
    lists: int = 1
    phrases: int = 0
    excess: float = 1.0


@dataclass(frozen=True)
class Start:
    """An index to begin with: the parts of the query that it takes care of, and how much of all models it gives."""

    way: Way
    tables: str
    where: str
    doc: str
    parts: tuple[Node, ...]
    share: float
    #: Whether all of it is read and tested before the first row is known.
    at_once: bool = False
    #: Whether its lists are then read to their ends, however few rows are wanted.
    to_end: bool = False
    #: Whether it gives numbers alone, and no row is read for them.
    is_bare: bool = False
    #: Whether its rows are entries of the full-text index, which tell no more than who sees a document, and its dates.
    is_of_entries: bool = False
    #: What an index of words is asked, and how much of all models the rarest part of it has.
    words: Words | None = None
    rarest: float = 0.0


@dataclass(frozen=True)
class Source:
    """Where rows come from. `doc` is the column by whose fall they come newest first."""

    way: Way
    tables: str
    where: str
    doc: str
    #: Conditions of which each names older documents than those before it, where rows must be sorted: what the newest
    #: of them give is enough mostly.
    spans: tuple[str, ...] = ("",)
    #: Whether all that fits, or all of a span, is read before the first row is known.
    is_gathered: bool = False

    def select(self, columns: str, limit: int, beyond: str = "", *, is_sorted: bool = True) -> str:
        """A SELECT of so many rows, the newest first: a span is not begun where those before it gave enough."""
        by = f" ORDER BY {self.doc} DESC" if is_sorted else ""
        arms = [
            f"SELECT {columns} FROM {self.tables} WHERE {self.where}{span}{beyond}{by} LIMIT {limit}"  # noqa: S608
            for span in self.spans
        ]
        if len(arms) == 1:
            return arms[0]
        told = (f"SELECT * FROM ({arm}) AS s{number}" for number, arm in enumerate(arms))  # noqa: S608
        return f"{' UNION ALL '.join(told)} LIMIT {limit}"
