"""Queries as nobody means them: those of the corpus and random ones, broken in every way, and naughty strings."""

import random
from collections.abc import Callable
from urllib.parse import quote

from tests.features.search.corpus import MISTAKES, ROWS
from tests.support.naughty import STRINGS
from tests.support.search_queries import make_query

#: Ten times what a query may have, and a little more.
LONGEST = 10_100
#: No client sends longer addresses, in bytes as they are quoted.
_LONGEST_SENT = 60_000
_SEEDS = tuple(dict.fromkeys([row.text for row in (*ROWS, *MISTAKES)]))
_PIECES = (
    "(", ")", '"', "'", ":", "*", "?", "-", "+", "!", "~", "^", "/", "\\", "[", "]", "{", "}", " TO ", " AND ", " OR ",
    " NOT ", "&&", "||", ">", ">=", "<=", "<", "=", " ", "\t", "\n", "\0", "\u202e", "\u200b", "\ufeff", "é", "e\u0301",
    "模", "ﷺ", "😀", "İ", "ß", "٣", "tag:", "riskTier:", "state:", "created:", "updated:", "is:", "has:", "owner:me",
    "name:", "version:", "framework:", "newest:", "created:[", "2024-02-30", "now-7d", "now-99999y", "9999-12-31",
    "0000-01-01", "*a*b*c*d*", "??", "%", "_", "' OR 1=1 --", "¶", "n/", "k/", ":*", "<->", "\uffff", "\U0010ffff",
    "\\\\", "col:", "NEAR(", "/^fraud.*$/i", "[a-z]+", "(?:a|b){2,}", "(a+)+$", "\\d+\\b", ".*", "^", "$",
    "'; DROP TABLE models; --", "' UNION SELECT * FROM people --", "1; SELECT pg_sleep(9)", "/*", "*/", "\u2066",
    "\u2069", "\u202a", "\u061c", "👩‍👩‍👧", "🏳️‍🌈", "हिन्दी", "한국어", "עברית", "العربية", "ไทย", "ёлка", "ΣΊΣΥΦΟΣ",
    "Łódź", "2023-02-29", "2025-13-01", "2025-00-10", "2025-04-31T25:61:00Z", "[2025-02-30 TO 2025-02-31]",
    "-0001-01-01",
)  # fmt: skip


def make_noise(chance: random.Random) -> str:
    """One text for a query box."""
    made = chance.choice(_MAKERS)(chance)
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        made = chance.choice(_CHANGES)(chance, made)
    longest = quote(made[:LONGEST], errors="replace")
    return made[: LONGEST if len(longest) < _LONGEST_SENT else LONGEST * _LONGEST_SENT // len(longest) // 2]


def _seed(chance: random.Random) -> str:
    return chance.choice(_SEEDS)


def _random_query(chance: random.Random) -> str:
    return make_query(chance).text


def _naughty(chance: random.Random) -> str:
    return chance.choice(STRINGS)


def _soup(chance: random.Random) -> str:
    return "".join(chance.choices(_PIECES, k=chance.randint(1, 30)))


def _insert(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice((chance.choice(_PIECES), chance.choice(STRINGS))) + text[at:]


def _cut(chance: random.Random, text: str) -> str:
    start = chance.randint(0, len(text))
    return text[:start] + text[start + chance.randint(1, 6) :]


def _swap(chance: random.Random, text: str) -> str:
    at = chance.randint(0, max(0, len(text) - 2))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _splice(chance: random.Random, text: str) -> str:
    other = _seed(chance)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _nest(chance: random.Random, text: str) -> str:
    depth = chance.choice((1, 3, 19, 21, 200, 1000))
    opening = chance.choice(("(", "-(", "NOT (", "tag:("))
    return opening * depth + text + ")" * chance.choice((depth, depth, depth - 1, 0))


def _repeat(chance: random.Random, text: str) -> str:
    between = chance.choice(("", " ", " AND ", " OR ", " -", "*"))
    return between.join([text] * chance.choice((2, 10, 40, 120)))


def _lengthen(chance: random.Random, text: str) -> str:
    filling = chance.choice(("a", "ab ", "* ", "模", "é", "😀", "-x ", "a*", "tag:x ", "\u202e", text or "?"))
    return text + filling * (chance.choice((999, 1_000, 1_001, 10_000)) // len(filling) + 1)


def _turn(chance: random.Random, text: str) -> str:
    return chance.choice((str.upper, str.lower, str.title, str.swapcase))(text)


def _in_field(chance: random.Random, text: str) -> str:
    field = chance.choice(("tag", "name", "created", "riskTier", "owner", "version", "is", "colour", "", "description"))
    return f"{field}:{chance.choice(('', '>', '(', '[', chr(34)))}{text}"


_MAKERS: tuple[Callable[[random.Random], str], ...] = (_seed, _seed, _random_query, _random_query, _naughty, _soup)
_CHANGES: tuple[Callable[[random.Random, str], str], ...] = (
    _insert, _insert, _insert, _cut, _cut, _swap, _splice, _nest, _repeat, _turn, _in_field, _lengthen,
)  # fmt: skip
