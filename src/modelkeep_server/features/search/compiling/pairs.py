"""What is told of two words side by side, as the pairs by which they are found (kit/pairs.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from modelkeep_server.features.search.compiling.shapes import begin_of, end_of
from modelkeep_server.features.search.language.tree import Fit, Pattern
from modelkeep_server.kit.pairs import LETTERS, NO_LETTER

#: Of fewer letters than these a pair tells too little.
_TOLD_MIN = 4
_WHOLE = 2 * LETTERS
#: The same where words are asked for besides.
_MET_MIN = 3


@dataclass(frozen=True)
class Meeting:
    """The letters where two words side by side meet. Where these are all that is told of them it `is_exact`."""

    letters: str
    is_exact: bool

    @property
    def is_whole(self) -> bool:
        """Whether none are missing."""
        return len(self.letters) == _WHOLE


def meeting_of(one: Pattern, other: Pattern) -> Meeting | None:
    """What is known of it; None where that is too little."""
    letters = "" if one.fit is Fit.BEGINNING else _begin_of_pair(one, other)
    if len(letters) < _MET_MIN:
        return None
    last, ends = end_of(one), one.text == f"*{end_of(one)}"
    first, begins = begin_of(other), other.fit is Fit.BEGINNING or other.text == f"{begin_of(other)}*"
    # A word that is shorter than the letters of a pair is known by what stands for those that it lacks.
    is_one = len(last) <= (len(letters) + 1) // 2 - (not ends) and (ends or one.fit is Fit.WHOLE)
    is_other = len(first) <= len(letters) // 2 - (not begins) and (begins or other.fit is Fit.WHOLE)
    return Meeting(letters, is_one and is_other)


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
