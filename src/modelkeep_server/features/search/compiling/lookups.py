"""What a query's values and wildcards stand for, found in the lists of values and words: one statement a query."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import text

from modelkeep_server.db.work import Work
from modelkeep_server.features.search.compiling.shapes import begin_of, glob_of, like_of
from modelkeep_server.features.search.conditions import behind
from modelkeep_server.features.search.indexing.documents import KEY_CHARS_MAX
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.tree import And, Fit, Node, Not, Or, Pattern, Text, Value, leaves
from modelkeep_server.kit.words import fold_value

#: Of more words than these no query is made: the texts are tested instead.
WORDS_MAX = 200
#: Of a query's only wildcard. FTS5 cannot be interrupted while it opens lists, and reads them side by side.
LONE_WORDS_MAX = 2_400
#: Of a query's only wildcard PostgreSQL finds so many by itself, one after the other: they are counted, not listed.
COUNTED_WORDS_MAX = 6_000
#: Nor of more values than these.
VALUES_MAX = 200
#: A word typed so far, as which this many go on at most, is searched as these whole words.
BEGINNINGS_MAX = 32
#: From so many letters on, the index on SQLite keeps no list of what begins so; that on PostgreSQL has none at all.
_LONG = 4
#: How many documents of a value are counted, to tell which is the rarest.
HELD_MAX = 1000


@dataclass(frozen=True)
class Expansion:
    """What a pattern stands for. `ids` are None where that is too many, `held` how many documents the values have."""

    ids: tuple[int, ...] | None = ()
    held: int | None = None


@dataclass
class Lookups:
    """
    The answers: for words by their pattern, None for too many; for values by the letter of their field too. Words that
    are `many` are counted alone. `names` are those for wildcards among the words that names hold, on SQLite.
    """

    words: dict[Pattern, tuple[str, ...] | None] = field(default_factory=dict)
    many: dict[Pattern, int] = field(default_factory=dict)
    names: dict[Pattern, tuple[str, ...] | None] = field(default_factory=dict)
    values: dict[tuple[str, Pattern], Expansion] = field(default_factory=dict)

    def settle(self, node: Node) -> Node:
        """The tree, in which what begins a word and goes on as no other is that word."""
        if isinstance(node, And | Or):
            return replace(node, parts=tuple(self.settle(part) for part in node.parts))
        if isinstance(node, Not):
            return replace(node, part=self.settle(node.part))
        if isinstance(node, Text):
            return replace(node, patterns=tuple(self._settle(one) for one in node.patterns))
        return node

    def _settle(self, pattern: Pattern) -> Pattern:
        is_settled = pattern.fit is Fit.BEGINNING and self.words.get(pattern) == (pattern.text,)
        return replace(pattern, fit=Fit.WHOLE) if is_settled else pattern


def look_up(work: Work, node: Node) -> Lookups:
    """All that a query needs. No statement where it holds words alone that are found as they stand."""
    on_sqlite = work.dialect == "sqlite"
    found = Lookups()
    values = dict.fromkeys(_asked_values(node))
    asked_words = list(dict.fromkeys(_asked_words(node, on_sqlite=on_sqlite)))
    words = [(found.words, pattern) for pattern in asked_words]
    if on_sqlite:
        words += [(found.names, pattern) for pattern in asked_words if pattern.fit is Fit.WILD]
    lone_max = LONE_WORDS_MAX if on_sqlite else COUNTED_WORDS_MAX
    wild_max = lone_max if _has_lone_wildcard(node) else WORDS_MAX
    most_of = {pattern: wild_max if pattern.fit is Fit.WILD else BEGINNINGS_MAX for pattern in asked_words}
    parts: list[str] = []
    binds: dict[str, str | int] = {"most": HELD_MAX}
    for letter, pattern in values:
        parts.append(_say_value(len(parts), letter, as_key(pattern), binds, on_sqlite=on_sqlite))
    for kept, pattern in words:
        most, of_names = most_of[pattern], kept is found.names
        parts.append(_say_words(len(parts), pattern, binds, on_sqlite=on_sqlite, most=most, of_names=of_names))
    rows: dict[int, list[tuple[int, str | None, int]]] = {}
    if parts:
        for told in work.all(text(" UNION ALL ".join(parts)), binds):
            number, value_id, word, held = tuple(told)
            rows.setdefault(number, []).append((value_id, word, held))
    for number, asked in enumerate(values):
        found.values[asked] = _gather_values(rows.get(number, []), asked[1])
    for number, (kept, pattern) in enumerate(words, start=len(values)):
        most = most_of[pattern]
        ((_, told_words, count),) = rows[number]
        listed = tuple(told_words.split()) if told_words else ()
        kept[pattern] = listed if count == len(listed) <= most else None
        if count <= most and kept is found.words:
            found.many[pattern] = count
    return found


def _gather_values(rows: Sequence[tuple[int, str | None, int]], pattern: Pattern) -> Expansion:
    if len(rows) > VALUES_MAX:
        return Expansion(None)
    ids = tuple(value_id for value_id, _, _ in rows)
    return Expansion(ids, sum(held for _, _, held in rows) if pattern.fit is Fit.WHOLE else None)


def as_key(pattern: Pattern) -> Pattern:
    """A pattern as keys of values are kept: choices may come in any case."""
    return replace(pattern, text=fold_value(pattern.text)[:KEY_CHARS_MAX])


def is_any(pattern: Pattern) -> bool:
    """Whether a field with any value at all is meant: `tag:*`."""
    return pattern.fit is Fit.WILD and not pattern.text.strip("*")


def _asked_values(node: Node) -> Iterator[tuple[str, Pattern]]:
    for leaf, _ in leaves(node):
        if isinstance(leaf, Value) and FIELDS[leaf.field].letter:
            for pattern in leaf.patterns:
                if not is_any(pattern):
                    yield FIELDS[leaf.field].letter, pattern


def _asked_words(node: Node, *, on_sqlite: bool) -> Iterator[Pattern]:
    shortest = _LONG if on_sqlite else 1
    for leaf, _ in leaves(node):
        for pattern in leaf.patterns if isinstance(leaf, Text) else ():
            if pattern.fit is Fit.WILD or (pattern.fit is Fit.BEGINNING and len(pattern.text) >= shortest):
                yield pattern


def _has_lone_wildcard(node: Node) -> bool:
    """Whether texts hold one wildcard in all, and it is wanted: else every row would be held to all its words."""
    texts = [(leaf, negated) for leaf, negated in leaves(node) if isinstance(leaf, Text)]
    wild = [negated for leaf, negated in texts for pattern in leaf.patterns if pattern.fit is Fit.WILD]
    return wild == [False]


def _say_value(number: int, letter: str, pattern: Pattern, binds: dict[str, str | int], *, on_sqlite: bool) -> str:
    binds[f"l{number}"] = letter
    where = f"field = :l{number} AND {_say_fit('key', number, pattern, binds, on_sqlite=on_sqlite)}"
    held = "0"
    if pattern.fit is Fit.WHOLE:
        held = (
            "(SELECT count(*) FROM (SELECT 1 FROM search_postings WHERE value_id = search_values.id LIMIT :most) AS h)"
        )
    told = f"SELECT {number} AS n, id, '' AS word, {held} AS held FROM search_values WHERE {where}"  # noqa: S608
    return f"SELECT * FROM ({told} LIMIT {VALUES_MAX + 1}) AS v{number}"  # noqa: S608 - values are bound


def _say_words(
    number: int, pattern: Pattern, binds: dict[str, str | int], *, on_sqlite: bool, most: int, of_names: bool
) -> str:
    """As one row, with a blank between two words: rows of their own take longer to read than to find."""
    where = _say_fit("word", number, pattern, binds, on_sqlite=on_sqlite) + (" AND in_name" if of_names else "")
    words = "group_concat(word, ' ')" if on_sqlite else f"array_to_string((array_agg(word))[1 : {WORDS_MAX}], ' ')"
    told = f"SELECT word FROM search_words WHERE {where} LIMIT {most + 1}"  # noqa: S608 - values are bound
    return f"SELECT {number} AS n, 0 AS id, {words} AS word, count(*) AS held FROM ({told}) AS w{number}"  # noqa: S608


def _say_fit(column: str, number: int, pattern: Pattern, binds: dict[str, str | int], *, on_sqlite: bool) -> str:
    """The condition, with the range of what begins alike beside it, which the index takes whatever the database."""
    begin = begin_of(pattern)
    if pattern.fit is Fit.WHOLE:
        binds[f"k{number}"] = begin
        return f"{column} = :k{number}"
    told = []
    if begin:
        binds |= {f"a{number}": begin, f"z{number}": behind(begin)}
        told.append(f"{column} >= :a{number} AND {column} < :z{number}")
    if pattern.fit is Fit.WILD:
        say: Callable[[Pattern], str] = glob_of if on_sqlite else like_of
        binds[f"g{number}"] = say(pattern)
        told.append(f"{column} {'GLOB' if on_sqlite else 'LIKE'} :g{number}")
    return " AND ".join(told) or "1 = 1"
