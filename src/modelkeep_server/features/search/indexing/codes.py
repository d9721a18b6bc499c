"""The codes under which values stand in `search_models.facets`: the letter of their field and their number."""

from collections.abc import Iterator
from functools import lru_cache

#: How many characters a code has.
CODE_CHARS = 8
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
DIGITS_COUNT = 6
#: So many of the last rows of `search_renewals` are kept: where more were added since, no codes are remembered.
RENEWALS_MAX = 10_000


@lru_cache(maxsize=65_536)
def code_of(letter: str, value_id: int) -> str:
    """
    The code of a value: a letter of `language/fields.py`, six digits in base 36, and a blank.

    Only the letter is upper case, so that codes can stand side by side and none is found across two of them.
    """
    digits = []
    for _ in range(DIGITS_COUNT):
        value_id, digit = divmod(value_id, 36)
        digits.append(DIGITS[digit])
    return letter + "".join(reversed(digits)) + " "


def read_code(code: str) -> tuple[str, int]:
    """The letter and the number of a code."""
    return code[0], int(code[1:], 36)


def split_codes(facets: str) -> Iterator[str]:
    """The codes that stand side by side."""
    return (facets[start : start + CODE_CHARS] for start in range(0, len(facets), CODE_CHARS))
