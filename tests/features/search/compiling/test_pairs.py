"""What is told of two words side by side by the letters where they meet."""

import re
from itertools import product

from modelkeep_server.features.search.compiling.pairs import meeting_of
from modelkeep_server.features.search.compiling.shapes import glob_of
from modelkeep_server.features.search.language.tree import Fit, Pattern
from modelkeep_server.kit.pairs import pair_words

_LONGEST = 4
WORDS = ["".join(letters) for size in range(1, _LONGEST + 1) for letters in product("ab", repeat=size)]
TEXTS = ["a", "ab", "abb", "abba"]
PATTERNS = [
    *(Pattern(text) for text in TEXTS),
    *(Pattern(text, Fit.BEGINNING) for text in TEXTS),
    *(Pattern(form.format(text), Fit.WILD) for text in TEXTS for form in ("*{}", "{}*", "*{}*", "?{}", "{}?", "a*{}")),
    Pattern("*", Fit.WILD),
]


def _as_regex(pattern: Pattern) -> re.Pattern[str]:
    return re.compile(glob_of(pattern).replace("*", ".*").replace("?", "."))


def test_letters_where_two_words_meet_stand_wherever_they_fit_and_nowhere_else_where_they_are_exact() -> None:
    """Whatever is told of either word: whole, begun, or with wildcards; words of one letter to four."""
    fitting = {one: {word for word in WORDS if _as_regex(one).fullmatch(word)} for one in PATTERNS}
    pairs = {two: pair_words(" ".join(two)) for two in product(WORDS, repeat=2)}
    told = {two: meeting for two in product(PATTERNS, repeat=2) if (meeting := meeting_of(*two)) is not None}

    for (one, other), meeting in told.items():
        is_found = {two for two, pair in pairs.items() if pair.startswith(meeting.letters)}
        fits = set(product(fitting[one], fitting[other]))
        assert fits <= is_found, (one, other, meeting)
        assert not meeting.is_exact or fits == is_found, (one, other, meeting)
    assert {meeting.is_exact for meeting in told.values()} == {True, False}
