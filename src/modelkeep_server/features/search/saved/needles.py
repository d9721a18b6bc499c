"""
How a changed model finds the saved searches that it may match, without any of them being read: what search engines
call percolation.

Each search has needles, of which every model that matches it holds at least one: the beginning of a word, or a value.
What a model holds is looked up among them. A needle that is found says no more than that the search is worth asking.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, insert

from modelkeep_server.db.tables import search_needles
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.compiling.shapes import begin_of
from modelkeep_server.features.search.indexing.documents import BORDER, KEY_CHARS_MAX
from modelkeep_server.features.search.language.fields import FIELDS, Kind
from modelkeep_server.features.search.language.tree import And, Fit, Node, Or, Pattern, Text, Value

#: The needle of searches that any model may match: those that only exclude, of dates, or with an asterisk in front.
ANY = ""
#: So many letters of a word are its needle.
_LETTERS = 8


def needles_of(node: Node) -> frozenset[str]:
    """The needles of a query."""
    return _needles(node) or frozenset({ANY})


def keep_needles(work: Work, search_key: int, node: Node | None) -> None:
    """Write the needles of a saved search anew; none for one that is not asked any more. Two statements."""
    work.keep(search_needles, delete(search_needles).where(search_needles.c.search_id == search_key))
    if node is not None:
        rows = [{"needle": needle, "search_id": search_key} for needle in sorted(needles_of(node))]
        work.keep(search_needles, insert(search_needles), rows)


def list_held(texts: Iterable[str], values: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """What a model holds that may be a needle: beginnings of its words, and values by the letters of their fields."""
    words = {word for text in texts for word in text.split(" ")} - {"", BORDER}
    begun = {f"w:{word[:letters]}" for word in words for letters in range(1, _LETTERS + 1)}
    return frozenset({ANY, *begun, *(f"{letter}:{key}" for letter, keys in values.items() for key in keys)})


def stem_of(pattern: Pattern) -> str:
    """How a word that fits begins, as far as that is a needle."""
    return begin_of(pattern)[:_LETTERS]


def _needles(node: Node) -> frozenset[str] | None:
    """Needles of which a model that matches holds one; None where it need hold none."""
    match node:
        case Text():
            stem = max((stem_of(pattern) for pattern in node.patterns), key=len)
            return frozenset({f"w:{stem}"}) if stem else None
        case Value():
            letter = FIELDS[node.field].letter
            if not letter or any(pattern.fit is not Fit.WHOLE for pattern in node.patterns):
                return None
            return frozenset(f"{letter}:{pattern.text[:KEY_CHARS_MAX]}" for pattern in node.patterns)
        case And():
            asked = [(_rarity(part), needles) for part in node.parts if (needles := _needles(part))]
            return min(asked, key=lambda one: (one[0], len(one[1])))[1] if asked else None
        case Or():
            each = [_needles(part) for part in node.parts]
            return None if None in each else frozenset().union(*(needles or () for needles in each))
    return None


def _rarity(node: Node) -> int:
    """Of what all models have one of a few, fewer searches are told apart."""
    return 1 if isinstance(node, Value) and FIELDS[node.field].kind is Kind.CHOICE else 0
