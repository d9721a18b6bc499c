"""Trees for PostgreSQL."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from modelkeep_server.features.search.compiling.compiler import NEVER, Compiler, looks_into_texts
from modelkeep_server.features.search.compiling.shapes import like_of, shape_of
from modelkeep_server.features.search.compiling.starts import Costs, Start, Way, Words
from modelkeep_server.features.search.language.tree import During, Fit, Node, Pattern, Place, Text

#: The table that has texts beside all that `search_models` has, read in its place, and its texts as a table.
WHOLE = "search_index AS search_models"
_TEXTS = (
    "CROSS JOIN LATERAL (SELECT search_models.name AS name, search_models.keys AS keys, "
    "search_models.description AS description) AS search_texts"
)
#: The letters before the stroke of lexemes that are no words.
_MARKS = ("n", "k", "p", "v")
_LEXEMES = "search_lexemes(search_models.name, search_models.keys, search_models.description, search_models.facets)"
#: So many beginnings of two words side by side are asked for at most.
_PAIRS_MAX = 64


class PostgresCompiler(Compiler):
    """
    For PostgreSQL: lexemes of `search_index` (`n/` those of the name, `k/` those of name, group and tags, `p/` of two
    neighbours the first two letters, `v/` codes of values), and regex.
    """

    dialect = "postgresql"
    either = " | "
    marks: ClassVar = {Place.NAME: "n/", Place.HEAD: "k/"}
    coded = "v/"
    costs = Costs(0.35, 0.4, 0.15, 1.3, 1.5)

    def join(self, table: str, name: str, on: str) -> str:
        # OFFSET keeps the planner from taking it apart, and so from reading one of both tables to its end.
        one = f"SELECT * FROM {table} AS {name} WHERE {on} OFFSET 0"  # noqa: S608 - values are bound
        return f"CROSS JOIN LATERAL ({one}) AS {name}"

    def join_beside(self, table: str, doc: str) -> str:
        return f"JOIN {table} ON {table}.doc = {doc}"

    def table_for(self, *conditions: str) -> str:
        return "search_index" if looks_into_texts(*conditions) else "search_models"

    def with_texts(self, tables: str, *conditions: str) -> str:
        if WHOLE not in tables:
            return super().with_texts(tables, *conditions)
        return f"{tables} {_TEXTS}" if _TEXTS not in tables and looks_into_texts(*conditions) else tables

    def place_of(self, within: str, sought: str) -> str:
        return f"strpos({within}, {sought})"

    def join_texts(self, column: str, by: str = "") -> str:
        return f"string_agg(CAST({column} AS text), '{by}')"

    def _is_like(self, column: str, pattern: Pattern) -> str:
        return f"{column} LIKE {self.binds.of(like_of(pattern))}"

    def _is_shaped(self, within: str, node: Text) -> str:
        return f"({within} ~ {self.binds.of(shape_of(node.patterns).as_regex())})"

    def listed(self, node: Node) -> str | None:
        return None

    def docs_among(self, docs: str) -> str:
        return f"SELECT unnest(CAST({self.binds.of('{' + docs + '}')} AS bigint[]))"

    def docs_of_words(self, node: Node, words: Words) -> str:
        told = [self.holds_words(words), *([] if words.exact else [self.test(node)])]
        tables = self.with_texts(WHOLE, *told)
        return f"SELECT search_models.doc FROM {tables} WHERE {' AND '.join(told)}"  # noqa: S608

    def begin_with_words(self, words: Words, parts: tuple[Node, ...], share: float, rarest: float) -> Start:
        return _begin_at_once(WHOLE, self.holds_words(words), parts if words.exact else (), share)

    def begin_with_dates(self, part: During, share: float) -> Start:
        return _begin_at_once("search_models", self.test(part), (part,), share)

    def begin_with_docs(self, docs: str, parts: tuple[Node, ...], share: float) -> Start:
        # An array keeps the planner from joining: what is wanted is few rows by their numbers, which come sorted.
        doc = "search_models.doc"
        return Start(Way.GATHER, "search_models", f"{doc} = ANY(ARRAY({docs}))", doc, parts, share)

    def holds_words(self, words: Words) -> str:
        """The condition by which rows come out of the full-text index."""
        return f"{_LEXEMES} @@ CAST({self.binds.of(words.query)} AS tsquery)"

    def _all_without(self, wanted: Sequence[str], unwanted: Sequence[str]) -> str | None:
        # Without one that must be there it would read all that it holds.
        return " & ".join([*wanted, *(f"!{one}" for one in unwanted)]) if wanted else None

    def _quote(self, words: str) -> str:
        return "'" + words.replace("\\", "\\\\").replace("'", "''") + "'"

    def _ask(self, node: Text) -> Words | None:
        mark = self.marks.get(node.place, "")
        each = [self._ask_word(mark, pattern) for pattern in node.patterns]
        known = [one for one in each if one is not None]
        known += [pair for two in pairwise(node.patterns) if (pair := self._ask_pair(*two)) is not None]
        is_whole = len(known) == len(each) == 1 and node.place is not Place.DESCRIPTION
        return Words(" & ".join(known), is_whole) if known else None

    def _ask_pair(self, one: Pattern, other: Pattern) -> str | None:
        """What stands for two words side by side: others beside each other that begin so are found too."""
        firsts, seconds = ({word[:2] for word in self._spellings(pattern)} for pattern in (one, other))
        if not 0 < len(firsts) * len(seconds) <= _PAIRS_MAX:
            return None
        begun = ":*" if other.fit is Fit.BEGINNING and len(other.text) < 2 else ""
        told = sorted(self._quote(f"p/{first}{second}") + begun for first in firsts for second in seconds)
        return f"({' | '.join(told)})"

    def _spellings(self, pattern: Pattern) -> tuple[str, ...]:
        return (self.lookups.words[pattern] or ()) if pattern.fit is Fit.WILD else (pattern.text,)

    def _ask_word(self, mark: str, pattern: Pattern) -> str | None:
        if pattern.fit is Fit.WILD:
            words = self.lookups.words[pattern]
            if words is None:
                return None
            return f"({' | '.join(self._quote(mark + word) for word in words or (NEVER,))})"
        if pattern.fit is Fit.WHOLE:
            return self._quote(mark + pattern.text)
        # Marked lexemes begin with these letters themselves.
        return None if not mark and pattern.text in _MARKS else f"{self._quote(mark + pattern.text)}:*"


def _begin_at_once(tables: str, where: str, parts: tuple[Node, ...], share: float) -> Start:
    # Such a sum has no index that the planner could rather walk, testing each row.
    return Start(Way.GATHER, tables, where, "(search_models.doc + 0)", parts, share, at_once=True)
