"""
How a changed model finds the saved searches that it may match, without any of them being read.

Each search has needles, of which every model that matches it holds at least one: the beginning of a word, or a value.
What a model holds is looked up among them. A needle that is found says no more than that the search is worth asking.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, insert, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import search_models, search_needles, search_texts, search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.indexing.codes import read_code, split_codes
from modelkeep_server.features.search.indexing.documents import BORDER, KEY_CHARS_MAX
from modelkeep_server.features.search.language.fields import FIELDS, Kind
from modelkeep_server.features.search.language.tree import And, Fit, Node, Not, Or, Pattern, Place, Text, Value

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


def read_held(work: Work, model_keys: Collection[int]) -> dict[int, frozenset[str]]:
    """What each of these models holds that may be a needle, by their inside ids. Two statements."""
    rows = work.all(
        select(
            search_models.c.model_id, search_models.c.facets, search_texts.c.name, search_texts.c["keys"],
            search_texts.c.description,
        )
        .join(search_texts, search_texts.c.doc == search_models.c.doc)
        .where(in_keys(search_models.c.model_id, "models")),
        {"models": model_keys},
    )  # fmt: skip
    codes = {row.model_id: [read_code(code) for code in split_codes(row.facets)] for row in rows}
    named = work.all(
        select(search_values.c.id, search_values.c.field, search_values.c.key).where(
            in_keys(search_values.c.id, "values")
        ),
        {"values": {value_id for found in codes.values() for _, value_id in found}},
    )
    values = {row.id: f"{row.field}:{row.key}" for row in named}
    return {
        row.model_id: frozenset(
            [
                ANY,
                *_beginnings(f"{row.name} {row._mapping['keys']} {row.description}".split(" ")),
                *(values[value_id] for _, value_id in codes[row.model_id] if value_id in values),
            ]
        )
        for row in rows
    }


def judge(node: Node, held: Collection[str]) -> bool | None:
    """Whether a model that holds this fits, both for sure; None where what it holds does not tell."""
    match node:
        case Text():
            stems = [_stem_of(pattern) for pattern in node.patterns]
            if any(stem and f"w:{stem}" not in held for stem in stems):
                return False
            is_whole = node.place is Place.ANYWHERE and [Pattern(stems[0], Fit.BEGINNING)] == [*node.patterns]
            return True if is_whole else None
        case Value():
            needles = _needles(node)
            return None if needles is None else any(needle in held for needle in needles)
        case Not():
            fits = judge(node.part, held)
            return None if fits is None else not fits
        case And():
            each = [judge(part, held) for part in node.parts]
            return False if False in each else None if None in each else True
        case Or():
            each = [judge(part, held) for part in node.parts]
            return True if True in each else None if None in each else False
    return None


def _needles(node: Node) -> frozenset[str] | None:
    """Needles of which a model that matches holds one; None where it need hold none."""
    match node:
        case Text():
            stem = max((_stem_of(pattern) for pattern in node.patterns), key=len)
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


def _stem_of(pattern: Pattern) -> str:
    """How a word that fits begins, as far as that is a needle."""
    text = pattern.text
    if pattern.fit is Fit.WILD:
        text = text.split("*")[0].split("?")[0]
    return text[:_LETTERS]


def _beginnings(words: Iterable[str]) -> set[str]:
    told = {word for word in words if word and word != BORDER}
    return {f"w:{word[:letters]}" for word in told for letters in range(1, _LETTERS + 1)}
