"""What wildcards tell of two words side by side, as the pairs by which SQLite finds them (kit/pairs.py)."""

from collections.abc import Sequence
from itertools import pairwise

from modelkeep_server.features.search.compiling.shapes import begin_of, end_of
from modelkeep_server.features.search.language.tree import Fit, Pattern
from modelkeep_server.kit.pairs import LETTERS, NO_LETTER

#: Of fewer letters than these a pair tells too little.
_TOLD_MIN = 4
_WHOLE = 2 * LETTERS


def pairs_of(patterns: Sequence[Pattern]) -> list[tuple[str, bool]]:
    """The pairs that are there wherever such words are, and whether each is whole or only begins so."""
    if all(pattern.fit is not Fit.WILD for pattern in patterns):
        return []
    told = dict.fromkeys(_begin_of_pair(one, other) for one, other in pairwise(patterns))
    return [(pair, len(pair) == _WHOLE) for pair in told if len(pair) >= _TOLD_MIN]


def _begin_of_pair(one: Pattern, other: Pattern) -> str:
    last, first = end_of(one)[::-1], begin_of(other)
    if one.fit is Fit.WHOLE:
        last += NO_LETTER * LETTERS
    if other.fit is Fit.WHOLE:
        first += NO_LETTER * LETTERS
    letters = ""
    for place in range(LETTERS):
        for known in (last, first):
            if place >= len(known):
                return letters
            letters += known[place]
    return letters
