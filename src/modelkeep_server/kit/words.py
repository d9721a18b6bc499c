"""
Texts folded and cut into words, the same way for both databases' indexes and for what people type into a search box.

What looks alike is alike: case, width, ligatures, and the accents of Latin, Greek and Cyrillic are of no account.
"""

import unicodedata

#: What is kept of a longer word; PostgreSQL takes none beyond 2,046 bytes.
WORD_CHARS_MAX = 100

#: Letters that no normal form takes apart, beside those that Unicode calls one letter WITH a stroke, hook or tail.
_LETTERS = {"æ": "ae", "œ": "oe", "ı": "i", "ȷ": "j", "ð": "d", "þ": "th", "ŋ": "n"}
_ACCENTED = ("LATIN ", "GREEK ", "CYRILLIC ")
#: Marks that no script owns, and those of Cyrillic: accents above and below, rings around.
_ACCENTS = ((0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x2DE0, 0x2DFF),
            (0xA66F, 0xA67D), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xE0100, 0xE01EF))  # fmt: skip
#: Scripts written without blanks, whose characters are words: ideographs, kana and their marks of repetition.
_IDEOGRAPHS = ((0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303C), (0x3041, 0x309F), (0x30A1, 0x30FA),
               (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
               (0x16FE3, 0x16FE3), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFD))  # fmt: skip
#: Sounds of kana that could not be joined to a letter, and tones of ideographs: left out, since no word begins so.
_TONES = ((0x302A, 0x302F), (0x3099, 0x309C))
_ZERO_WIDTH_SPACE = "\u200b"
#: So many characters are kept in mind: more than texts of some languages have, fewer than somebody could send.
_REMEMBERED_MAX = 40_000


class _Folding(dict[int, str]):
    """What becomes of each character, found out when it is first met. Those of `kept` stay as they are."""

    def __init__(self, *, cuts: bool, kept: str = "") -> None:
        super().__init__({ord(char): char for char in kept})
        self._cuts = cuts

    def __missing__(self, code: int) -> str:
        told = "".join(self._fold(char) for char in _take_apart(chr(code)))
        if len(self) < _REMEMBERED_MAX:
            self[code] = told
        return told

    def _fold(self, char: str) -> str:
        code, category = ord(char), unicodedata.category(char)
        if (category == "Cf" and char != _ZERO_WIDTH_SPACE) or _is_within(code, _TONES):
            return ""
        if category in {"Cc", "Cs"} or char == _ZERO_WIDTH_SPACE:
            return " "
        if not self._cuts:
            return char
        if _is_within(code, _IDEOGRAPHS) or category == "So":
            return f" {char} "
        return char if char.isalnum() or category[0] == "M" else " "


def split_words(text: str) -> list[str]:
    """
    The words of a text: folded, and cut at all that is no letter or digit, hyphens and underscores too.

    An ideograph, a kana and a symbol such as an emoji is each a word of its own. Marks of scripts that write vowels so
    stay in their word. Of a word longer than 100 characters the first 100 are kept.
    """
    return _cut(text, _WORDS)


def split_patterns(text: str) -> list[str]:
    """The words of a text in which `*` and `?` count as letters."""
    return _cut(text, _PATTERNS)


def fold_value(text: str) -> str:
    """A whole value as it is compared: folded like words, a run of blanks as one, punctuation as it is."""
    return " ".join(_fold_case(text).translate(_VALUES).split())


def _cut(text: str, folding: _Folding) -> list[str]:
    words = _fold_case(text).translate(folding).split()
    if len(text) > WORD_CHARS_MAX:
        return [word[:WORD_CHARS_MAX] for word in words]
    return words


def _fold_case(text: str) -> str:
    """Case and width folded. A text of ASCII alone, as most are, is spared the rest."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _take_apart(char: str) -> str:
    """The letters of one folded character without their accents, composed again where another script composes them."""
    apart = [part for part in unicodedata.normalize("NFKD", char) if not _is_within(ord(part), _ACCENTS)]
    plain = "".join(_LETTERS.get(part) or _find_plain(part) for part in apart)
    return unicodedata.normalize("NFC", plain)


def _find_plain(char: str) -> str:
    """`ø` is called LATIN SMALL LETTER O WITH STROKE: it is the letter before WITH."""
    name = unicodedata.name(char, "")
    if not name.startswith(_ACCENTED) or " WITH " not in name:
        return char
    try:
        return _take_apart(unicodedata.lookup(name.partition(" WITH ")[0]).casefold())
    except KeyError:
        return char


def _is_within(code: int, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in spans)


_WORDS = _Folding(cuts=True)
_PATTERNS = _Folding(cuts=True, kept="*?")
_VALUES = _Folding(cuts=False)
