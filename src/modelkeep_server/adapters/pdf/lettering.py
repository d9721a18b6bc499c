"""
Which characters the fonts can show, and what stands for the others: their number, such as `U+10A0`.

A file for screen readers must know each character it shows, so nothing is left as an empty box. Marks that turn the
direction of what follows come out as their number too: what is printed reads the way it is stored.

Source of the tables read: OpenType 1.9, `cmap`, formats 4 and 12.
"""

import re
import struct
from functools import cached_property
from pathlib import Path
from typing import Any

#: What has no shape of its own and steers how its neighbours join: joiners, isolates, marks of order, variations.
_SHAPELESS = frozenset({0x0A, 0xAD, 0x34F, 0x61C, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFE0E, 0xFE0F})
_BLANKS = {
    "\r\n": "\n",
    "\r": "\n",
    "\x0b": "\n",
    "\x0c": "\n",
    "\x85": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\t": "    ",
}
_NEVER = frozenset(
    {*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
)
_PLAIN = re.compile("[\x20-\x7e\n]*")
_BLANK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029\t]")


class Lettering:
    """What a folder of fonts can show."""

    def __init__(self, fonts: Path) -> None:
        self._fonts = fonts

    @cached_property
    def _shown(self) -> frozenset[int]:
        shown = set(_SHAPELESS)
        for font in sorted(self._fonts.glob("*.ttf")):
            shown |= read_characters(font.read_bytes())
        return frozenset(shown - _NEVER)

    def fit(self, data: Any) -> Any:
        """The same data with texts that can be shown."""
        if isinstance(data, str):
            return self._fit_text(data)
        if isinstance(data, dict):
            return {key: self.fit(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.fit(value) for value in data]
        return data

    def _fit_text(self, text: str) -> str:
        if _PLAIN.fullmatch(text):
            return text
        text = _BLANK.sub(lambda found: _BLANKS[found[0]], text)
        shown = self._shown
        return "".join(sign if ord(sign) in shown else f"U+{ord(sign):04X}" for sign in text)


def read_characters(font: bytes) -> set[int]:
    """The characters that a TrueType font has a shape for."""
    (count,) = struct.unpack_from(">H", font, 4)
    for place in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * place)
        if tag == b"cmap":
            return _read_map(font, offset)
    return set()


def _read_map(font: bytes, start: int) -> set[int]:
    (count,) = struct.unpack_from(">H", font, start + 2)
    tables = [start + struct.unpack_from(">HHL", font, start + 4 + 8 * place)[2] for place in range(count)]
    found: set[int] = set()
    for table in tables:
        (form,) = struct.unpack_from(">H", font, table)
        if form == 4:
            found |= _read_segments(font, table)
        elif form == 12:
            (groups,) = struct.unpack_from(">L", font, table + 12)
            for first, last, _ in struct.iter_unpack(">LLL", font[table + 16 : table + 16 + 12 * groups]):
                found.update(range(first, last + 1))
    return found


def _read_segments(font: bytes, table: int) -> set[int]:
    doubled = struct.unpack_from(">H", font, table + 6)[0]
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", font, table + 14)
    starts = struct.unpack_from(f">{count}H", font, table + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", font, table + 16 + 2 * doubled)
    offsets_at = table + 16 + 3 * doubled
    offsets = struct.unpack_from(f">{count}H", font, offsets_at)
    found: set[int] = set()
    for place, (first, last) in enumerate(zip(starts, ends, strict=True)):
        if first == 0xFFFF:
            continue
        if offsets[place] == 0:
            found.update(code for code in range(first, last + 1) if (code + deltas[place]) & 0xFFFF)
            continue
        at = offsets_at + 2 * place + offsets[place]
        glyphs = struct.unpack_from(f">{last - first + 1}H", font, at)
        found.update(first + step for step, glyph in enumerate(glyphs) if glyph)
    return found
