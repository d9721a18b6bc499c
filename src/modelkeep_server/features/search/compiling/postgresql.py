"""Trees for PostgreSQL."""

from collections.abc import Sequence

from modelkeep_server.features.search.compiling.compiler import NEVER, Compiler, Words
from modelkeep_server.features.search.compiling.shapes import like_of, shape_of
from modelkeep_server.features.search.language.tree import And, Fit, Node, Not, Or, Pattern, Place, Text


class PostgresCompiler(Compiler):
    """For PostgreSQL: lexemes in a tsvector (`n/` those of the name, `k/` those of name, group and tags), and regex."""

    dialect = "postgresql"

    def join(self, table: str, name: str, on: str) -> str:
        # OFFSET keeps the planner from taking it apart, and so from reading one of both tables to its end.
        one = f"SELECT * FROM {table} AS {name} WHERE {on} OFFSET 0"  # noqa: S608 - values are bound
        return f"CROSS JOIN LATERAL ({one}) AS {name}"

    def join_beside(self, table: str, doc: str) -> str:
        return f"JOIN {table} ON {table}.doc = {doc}"

    def place_of(self, within: str, sought: str) -> str:
        return f"strpos({within}, {sought})"

    def join_texts(self, column: str, by: str = "") -> str:
        return f"string_agg(CAST({column} AS text), '{by}')"

    def _is_like(self, column: str, pattern: Pattern) -> str:
        return f"{column} LIKE {self.binds.of(like_of(pattern))}"

    def _is_shaped(self, within: str, node: Text) -> str:
        return f"({within} ~ {self.binds.of(shape_of(node.patterns).as_regex())})"

    def _test_text(self, node: Text) -> str:
        words = self._ask(node) if len(node.patterns) == 1 and node.patterns[0].fit is not Fit.WILD else None
        if words is None or not words.exact:
            return self._look_through(node)
        # As a truth value it is none that the index could be asked for, whatever the planner expects of it.
        return f"((search_texts.document @@ CAST({self.binds.of(words.query)} AS tsquery)) IS TRUE)"

    def listed(self, node: Node) -> str | None:
        return None

    def docs_among(self, docs: Sequence[int]) -> str:
        told = ",".join(map(str, docs))
        return f"SELECT unnest(CAST({self.binds.of('{' + told + '}')} AS bigint[]))"

    def docs_of_words(self, node: Node, words: Words) -> str:
        asked = f"document @@ CAST({self.binds.of(words.query)} AS tsquery)"
        if words.exact:
            # Its columns go without the name of their table: nothing is to be read of the texts beside it.
            return f"SELECT doc FROM search_texts WHERE {asked}"  # noqa: S608 - values are bound
        return f"SELECT search_texts.doc FROM search_texts WHERE {asked} AND {self.test(node)}"  # noqa: S608

    def words(self, node: Node) -> Words | None:
        if isinstance(node, Text):
            return self._ask(node)
        if isinstance(node, Or):
            parts = [self.words(part) for part in node.parts]
            told = [part for part in parts if part is not None]
            if len(told) < len(parts):
                return None
            return Words(" | ".join(f"({one.query})" for one in told), all(one.exact for one in told))
        return self._ask_all(node) if isinstance(node, And) else None

    def _ask_all(self, node: And) -> Words | None:
        wanted: list[str] = []
        exact = True
        for part in node.parts:
            told = self.words(part.part if isinstance(part, Not) else part)
            if told is None:
                return None
            # What must not be there is tested: the index would read every row for it anyway.
            exact = exact and told.exact and not isinstance(part, Not)
            if not isinstance(part, Not):
                wanted.append(f"({told.query})")
        return Words(" & ".join(wanted), exact) if wanted else None

    def _ask(self, node: Text) -> Words | None:
        mark = {Place.NAME: "n/", Place.HEAD: "k/"}.get(node.place, "")
        each = [self._ask_word(mark, pattern) for pattern in node.patterns]
        known = [one for one in each if one is not None]
        is_whole = len(each) == len(known) == 1 and node.place is not Place.DESCRIPTION
        return Words(" & ".join(known), is_whole) if known else None

    def _ask_word(self, mark: str, pattern: Pattern) -> str | None:
        if pattern.fit is Fit.WILD:
            words = self.lookups.words[pattern]
            if words is None:
                return None
            return f"({' | '.join(_lexeme(mark + word) for word in words or (NEVER,))})"
        if pattern.fit is Fit.WHOLE:
            return _lexeme(mark + pattern.text)
        # Marked lexemes begin with these letters themselves.
        return None if not mark and pattern.text in ("n", "k") else f"{_lexeme(mark + pattern.text)}:*"


def _lexeme(word: str) -> str:
    """A lexeme of a tsquery, in which nothing but the quote and the backslash means anything."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
