"""
Two words side by side as one: the letters where they meet, from there outwards, of each word in turn.

`fraud detector` is `ddueat`, which is all that `*aud-det*` says of it, and begins as `*ud-de*` does.
"""

from itertools import pairwise

#: So many letters of each word.
LETTERS = 3
#: Stands for a letter that a word does not have. No word holds it.
NO_LETTER = "¶"
_NO_LETTERS = NO_LETTER * LETTERS


def pair_words(*texts: str) -> str:
    """Every pair of the words of texts, each once. Words stand a blank apart; none is beside a `¶`."""
    found = set[str]()
    for text in texts:
        words = text.split(" ")
        if len(words) > 1:
            ends = [((word[: -LETTERS - 1 : -1] + _NO_LETTERS), (word + _NO_LETTERS)) for word in words]
            for (last, one), (_, other) in pairwise(ends):
                if one[0] != NO_LETTER != other[0]:
                    found.add(last[0] + other[0] + last[1] + other[1] + last[2] + other[2])
    return " ".join(sorted(found))
