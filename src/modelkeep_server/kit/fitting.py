"""Text that has to fit: into XML, into one line, and into a width that no browser is there to measure."""

import unicodedata

ELLIPSIS = "…"
#: Widths of glyphs in parts of the size of the type, as Geist has them with figures of one width; the rest is as
#: wide as "n".
_WIDTHS = {
    **dict.fromkeys("',.!i `j|()Il", 0.26),
    **dict.fromkeys(':;"[]rft{}-*^', 0.38),
    **dict.fromkeys("\\/#s~", 0.5),
    **dict.fromkeys("<=>ZvyzTac+?_e", 0.555),
    **dict.fromkeys("0123456789$KPSX&JE", 0.63),
    **dict.fromkeys("ABCDGHNOQRUV", 0.7),
    **dict.fromkeys("%w", 0.82),
    **dict.fromkeys("MmW@", 0.92),
}
_WIDTH, _WIDTH_OTHER, _WIDTH_WIDE = 0.595, 0.68, 1.05
#: What joins a character to the one before it.
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
#: No text that is to fit somewhere is longer; the rest is not looked at.
_MEASURED_MAX = 400


def clean(text: str) -> str:
    """
    Text that may stand in XML and in one line. Control characters and what is no character are replaced, and so are
    those that turn the direction of what follows.

    Source: XML 1.0, section 2.2.
    """
    return "".join(" " if c in "\t\r\n\u2028\u2029" else "\ufffd" if _is_unfit(c) else c for c in text)


def measure(text: str, size: float) -> float:
    """How wide a text is likely to be at a size of type."""
    return sum(map(_advance, text)) * size


def clip(text: str, width: float, size: float) -> str:
    """As much of a text as is likely to fit into a width, with an ellipsis if it was cut; never half a character."""
    if len(text) <= _MEASURED_MAX and measure(text, size) <= width:
        return text
    room, kept = width - _advance(ELLIPSIS) * size, 0
    for c in text[:_MEASURED_MAX]:
        room -= _advance(c) * size
        if room < 0:
            break
        kept += 1
    while kept and _is_joined(text, kept):
        kept -= 1
    return text[:kept].rstrip() + ELLIPSIS


def _is_joined(text: str, at: int) -> bool:
    """Whether what stands there belongs to what stands before it."""
    return text[at - 1] == "\u200d" or (at < len(text) and _advance(text[at]) == 0)


def _is_unfit(c: str) -> bool:
    if c.isascii():
        return c < " " or c == "\x7f"
    turns = "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"
    return turns or c in "\ufffe\uffff" or unicodedata.category(c) in ("Cc", "Cs", "Cn")


def _advance(c: str) -> float:
    """The width of a character, in parts of the size of the type."""
    if c.isascii():
        return _WIDTHS.get(c, _WIDTH)
    if c in _JOINERS or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return _WIDTH_WIDE if unicodedata.east_asian_width(c) in "WF" else _WIDTH_OTHER
