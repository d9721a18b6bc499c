"""Trees for SQLite."""

from collections.abc import Sequence
from typing import ClassVar

from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.models.visibility import Sight
from modelkeep_server.features.search.compiling.compiler import COLUMNS, NEVER, Compiler
from modelkeep_server.features.search.compiling.lookups import WORDS_MAX, is_any
from modelkeep_server.features.search.compiling.pairs import pairs_of
from modelkeep_server.features.search.compiling.shapes import glob_of, shape_of
from modelkeep_server.features.search.compiling.starts import Costs, Start, Way, Words
from modelkeep_server.features.search.indexing.documents import BORDER
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import (
    During,
    Fit,
    Node,
    Pattern,
    Place,
    Text,
    Value,
)

#: So many phrases are asked for one by one; of those that may go on fewer, since each gathers all that does.
_PHRASES_MAX, _BEGUN_MAX = 200, 8
#: To go through all names takes as long as to look for so many phrases.
_AS_PHRASES = 4
#: More lists than these are read in bundles: FTS5 looks at each list of an OR for every row, at a bundle as at one.
_BUNDLE = 16


class SqliteCompiler(Compiler):
    """For SQLite: FTS5, GLOB, and `holds_shape`, which is ours (db/engine.py)."""

    dialect = "sqlite"
    either = " OR "
    marks: ClassVar = {Place.NAME: "¹", Place.HEAD: "²"}
    coded = "³"
    has_texts_alone = True
    registered = "⁴"
    costs = Costs(
        walked=0.2, tested=1.3, streamed=0.05, gathered=0.3, fetched=0.6, listed=0.2, opened=25, merged=0.01,
        compared=0.02,
    )  # fmt: skip

    def join(self, table: str, name: str, on: str) -> str:
        # CROSS is how SQLite is told to keep the order.
        return f"CROSS JOIN {table} AS {name} ON {on}"

    def visible_at(self, doc: str) -> str | None:
        if self._sight is not Sight.SHARED_AND_OWN:
            return super().visible_at(doc)
        # Few are hidden, and have an index of their own. INDEXED BY, as SQLite would read the model by its number.
        return (
            "NOT EXISTS (SELECT 1 FROM search_models INDEXED BY ix_search_models_restricted "  # noqa: S608 - constants
            f"WHERE search_models.doc = {doc} AND search_models.visibility = '{Visibility.RESTRICTED}' "
            f"AND NOT {self.visible})"
        )

    def join_words(self, doc: str) -> str:
        return self.join("search_texts", "search_texts", f"search_texts.doc = {doc}")

    def place_of(self, within: str, sought: str) -> str:
        return f"instr({within}, {sought})"

    def join_docs(self) -> str:
        return "group_concat(doc)"

    def _is_like(self, column: str, pattern: Pattern) -> str:
        return f"{column} GLOB {self.binds.of(glob_of(pattern))}"

    def _look_through(self, node: Text) -> str:
        # One after the other, so that no shape reaches from one into the next; that which has most words comes first.
        return f"({' OR '.join(self._look_into(column, node) for column in reversed(COLUMNS[node.place]))})"

    def _look_into(self, column: str, node: Text) -> str:
        literal = shape_of(node.patterns).literal
        # The same words, for which no further row is read.
        within = "search_models.name_key" if node.place is Place.NAME else f"search_texts.{column}"
        if literal is None:
            return self._is_shaped(f"(' ' || {within} || ' ')", node)
        before = "' ' || " if literal.startswith(" ") else ""
        after = " || ' '" if literal.endswith(" ") else ""
        return self.holds(f"({before}{within}{after})", self.binds.of(literal))

    def _is_shaped(self, within: str, node: Text) -> str:
        shape = shape_of(node.patterns)
        fits = f"{within} GLOB {self.binds.of(shape.as_glob())}"
        if not shape.holds_letters:
            return f"({fits})"
        return f"({fits} AND holds_shape({self.binds.of(shape.as_python())}, {within}))"

    def docs_among(self, docs: str) -> str:
        return f"SELECT value FROM json_each({self.binds.of(f'[{docs}]')})"  # noqa: S608 - values are bound

    def docs_of_text(self, node: Text) -> str | None:
        words, test = self._ask_pairs(node), self.test(node)
        if words is None:
            return self.docs_of_fact(node) if self._is_of_names(node) else None
        asked = f"search_pairs MATCH {self.binds.of(words.query)}"
        model = self.join("search_models", "search_models", "search_models.doc = search_pairs.rowid")
        tables = self.with_texts(f"search_pairs {model}", test)
        return f"SELECT search_pairs.rowid FROM {tables} WHERE {asked} AND {test}"  # noqa: S608 - values are bound

    def docs_of_words(self, node: Node, words: Words) -> str:
        asked = f"search_index MATCH {self.binds.of(words.query)}"
        if words.exact:
            return f"SELECT rowid FROM search_index WHERE {asked}"  # noqa: S608 - values are bound
        test = self.test(node)
        model = self.join("search_models", "search_models", "search_models.doc = search_index.rowid")
        tables = self.with_texts(f"search_index {model}", test)
        return f"SELECT search_index.rowid FROM {tables} WHERE {asked} AND {test}"  # noqa: S608 - values are bound

    def begin_with_words(self, words: Words, parts: tuple[Node, ...], share: float, rarest: float) -> Start:
        where = f"search_index MATCH {self.binds.of(words.query)}"
        done = tuple(part for part in parts if self.is_told(part))
        return Start(Way.STREAM, "search_index", where, "search_index.rowid", done, share, words=words, rarest=rarest)

    def begin_with_dates(self, part: During, share: float) -> Start:
        return self.begin_with_docs(self.docs_of_fact(part), (part,), share)

    def begin_with_pairs(self, part: Text, share: float) -> Start | None:
        words = self._ask_pairs(part)
        if words is None:
            return None
        where = f"search_pairs MATCH {self.binds.of(words.query)}"
        return Start(Way.STREAM, "search_pairs", where, "search_pairs.rowid", (), share, words=words, rarest=share)

    def begin_with_docs(self, docs: str, parts: tuple[Node, ...], share: float) -> Start:
        doc = "search_models.doc"
        words = Words("", lists=0, phrases=_AS_PHRASES) if any(self._is_of_names(part) for part in parts) else None
        return Start(Way.GATHER, "search_models", f"{doc} IN ({docs})", doc, parts, share, words=words)

    def _is_of_names(self, part: Node) -> bool:
        """Whether it is looked for in the index of names, which is read whole: a fifth of what a row has."""
        return isinstance(part, Text) and part.place is Place.NAME and self.words(part) is None

    def _ask(self, node: Text) -> Words | None:
        """Words side by side are a phrase; what a wildcard stands for is put into it, one phrase for each."""
        mark = self.marks.get(node.place, "")
        each = [self._spellings(pattern, mark) for pattern in node.patterns]
        if any(one == () for one in each):
            return Words(self._quote(NEVER))
        goes_on = self._goes_on(node.patterns[-1])
        phrases = _join_up(each, _BEGUN_MAX if goes_on else _PHRASES_MAX)
        # A star follows the last word where that may go on: within quotes it would be one of the letters.
        star = " *" if goes_on else ""
        where = "description : " if node.place is Place.DESCRIPTION else ""
        if phrases is not None:
            query = self._either([self._quote(phrase) + star for phrase in phrases])
            return Words(
                f"{where}({query})", lists=len(phrases) * len(each), phrases=len(phrases) if len(each) > 1 else 0
            )
        if self._ask_pairs(node) is not None:
            return None
        known = [
            self._either([self._quote(word) + (star if number == len(each) - 1 else "") for word in one])
            for number, one in enumerate(each)
            if one is not None
        ]
        if not known:
            return None
        lists = sum(len(one) for one in each if one is not None)
        return Words(f"{where}({' AND '.join(f'({one})' for one in known)})", exact=False, lists=lists)

    def _ask_pairs(self, node: Text) -> Words | None:
        """What the index of pairs is asked; it finds more, in every place."""
        told = [self._quote(pair) + ("" if is_whole else " *") for pair, is_whole in pairs_of(node.patterns)]
        return Words(" AND ".join(told), exact=False, lists=len(told)) if told else None

    def _ask_value(self, node: Value) -> Words | None:
        letter = FIELDS[node.field].letter
        if letter and any(is_any(pattern) for pattern in node.patterns):
            return Words(self._quote(self.coded + letter) + " *")
        return super()._ask_value(node)

    def _all_without(self, wanted: Sequence[str], unwanted: Sequence[str]) -> str | None:
        # What is unlike something is all that is, without it: all have the border.
        found = " AND ".join(wanted) or self._quote(BORDER)
        # One after the other: what a common one takes away is not looked for in the lists of those behind it.
        return " NOT ".join([f"({found})", *unwanted]) if unwanted else found

    def _either(self, asked: Sequence[str]) -> str:
        """One of them. FTS5 takes an OR within an OR apart, but not one from which nothing is taken away."""
        if len(asked) <= _BUNDLE:
            return self.either.join(asked)
        bundles = (asked[at : at + _BUNDLE] for at in range(0, len(asked), _BUNDLE))
        return self._either([f"(({self.either.join(one)}) NOT {self._quote(NEVER)})" for one in bundles])

    def _quote(self, words: str) -> str:
        return '"' + words.replace('"', '""') + '"'

    def listed(self, node: Node) -> str | None:
        words = self.words(node)
        return None if words is None or not words.exact else f"search_models.doc IN ({self.docs_of_words(node, words)})"

    def _goes_on(self, pattern: Pattern) -> bool:
        return pattern.fit is Fit.BEGINNING and self.lookups.words.get(pattern) is None

    def _spellings(self, pattern: Pattern, mark: str) -> tuple[str, ...] | None:
        """The words that a pattern stands for, or as it stands; None for a wildcard that stands for too many."""
        is_of_names = pattern.fit is Fit.WILD and mark == self.marks[Place.NAME]
        words = (self.lookups.names if is_of_names else self.lookups.words).get(pattern)
        if words is None and pattern.fit is not Fit.WILD:
            words = (pattern.text,)
        # All names are gone through in the time in which that many lists are opened.
        if is_of_names and words is not None and len(words) > WORDS_MAX:
            return None
        return None if words is None else tuple(mark + word for word in words)


def _join_up(each: Sequence[Sequence[str] | None], most: int) -> list[str] | None:
    """Every phrase of one of each; None where one is not known, or these are too many. Single words are never."""
    phrases: list[str] = []
    for one in each:
        if one is None or len(one) * len(phrases) > most:
            return None
        phrases = [f"{phrase} {word}" for phrase in phrases for word in one] if phrases else list(one)
    return phrases
