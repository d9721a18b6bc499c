"""Trees for PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

from modelkeep_server.features.search.compiling.compiler import NEVER, Compiler, looks_into_texts
from modelkeep_server.features.search.compiling.pairs import meeting_of
from modelkeep_server.features.search.compiling.shapes import like_of, shape_of
from modelkeep_server.features.search.compiling.starts import Costs, Start, Way, Words
from modelkeep_server.features.search.indexing.documents import BORDER
from modelkeep_server.features.search.language.tree import During, Fit, Node, Pattern, Place, Text

#: The table that has texts beside all that `search_models` has, read in its place, and its texts as a table.
_WHOLE = "search_whole AS search_models"
_TEXTS = (
    "CROSS JOIN LATERAL (SELECT search_models.name_key AS name_key, search_models.words AS words, "
    "search_models.headed AS headed) AS search_texts"
)
#: The table of the full-text index, and what its rows have of `search_models`, as that.
_ENTRIES = "search_entries AS entry"
_NARROW = (
    "CROSS JOIN LATERAL (SELECT entry.doc AS doc, entry.model_id AS model_id, entry.created_at AS created_at, "
    "entry.updated_at AS updated_at, entry.visibility AS visibility) AS search_models"
)
#: Columns that entries do not have.
_BESIDE = ("search_texts.", "search_models.facets", "search_models.name_key", "search_models.path_key")
_LEXEMES = "search_lexemes(entry.doc)"
#: The letters before the stroke of lexemes that are no words.
_MARKS = ("n", "k", "p", "v")
#: Documents of which all but so many bits of their numbers are alike have a lexeme in common, which begins so; of these
#: lexemes so many are asked for at most: each document that is found is looked for in the lists of all of them.
_PIECES: Mapping[int, str] = {bits: f"{BORDER}{bits}/" for bits in (11, 13, 15, 17)}
_PIECES_MAX = 12
#: A last piece may reach so much further than the span.
_ROUNDED = 1.3
_WITHIN = {
    Place.ANYWHERE: "search_texts.words",
    Place.HEAD: "left(search_texts.words, search_texts.headed)",
    Place.NAME: "(' ' || search_texts.name_key || ' ')",
    Place.DESCRIPTION: "substr(search_texts.words, search_texts.headed + 2)",
}
_LONG_TEXTS = ("search_models.facets", _WITHIN[Place.ANYWHERE])
#: The index holds each document that it finds against all words that a wildcard stands for: of more than these it is
#: asked for one by one.
_TOGETHER_MAX = 24
#: About how many times as much two words side by side find that are told by the letters where they meet.
_OF_PAIRS = 4.0
_SIDE_BY_SIDE = 2


class PostgresCompiler(Compiler):
    """
    For PostgreSQL: lexemes of `search_entries` (`n/` those of the name, `k/` those of name, group and tags, `p/` of two
    neighbours the letters where they meet, `v/` codes of values), and regex.
    """

    dialect = "postgresql"
    either = " | "
    marks: ClassVar = {Place.NAME: "n/", Place.HEAD: "k/"}
    merges = True
    coded = "v/"
    registered = f"{BORDER}/"
    costs = Costs(
        walked=0.6,
        tested=0.25,
        streamed=0.15,
        gathered=0.7,
        fetched=1.5,
        listed=0.09,
        opened=2.5,
        begun=300,
        entered=0.2,
        beside=0.9,
        sorted_max=300,
    )

    def join(self, table: str, name: str, on: str) -> str:
        # OFFSET keeps the planner from taking it apart, and so from reading one of both tables to its end.
        one = f"SELECT * FROM {table} AS {name} WHERE {on} OFFSET 0"  # noqa: S608 - values are bound
        return f"CROSS JOIN LATERAL ({one}) AS {name}"

    def join_words(self, doc: str) -> str:
        return f"JOIN search_whole AS search_texts ON search_texts.doc = {doc}"

    def table_for(self, *conditions: str) -> str:
        return "search_whole" if looks_into_texts(*conditions) else "search_models"

    def with_texts(self, tables: str, *conditions: str, doc: str = "search_models.doc") -> str:
        if _TEXTS in tables or not looks_into_texts(*conditions):
            return tables
        # Where rows are not read in the order of another index, they are read with their texts at once.
        tables = tables.replace("search_models AS search_models", _WHOLE)
        return f"{tables} {_TEXTS}" if _WHOLE in tables else super().with_texts(tables, *conditions, doc=doc)

    def place_of(self, within: str, sought: str) -> str:
        return f"strpos({within}, {sought})"

    def holds(self, within: str, sought: str) -> str:
        if within not in _LONG_TEXTS:
            return super().holds(within, sought)
        # To tell where it was found, PostgreSQL counts the characters before it, and takes longer than to find it.
        return f"(split_part({within}, {sought}, 1) <> {within})"

    def join_docs(self) -> str:
        return "string_agg(CAST(doc AS text), ',')"

    def _is_like(self, column: str, pattern: Pattern) -> str:
        return f"{column} LIKE {self.binds.of(like_of(pattern))}"

    def _look_through(self, node: Text) -> str:
        shape, within = shape_of(node.patterns), _WITHIN[node.place]
        if shape.literal is not None:
            return self.holds(within, self.binds.of(shape.literal))
        return f"({within} ~ {self.binds.of(shape.as_regex())})"

    def listed(self, node: Node) -> str | None:
        return None

    def docs_among(self, docs: str) -> str:
        return f"SELECT unnest(CAST({self.binds.of('{' + docs + '}')} AS bigint[]))"

    def docs_of_words(self, node: Node, words: Words) -> str:
        return self._docs_held(self.holds_words(words), [] if words.exact else [self.test(node)])

    def _docs_held(self, held: str, tests: Sequence[str]) -> str:
        """The SELECT of documents of entries, as far as they fit."""
        tables = self.with_texts(f"{_ENTRIES} {self.join_models('entry.doc', *tests)}" if tests else _ENTRIES, *tests)
        return f"SELECT entry.doc FROM {tables} WHERE {' AND '.join([held, *tests])}"  # noqa: S608

    def join_models(self, doc: str, *conditions: str, is_whole: bool = False) -> str:
        if "entry." in doc and not is_whole and self.is_told_by_entries(*conditions):
            return _NARROW
        return super().join_models(doc, *conditions, is_whole=is_whole)

    def is_told_by_entries(self, *conditions: str) -> bool:
        return not any(column in condition for condition in conditions for column in _BESIDE)

    def docs_of_text(self, node: Text) -> str | None:
        if not self._one_by_one(node):
            return None
        # Words have no letters that mean anything in a query.
        held = f"{_LEXEMES} @@ CAST('''{self.marks.get(node.place, '')}' || asked.word || '''' AS tsquery)"
        found = self._docs_held(held, [self.test(node)] if node.place is Place.DESCRIPTION else [])
        is_asked = self._is_like("word", node.patterns[0]) + (" AND in_name" if node.place is Place.NAME else "")
        asked = f"SELECT word FROM search_words WHERE {is_asked} OFFSET 0"  # noqa: S608 - values are bound
        return (
            f"SELECT DISTINCT found.doc FROM ({asked}) AS asked "  # noqa: S608
            f"CROSS JOIN LATERAL ({found} OFFSET 0) AS found"
        )

    def _one_by_one(self, node: Node) -> int:
        """How many words of a text are asked for one by one; none where it has other words besides."""
        if not isinstance(node, Text) or len(node.patterns) != 1 or node.patterns[0].fit is not Fit.WILD:
            return 0
        words = self.lookups.words[node.patterns[0]]
        count = self.lookups.many.get(node.patterns[0], 0) if words is None else len(words)
        return count if count > _TOGETHER_MAX else 0

    def begin_with_words(self, words: Words, parts: tuple[Node, ...], share: float, rarest: float) -> Start:
        told = tuple(part for part in parts if self.is_told(part))
        start = _begin_at_once(_ENTRIES, self.holds_words(words), told, share * self._excess_of(parts), rarest)
        # What begins so is gathered from all words that do.
        return replace(start, to_end=":*" in words.query, is_of_entries=True)

    def _excess_of(self, parts: Sequence[Node]) -> float:
        return max((words.excess for part in parts if (words := self.words(part)) is not None), default=1.0)

    def begin_with_dates(self, part: During, share: float) -> Start:
        return replace(_begin_at_once("search_models", self.test(part), (part,), share, share), to_end=True)

    def begin_with_docs(self, docs: str, parts: tuple[Node, ...], share: float) -> Start:
        # An array keeps the planner from joining: what is wanted is few rows by their numbers, which come sorted.
        doc = "search_models.doc"
        where, lists = f"{doc} = ANY(ARRAY({docs}))", sum(self._one_by_one(part) for part in parts)
        words = Words("", lists=lists) if lists else None
        return Start(Way.GATHER, "search_models", where, doc, parts, share, words=words)

    def holds_words(self, words: Words) -> str:
        """The condition by which rows come out of the full-text index."""
        return f"{_LEXEMES} @@ CAST({self.binds.of(words.query)} AS tsquery)"

    def spans(self, start: Start, newest: int, ends: Sequence[int]) -> tuple[str, ...]:
        smallest, is_of_words = min(_PIECES), start.tables == _ENTRIES
        doc = "entry.doc" if is_of_words else "search_models.doc"
        told, behind = [], ((newest >> smallest) + 1) << smallest
        for end in ends:
            if end >= behind:
                continue
            # Rounded, so that the next span is made of pieces as well.
            first = max(end, 0) >> smallest << smallest
            span = self._is_of_pieces(first, behind) if is_of_words else None
            behind, where = span or (first, self._is_between(doc, first, behind))
            told.append(f" AND {where}")
        # A sum, since by the number alone the planner might walk through all these, and make lexemes of each.
        return (*told, f" AND {start.doc} < {self.binds.of(behind)}")

    def _is_of_pieces(self, end: int, behind: int) -> tuple[int, str] | None:
        """
        A span out of the full-text index, which passes over what other pieces have, and the document that it begins
        with; None where it has too many pieces. They are as large as fits.
        """
        pieces: list[str] = []
        while behind > end and len(pieces) < _PIECES_MAX:
            most = (behind - end) * _ROUNDED
            fitting = [bits for bits in _PIECES if not behind % (1 << bits) and 1 << bits <= most]
            bits = max(fitting, default=min(_PIECES))
            behind -= 1 << bits
            pieces.append(f"'{_PIECES[bits]}{behind >> bits}'")
        return None if behind > end else (behind, self.holds_words(Words(" | ".join(pieces))))

    def _is_between(self, doc: str, first: int, behind: int) -> str:
        return f"{doc} >= {self.binds.of(first)} AND {doc} < {self.binds.of(behind)}"

    def _all_without(self, wanted: Sequence[str], unwanted: Sequence[str]) -> str | None:
        if not wanted and not unwanted:
            return None
        # Without one that must be there it would read all that it holds.
        return " & ".join([*(wanted or [self._quote(BORDER)]), *(f"!{one}" for one in unwanted)])

    def _quote(self, words: str) -> str:
        return "'" + words.replace("\\", "\\\\").replace("'", "''") + "'"

    def _ask(self, node: Text) -> Words | None:
        mark = self.marks.get(node.place, "")
        pairs = [pair for two in pairwise(node.patterns) if (pair := meeting_of(*two)) is not None]
        told = [self._quote(f"p/{pair.letters}") + ("" if pair.is_whole else ":*") for pair in pairs]
        if node.place is Place.ANYWHERE and len(node.patterns) == _SIDE_BY_SIDE and pairs and pairs[0].is_exact:
            return Words(told[0])
        each = [self._ask_word(mark, pattern) for pattern in node.patterns]
        known = [one for one in each if one is not None]
        if pairs:
            # A pair tells how the last word begins: to gather all that begins so takes longer than to test the rest.
            known = [one for one in known if not one.endswith(":*")]
        excess = _OF_PAIRS if pairs and len(known) < len(each) else 1.0
        known += told
        is_all = len(known) == len(each) == 1 and node.place is not Place.DESCRIPTION
        return Words(" & ".join(known), is_all, excess=excess) if known else None

    def _ask_word(self, mark: str, pattern: Pattern) -> str | None:
        words = self.lookups.words.get(pattern)
        if words is not None and len(words) <= _TOGETHER_MAX:
            return f"({' | '.join(self._quote(mark + word) for word in words or (NEVER,))})"
        if pattern.fit is Fit.WILD:
            return None
        if pattern.fit is Fit.WHOLE:
            return self._quote(mark + pattern.text)
        # Marked lexemes begin with these letters themselves.
        return None if not mark and pattern.text in _MARKS else f"{self._quote(mark + pattern.text)}:*"


def _begin_at_once(tables: str, where: str, parts: tuple[Node, ...], share: float, rarest: float) -> Start:
    # Such a sum has no index that the planner could rather walk, testing each row.
    doc = f"({tables.split()[-1]}.doc + 0)"
    return Start(Way.GATHER, tables, where, doc, parts, share, at_once=True, rarest=rarest)
