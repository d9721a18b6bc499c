"""
Words and values as a reader compares them, told letter by letter from Unicode's own tables.

Written apart from `kit/words.py` on purpose, so that a fault of one is not a fault of both.
"""

import unicodedata
from functools import lru_cache

#: Of which scripts marks above and below letters do not count.
_BARE = ("LATIN ", "GREEK ", "CYRILLIC ")
#: What is kept of a word.
_LONGEST = 100
#: How many texts are remembered: a few dozen models are asked thousands of times.
_REMEMBERED = 20_000


@lru_cache(_REMEMBERED)
def bare(text: str) -> str:
    """A text without case, widths, ligatures, and without the accents of Latin, Greek and Cyrillic letters."""
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    base = ""
    for letter in unicodedata.normalize("NFD", same):
        if unicodedata.combining(letter) == 0:
            base = letter
        elif unicodedata.name(base or " ", "").startswith(_BARE):
            continue
        kept.append(_without_stroke(letter))
    return unicodedata.normalize("NFC", "".join(kept))


def _without_stroke(letter: str) -> str:
    """What Unicode calls one letter WITH a stroke, hook or tail is that letter: `ł` is `l`."""
    name = unicodedata.name(letter, "")
    return unicodedata.lookup(name.split(" WITH ")[0]) if name.startswith(_BARE) and " WITH " in name else letter


@lru_cache(_REMEMBERED)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in order: runs of letters and digits; each ideograph, kana and symbol is one."""
    found: list[str] = []
    run = ""
    for letter in bare(text):
        alone = _stands_alone(letter)
        is_part = letter.isalnum() or unicodedata.category(letter).startswith("M")
        if is_part and not alone:
            run += letter
            continue
        if run:
            found.append(run[:_LONGEST])
        run = ""
        if alone:
            found.append(letter)
    return (*found, run[:_LONGEST]) if run else tuple(found)


def _stands_alone(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    written_without_blanks = name.startswith(
        ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA ", "KATAKANA ")
    )
    return written_without_blanks or unicodedata.category(letter) == "So"


@lru_cache(_REMEMBERED)
def is_like(text: str, pattern: str) -> bool:
    """The whole text is as the pattern has it, where `*` is any letters or none and `?` is one."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(is_like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and is_like(text[1:], pattern[1:])
