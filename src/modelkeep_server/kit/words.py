"""Cutting text into words the same way for both databases' indexes, and for what people type into the search box."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
#: What is kept of a longer word; PostgreSQL takes none beyond 2,046 bytes.
WORD_CHARS_MAX = 100


def split_words(text: str) -> list[str]:
    """
    The words of a text: NFKC, case folded, cut at everything that is no letter or digit, hyphens and underscores too.

    Of a word longer than 100 characters the first 100 are kept.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = _WORD.findall(unicodedata.normalize("NFKC", folded))  # folding takes some letters apart again
    return [word[:WORD_CHARS_MAX] for word in words]


def fold_value(text: str) -> str:
    """What a whole value is compared by: without case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
