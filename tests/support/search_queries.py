"""
Random queries, each with the tree that it means: made side by side, so that reading it is put to the test as well.

Words and values are those of `search_worlds.py`, changed in case, cut short or with wildcards in them.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Fit,
    Mine,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    leaves,
)
from modelkeep_server.kit import clock
from tests.support import search_worlds as worlds
from tests.support.slow_folding import bare, words_of
from tests.support.slow_search import tiers_from

DEEPEST = 3
WORDS_MAX, CHARS_MAX = 32, 1000
_ADDRESS = re.compile(r"([A-Za-z0-9][\w-]*)/([A-Za-z0-9][\w-]*)", re.ASCII)
_STATES = (
    "DRAFT", "SUBMITTED", "CHANGES_REQUESTED", "APPROVED_STAGING", "STAGING", "APPROVED_PROD", "PRODUCTION",
    "DEPRECATED", "RETIRED",
)  # fmt: skip
#: Fields that take whole values: how they may be spelled, and where their values come from.
_VALUED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "group": (("group", "Group", "namespace"), worlds.GROUPS),
    "tag": (("tag", "tags", "TAG", "label"), worlds.TAGS),
    "owner": (("owner", "owners"), worlds.OWNERS),
    "framework": (("framework", "library"), worlds.FRAMEWORKS),
    "modelType": (("modelType", "modeltype", "model_type"), worlds.MODEL_TYPES),
    "license": (("license", "licence"), worlds.LICENSES),
    "version": (("version",), worlds.VERSIONS),
}
_CHOSEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "riskTier": (("riskTier", "risk", "tier"), ("LOW", "MEDIUM", "HIGH")),
    "state": (("state", "status", "stage"), _STATES),
    "newest": (("newest", "latest"), _STATES),
    "is": (("is",), ("live", "active", "retired", "restricted", "external")),
    "has": (("has", "with"), ("card", "version", "files")),
}


@dataclass(frozen=True)
class Asked:
    """A query as it is typed, and what it means; `parts` are queries in it, for whoever looks for a smaller one."""

    text: str
    means: Node
    parts: tuple["Asked", ...] = ()


def make_query(chance: random.Random) -> Asked:
    """A query of up to a few terms, joined every way there is, within the limits of the language."""
    while True:
        asked = _make_node(chance, DEEPEST)
        words = sum(len(leaf.patterns) for leaf, _ in leaves(asked.means) if isinstance(leaf, Text))
        if words <= WORDS_MAX and len(asked.text) <= CHARS_MAX:
            return asked


def _make_node(chance: random.Random, depth: int) -> Asked:
    kind = chance.random()
    if depth == 0 or kind < 0.35:
        return _make_leaf(chance)
    if kind < 0.65:
        parts = [_enclosed(_make_node(chance, depth - 1), Or) for _ in range(chance.choice((2, 2, 3)))]
        return _joined(chance.choice((" ", " AND ", "  ", " && ")), parts, And)
    if kind < 0.85:
        parts = [_make_node(chance, depth - 1) for _ in range(chance.choice((2, 2, 3)))]
        return _joined(chance.choice((" OR ", " || ")), parts, Or)
    part = _enclosed(_make_node(chance, depth - 1), And, Or, Not)
    means = part.means.part if isinstance(part.means, Not) else Not(part.means)
    return Asked(chance.choice(("-", "NOT ", "NOT ", "!")) + part.text, means, (part,))


def _joined(between: str, parts: list[Asked], kind: type[And] | type[Or]) -> Asked:
    return Asked(between.join(part.text for part in parts), kind(tuple(part.means for part in parts)), tuple(parts))


def _enclosed(asked: Asked, *kinds: type) -> Asked:
    return Asked(f"({asked.text})", asked.means, asked.parts) if isinstance(asked.means, kinds) else asked


def _make_leaf(chance: random.Random) -> Asked:
    makers: list[Callable[[random.Random], Asked]] = [
        _make_bare, _make_bare, _make_bare, _make_phrase, _make_wild, _make_placed, _make_valued, _make_valued,
        _make_valued, _make_chosen, _make_chosen, _make_moment, _make_tiers, _make_any, _make_mine,
        _make_group_of_values,
    ]  # fmt: skip
    return chance.choice(makers)(chance)


def _spell(chance: random.Random, text: str) -> str:
    """In another case, or without its accents, or as it is: all the same to a reader."""
    turned = chance.choice((text, text, text.upper(), text.title(), bare(text), unicodedata.normalize("NFD", text)))
    return turned if bare(turned) == bare(text) and turned not in ("AND", "OR", "NOT", "TO") else text


def _make_text(chance: random.Random) -> Asked:
    return chance.choice((_make_bare, _make_phrase, _make_wild))(chance)


def _make_bare(chance: random.Random) -> Asked:
    word = chance.choice(worlds.WORDS)
    if word.isascii() and chance.random() < 0.4:
        word = word[: chance.randint(1, len(word))]
    if chance.random() < 0.2:
        word = chance.choice("-_./").join((chance.choice(worlds.WORDS), word))
    spelled = _spell(chance, word)
    words = words_of(spelled)
    text = _begun(words)
    address = _ADDRESS.fullmatch(spelled)
    if address is None:
        return Asked(spelled, text)
    model = And((Value("group", (Pattern(bare(address[1])),)), _begun(words_of(address[2]), Place.NAME)))
    return Asked(spelled, Or((model, text)))


def _begun(words: Sequence[str], place: Place = Place.ANYWHERE) -> Text:
    """The words as far as they were typed: the last may go on."""
    fits = [Fit.WHOLE] * (len(words) - 1) + [Fit.BEGINNING]
    return Text(tuple(Pattern(one, fit) for one, fit in zip(words, fits, strict=True)), place)


def _make_phrase(chance: random.Random) -> Asked:
    words = chance.choice(worlds.PHRASES).replace("%", "").split()
    start = chance.randrange(len(words))
    spelled = _spell(chance, " ".join(words[start : start + chance.randint(1, 3)]))
    return Asked(f'"{spelled}"', Text(tuple(Pattern(one) for one in words_of(spelled))))


def _make_wild(chance: random.Random) -> Asked:
    word = chance.choice([one for one in worlds.WORDS if one.isascii() and one.isalnum() and len(one) > 4])
    return Asked(*_with_wildcards(chance, word, lambda text: Text((_read_wild(text),))))


def _read_wild(text: str) -> Pattern:
    """A word with nothing but an asterisk at its end is that word typed so far."""
    is_begun = text.endswith("*") and not set(text[:-1]) & set("*?")
    return Pattern(bare(text[:-1]), Fit.BEGINNING) if is_begun else Pattern(bare(text), Fit.WILD)


def _with_wildcards(chance: random.Random, word: str, means: Callable[[str], Node]) -> tuple[str, Node]:
    start = chance.randrange(0, 3)
    end = chance.randint(start + 2, len(word))
    shape = chance.randrange(4)
    text = {
        0: word[:end] + "*",
        1: "*" + word[start:],
        2: "*" + word[start:end] + "*",
        3: word[:start] + chance.choice("?*") + word[start + 1 :],
    }[shape]
    return text, means(text)


def _make_placed(chance: random.Random) -> Asked:
    asked = _make_text(chance)
    while not isinstance(asked.means, Text):
        asked = _make_text(chance)
    name, place = chance.choice(
        (("name", Place.NAME), ("title", Place.NAME), ("description", Place.DESCRIPTION), ("desc", Place.DESCRIPTION))
    )
    return Asked(f"{name}:{asked.text}", Text(asked.means.patterns, place))


def _make_valued(chance: random.Random) -> Asked:
    field = chance.choice(tuple(_VALUED))
    spellings, values = _VALUED[field]
    value = chance.choice(values)
    name = chance.choice(spellings)
    plain = value.isascii() and value.replace("-", "").replace(".", "").replace("_", "").isalnum()
    if plain and len(value) > 4 and chance.random() < 0.3:
        text, means = _with_wildcards(chance, value, lambda text: Value(field, (Pattern(bare(text), Fit.WILD),)))
        return Asked(f"{name}:{text}", means)
    spelled = _spell(chance, value)
    is_quoted = not plain or chance.random() < 0.2
    return Asked(f'{name}:"{spelled}"' if is_quoted else f"{name}:{spelled}", Value(field, (Pattern(bare(value)),)))


def _make_group_of_values(chance: random.Random) -> Asked:
    one, other = chance.sample([tag for tag in worlds.TAGS if tag.isascii() and tag.isalnum()], 2)
    means = Or((Value("tag", (Pattern(bare(one)),)), Value("tag", (Pattern(bare(other)),))))
    return Asked(f"tag:({one} OR {other})", means)


def _make_chosen(chance: random.Random) -> Asked:
    field = chance.choice(tuple(_CHOSEN))
    spellings, values = _CHOSEN[field]
    value = chance.choice(values)
    name = chance.choice(spellings)
    if (name, value) == ("status", "RETIRED"):
        # It is said of whole models as well, and those are meant.
        field, value = "is", "retired"
    spelled = chance.choice((value, value.lower(), value.replace("_", "-").lower()))
    return Asked(f"{name}:{spelled}", Value(field, (Pattern(value),)))


def _make_tiers(chance: random.Random) -> Asked:
    tier = chance.choice(("LOW", "MEDIUM", "HIGH"))
    return Asked(f"riskTier:>={tier}", Value("riskTier", tuple(Pattern(one) for one in tiers_from(tier))))


def _make_any(chance: random.Random) -> Asked:
    field = chance.choice(("tag", "framework", "license", "version", "modelType"))
    return Asked(f"{field}:*", Value(field, (Pattern("*", Fit.WILD),)))


def _make_mine(chance: random.Random) -> Asked:
    return Asked(chance.choice(("is:mine", "owner:me", "IS:Mine")), Mine())


def _make_moment(chance: random.Random) -> Asked:
    field = chance.choice(("created", "updated"))
    first = worlds.BEGIN + timedelta(days=chance.randrange(-2, worlds.DAYS + 2))
    last = first + timedelta(days=chance.randrange(2, 12))
    start, end, after = (_midnight(day) for day in (first, last, first + timedelta(days=1)))
    whole = _midnight(last + timedelta(days=1))
    month = datetime(first.year, first.month, 1, tzinfo=UTC)
    following = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)
    a, b = first.date().isoformat(), last.date().isoformat()
    text, begins, ends = chance.choice(
        (
            (a, start, after), (f">{a}", after, None), (f">={a}", start, None), (f"<{a}", None, start),
            (f"<={a}", None, after), (f"[{a} TO {b}]", start, whole), (f"{{{a} TO {b}}}", after, end),
            (f"[{a} TO {b}}}", start, end), (f"{{{a} TO {b}]", after, whole), (f"[{a} TO *]", start, None),
            (f"[* TO {b}]", None, whole), (f"{first:%Y-%m}", clock.to_us(month), clock.to_us(following)),
            (f"{first:%Y}", _midnight(datetime(first.year, 1, 1, tzinfo=UTC)),
             _midnight(datetime(first.year + 1, 1, 1, tzinfo=UTC))),
            (f">={a}T12:00:00Z", start + 43_200_000_000, None),
        )
    )  # fmt: skip
    return Asked(f"{field}:{text}", During(field, begins, ends))


def _midnight(day: datetime) -> int:
    return clock.to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
