"""
A tree as SQL. Every leaf is a *test* of the row at hand of `search_models`, most are a *set* of documents too.

Whatever somebody typed is bound as a value, never written into a statement. Tests name columns of `search_models`, and
of `search_texts` where they look into texts (`looks_into_texts`): whoever takes one in must read both tables then.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import ClassVar

from modelkeep_server.db.saying import Said, say
from modelkeep_server.db.tables import search_models
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import (
    Sight,
    owned_by_asker,
    sight_of,
    values_of,
    visible_by,
)
from modelkeep_server.features.search.compiling.binds import Binds
from modelkeep_server.features.search.compiling.lookups import VALUES_MAX, Expansion, Lookups, as_key, is_any
from modelkeep_server.features.search.compiling.months import months_of
from modelkeep_server.features.search.compiling.starts import Costs, Start, Words
from modelkeep_server.features.search.indexing.codes import code_of
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Mine,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
    unnegated,
)
from modelkeep_server.kit import clock

#: So many values are looked for among a row's codes one by one; more are joined to their postings.
_CODES_MAX = 12
#: No word holds it: it is no character.
NEVER = "\uffff"
COLUMNS = {
    Place.ANYWHERE: ("name", "keys", "description"),
    Place.HEAD: ("name", "keys"),
    Place.NAME: ("name",),
    Place.DESCRIPTION: ("description",),
}


@cache
def _say_visible(sight: Sight, dialect: str) -> Said:
    return say(visible_by(sight, search_models), dialect)


@cache
def _say_owned(dialect: str) -> Said:
    return say(owned_by_asker(search_models), dialect)


class Compiler(ABC):
    """Compiles for one database, one who asks, and one tree with what was looked up for it."""

    dialect: ClassVar[str]
    #: How the full-text index is told "or"; how it marks words that stand in a place, codes of values, and years and
    #: months of registration.
    either: ClassVar[str]
    marks: ClassVar[Mapping[Place, str]]
    coded: ClassVar[str]
    registered: ClassVar[str]
    costs: ClassVar[Costs]
    #: Whether texts are a table of their own, which is read without the facts beside them.
    has_texts_alone: ClassVar[bool] = False
    #: Whether postings of several values are read side by side, each once.
    merges: ClassVar[bool] = False

    def __init__(self, actor: Actor, lookups: Lookups) -> None:
        self.binds = Binds()
        self.lookups = lookups
        # Each is put together from much at times, and asked for wherever ways are compared.
        self._tests: dict[Node, str] = {}
        self._words: dict[Node, Words | None] = {}
        self._expanded: dict[Value, Expansion] = {}
        # Bound by name in what visibility says: UtcMicros would make a number of the moment, a bare text does not.
        asker = values_of(actor)
        as_of = asker["actor_as_of"]
        self.binds.values |= {**asker, "actor_as_of": None if as_of is None else clock.to_us(as_of)}
        self._sight = sight_of(actor)
        self.visible = self.binds.take(_say_visible(self._sight, self.dialect))

    def test(self, node: Node) -> str:
        """The condition that a row of `search_models` fits."""
        if node not in self._tests:
            self._tests[node] = self._say_test(node)
        return self._tests[node]

    def _say_test(self, node: Node) -> str:
        if isinstance(node, And | Or):
            word = " AND " if isinstance(node, And) else " OR "
            return f"({word.join(self.test(part) for part in node.parts)})"
        if isinstance(node, Not):
            return f"(NOT {self.test(node.part)})"
        if isinstance(node, Text):
            return self._look_through(node)
        if isinstance(node, Value):
            return self._test_value(node)
        return self._test_fact(node)

    def docs(self, node: Node) -> str | None:
        """A SELECT of the documents that fit, out of indexes; None where there is none that is quicker than a walk."""
        if isinstance(node, Everything | Not):
            return None
        if isinstance(node, Or):
            parts = [self.docs(part) for part in node.parts]
            told = [f"SELECT * FROM ({part}) AS o" for part in parts]  # noqa: S608 - values are bound
            return None if None in parts else " UNION ALL ".join(told)
        words = self.words(node)
        if words is not None:
            return self.docs_of_words(node, words)
        if isinstance(node, And):
            return self._docs_of_all(node)
        if isinstance(node, Value):
            return self._docs_of_value(node)
        return self.docs_of_text(node) if isinstance(node, Text) else self.docs_of_fact(node)

    def docs_of_text(self, node: Text) -> str | None:
        """The SELECT of documents for a text that the full-text index is not asked for at once."""
        return None

    def docs_of_fact(self, node: Node) -> str:
        """The SELECT of documents of which a column says so."""
        return f"SELECT doc FROM search_models WHERE {self.test(node)}"  # noqa: S608 - values are bound

    def words(self, node: Node) -> Words | None:
        """What the full-text index is asked for a tree; None where that tells nothing of it."""
        if node not in self._words:
            self._words[node] = self._find_words(node)
        return self._words[node]

    def _find_words(self, node: Node) -> Words | None:
        if isinstance(node, Text):
            return self._ask(node)
        if isinstance(node, Value):
            return self._ask_value(node)
        if isinstance(node, Or):
            return self._ask_one_of(node.parts)
        if isinstance(node, And):
            return self._ask_all(node.parts)
        if isinstance(node, During):
            return self._ask_months(node)
        return self._ask_all((node,)) if isinstance(node, Not) else None

    def is_told(self, part: Node) -> bool:
        """Whether the full-text index finds no more for it than it says."""
        words = self.words(unnegated(part))
        return words is not None and words.exact

    def _ask_one_of(self, parts: Sequence[Node]) -> Words | None:
        told = [self.words(part) for part in parts]
        known = [words for words in told if words is not None]
        if len(known) < len(told):
            return None
        query = self.either.join(f"({one.query})" for one in known)
        lists, phrases = (sum(one.lists for one in known), sum(one.phrases for one in known))
        return Words(query, all(one.exact for one in known), lists, phrases)

    def _ask_all(self, parts: Sequence[Node]) -> Words | None:
        """All of them. What must not be there is asked for only where that finds no more than it says."""
        wanted: list[str] = []
        unwanted: list[str] = []
        exact, lists, phrases = True, 0, 0
        for part in parts:
            told = self.words(unnegated(part))
            if told is None:
                return None
            exact, lists, phrases = exact and told.exact, lists + told.lists, phrases + told.phrases
            if not isinstance(part, Not):
                wanted.append(f"({told.query})")
            elif told.exact:
                unwanted.append(f"({told.query})")
        query = self._all_without(wanted, unwanted)
        return None if query is None else Words(query, exact, lists, phrases)

    def _ask_value(self, node: Value) -> Words | None:
        ids = self.expand(node).ids
        if ids is None:
            return None
        letter = FIELDS[node.field].letter
        codes = [self._quote(self.coded + code_of(letter, value_id).rstrip()) for value_id in ids]
        return Words(self.either.join(codes or [self._quote(NEVER)]), lists=len(ids))

    def _ask_months(self, node: During) -> Words | None:
        months = months_of(node.start, node.end) if node.field == "created" else None
        if months is None:
            return None
        told = [self._quote(self.registered + name) for name in months.names]
        return Words(self.either.join(told), exact=months.is_exact, lists=len(told))

    @abstractmethod
    def _ask(self, node: Text) -> Words | None:
        """What the full-text index is asked for a text."""

    @abstractmethod
    def _all_without(self, wanted: Sequence[str], unwanted: Sequence[str]) -> str | None:
        """All that is wanted, and nothing that is not; None where the index would be read whole for it."""

    @abstractmethod
    def _quote(self, words: str) -> str:
        """A word, or some side by side, in which nothing means anything to the index."""

    @abstractmethod
    def listed(self, node: Node) -> str | None:
        """
        The condition that a row of `search_models` is among all that fit; None where there is no list that is quickly
        read.
        """

    @abstractmethod
    def docs_among(self, docs: str) -> str:
        """The SELECT of these documents, with a comma between two."""

    @abstractmethod
    def docs_of_words(self, node: Node, words: Words) -> str:
        """The SELECT of documents for it."""

    @abstractmethod
    def begin_with_words(self, words: Words, parts: tuple[Node, ...], share: float, rarest: float) -> Start:
        """The full-text index to begin with. It gives such a `share` of all models; the rarest part has `rarest`."""

    @abstractmethod
    def begin_with_dates(self, part: During, share: float) -> Start:
        """The index of a date to begin with."""

    @abstractmethod
    def begin_with_docs(self, docs: str, parts: tuple[Node, ...], share: float) -> Start:
        """A SELECT of documents to begin with."""

    def begin_with_pairs(self, part: Text, share: float) -> Start | None:
        """An index of words side by side to begin with, where there is one that is told anything by this text."""
        return None

    def spans(self, start: Start, newest: int, ends: Sequence[int]) -> tuple[str, ...]:
        """
        Conditions, each behind an AND, that cut all documents up to the newest into those behind about the first of
        these ends, those before them down to the second, and so on to the oldest.
        """
        return ("",)

    @abstractmethod
    def place_of(self, within: str, sought: str) -> str:
        """At which character of a text, in SQL, what is bound begins; 0 where it is not there."""

    def holds(self, within: str, sought: str) -> str:
        """Whether a text, in SQL, holds what is bound."""
        return f"{self.place_of(within, sought)} > 0"

    @abstractmethod
    def join_docs(self) -> str:
        """SQL for the numbers in column `doc` of all rows, as one text with a comma between two."""

    @abstractmethod
    def _is_like(self, column: str, pattern: Pattern) -> str:
        """Whether a column is as the pattern has it."""

    @abstractmethod
    def join(self, table: str, name: str, on: str) -> str:
        """SQL that joins one row of a table, at most, to each row of what stands before it, in the order of those."""

    @abstractmethod
    def join_words(self, doc: str) -> str:
        """SQL that joins to each row of what stands before it the words of this document, as `search_texts`."""

    def visible_at(self, doc: str) -> str | None:
        """That the actor sees this document, where its model is not at hand; None where its model must be read."""
        return None if "search_models." in self.visible else self.visible

    def named_as(self, words: str) -> str:
        """Whether the name is these words."""
        return f"search_models.name_key = {self.binds.of(words)}"

    def _docs_of_all(self, node: And) -> str | None:
        """Out of every index that has a part of it; what is left is tested."""
        sets = [(part, self.docs(part)) for part in node.parts]
        told = [f"search_models.doc IN ({docs})" for _, docs in sets if docs is not None]
        if not told:
            return None
        rest = [self.test(part) for part, docs in sets if docs is None]
        tables = self.with_texts("search_models", *rest)
        return f"SELECT search_models.doc FROM {tables} WHERE {' AND '.join([*told, *rest])}"  # noqa: S608

    def join_models(self, doc: str, *conditions: str, is_whole: bool = False) -> str:
        """
        SQL that joins to each document its row as `search_models`: all of it where it `is_whole`, else as much as these
        conditions name, and as stands in an order of documents.
        """
        return self.join(self.table_for(*conditions), "search_models", f"search_models.doc = {doc}")

    def is_told_by_entries(self, *conditions: str) -> bool:
        """Whether the entries of the full-text index, where that has any, have all that these conditions name."""
        return False

    def table_for(self, *conditions: str) -> str:
        """The table to be read as `search_models` where rows of it are tested by these conditions."""
        return "search_models"

    def with_texts(self, tables: str, *conditions: str, doc: str = "search_models.doc") -> str:
        """These tables, and that of the texts of documents where a condition looks into them."""
        if "search_texts" in tables or not looks_into_texts(*conditions):
            return tables
        return f"{tables} {self.join_words(doc)}"

    def _test_value(self, node: Value) -> str:
        if node.field == "version":
            return self._test_version(node)
        letter = FIELDS[node.field].letter
        if any(is_any(pattern) for pattern in node.patterns):
            return self.holds("search_models.facets", self.binds.of(letter))
        found = self.expand(node)
        if found.ids is not None and len(found.ids) <= _CODES_MAX:
            codes = [self.binds.of(code_of(letter, value_id)) for value_id in found.ids]
            return _any_of(self.holds("search_models.facets", code) for code in codes)
        return f"search_models.doc IN ({self._docs_of_value(node)})"

    def expand(self, node: Value) -> Expansion:
        """The values that a leaf means. `ids` are None where they are too many, or all of a field."""
        if node not in self._expanded:
            self._expanded[node] = self._expand(node)
        return self._expanded[node]

    def _expand(self, node: Value) -> Expansion:
        letter = FIELDS[node.field].letter
        if any(is_any(pattern) for pattern in node.patterns) or not letter:
            return Expansion(None)
        each = [self.lookups.values[letter, pattern] for pattern in node.patterns]
        ids = dict.fromkeys(value_id for one in each for value_id in one.ids or ())
        if any(one.ids is None for one in each) or len(ids) > VALUES_MAX:
            return Expansion(None)
        held = None if any(one.held is None for one in each) else sum(one.held or 0 for one in each)
        return Expansion(tuple(ids), held)

    def _docs_of_value(self, node: Value) -> str:
        if node.field == "version":
            return f"SELECT doc FROM search_models WHERE {self._test_version(node)}"  # noqa: S608
        found = self.expand(node)
        if found.ids is not None:
            which = ", ".join(self.binds.of(value_id) for value_id in found.ids) or "-1"
        else:
            letter = self.binds.of(FIELDS[node.field].letter)
            fits = _any_of(
                "1 = 1" if is_any(pattern) else self._is_like("search_values.key", as_key(pattern))
                for pattern in node.patterns
            )
            which = f"SELECT id FROM search_values WHERE field = {letter} AND {fits}"  # noqa: S608
        return f"SELECT doc FROM search_postings WHERE value_id IN ({which})"  # noqa: S608 - values are bound

    def _test_version(self, node: Value) -> str:
        fits = _any_of(
            "1 = 1" if is_any(pattern) else self._is_like("lower(asked.version)", as_key(pattern))
            for pattern in node.patterns
        )
        return f"search_models.model_id IN (SELECT asked.model_id FROM versions AS asked WHERE {fits})"  # noqa: S608

    def _test_fact(self, node: Node) -> str:
        if isinstance(node, During):
            column = f"search_models.{'created_at' if node.field == 'created' else 'updated_at'}"
            ends = [(">=", node.start), ("<", node.end)]
            told = [f"{column} {sign} {self.binds.of(moment)}" for sign, moment in ends if moment is not None]
            return f"({' AND '.join(told) or '1 = 1'})"
        if isinstance(node, Mine):
            return self.binds.take(_say_owned(self.dialect))
        if isinstance(node, WithId):
            wanted = self.binds.of(node.public_id)
            return f"search_models.model_id IN (SELECT id FROM models WHERE public_id = {wanted})"  # noqa: S608
        return "1 = 1"

    @abstractmethod
    def _look_through(self, node: Text) -> str:
        """The test that reads the texts themselves."""


def looks_into_texts(*conditions: str) -> bool:
    """Whether one of them names a column of `search_texts` outside a SELECT of its own. What was typed is not in it."""
    return any("search_texts." in condition for condition in conditions)


def _any_of(conditions: Iterable[str]) -> str:
    told = list(conditions)
    return f"({' OR '.join(told)})" if told else "1 = 0"
