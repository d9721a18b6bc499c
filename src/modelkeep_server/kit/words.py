"""Cutting text into words the same way for both databases' indexes, and for what people type into the search box."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def split_words(text: str) -> list[str]:
    """
    The words of a text: NFKC, case folded, cut at everything that is no letter or digit, hyphens and underscores too.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _WORD.findall(unicodedata.normalize("NFKC", folded))  # folding takes some letters apart again
