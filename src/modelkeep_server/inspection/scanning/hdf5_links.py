"""
What in an HDF5 file leads to other files, which whoever reads it would open: external links, datasets whose bytes stand
elsewhere, virtual datasets.

Messages of object headers are never compressed, so that each stands in the bytes as the specification lays it out;
numbers that happen to look alike point nowhere. Source: HDF5 File Format Specification 3.0, IV.A.2.g, h, i.
"""

import re

from modelkeep_server.inspection.source import Source

#: Within how many bytes a place is known for what it may be.
REACH = 64
#: A link message: version 1, flags by which a kind of link is told, and the kind 64.
_LINK = re.compile(rb"\x01([\x08-\x0f\x18-\x1f])\x40", re.DOTALL)
#: From the kind of a message to its begin: headers of version 1; of version 2, without and with an order of creation.
_HEADERS = (rb"\x00.{6}", rb".{3}", rb".{5}")
_NAME_MAX = 65_536


class Outside:
    """Looks for such places in runs of a file. `width`: bytes of an address, 4 or 8."""

    def __init__(self, source: Source, width: int) -> None:
        self._source = source
        # No file has 2^40 bytes, so that the last of eight bytes are zeros.
        address = rb"(.{4})" if width == 4 else rb"(.{5}\x00{3})"
        # Version 1, three bytes that nobody reads, slots, those in use, where the names stand.
        lists = (rb"\x07(?=" + header + rb"\x01.{3}..(?!\x00\x00).." + address + rb")" for header in _HEADERS)
        # Version 4 or later, class 3, where the sources stand.
        virtual = (rb"\x08(?=" + header + rb"[\x04-\x06]\x03" + address + rb")" for header in _HEADERS)
        self._pointers = [(re.compile(one, re.DOTALL), b"HEAP", "stand in") for one in lists]
        self._pointers += [(re.compile(one, re.DOTALL), b"GCOL", "are put together from") for one in virtual]

    def find(self, run: bytes, begins: int) -> str | None:
        """What leads to another file from a run that begins there, in words; None where nothing does."""
        for hit in _LINK.finditer(run):
            place = self._read_link(begins + hit.end(), hit[1][0])
            if place is not None:
                return f"It has a link to another file, {place}."
        for pattern, start, words in self._pointers:
            for hit in pattern.finditer(run):
                at = int.from_bytes(hit[1], "little")
                if 0 < at < self._source.size_bytes and self._source.read(at, 4) == start:
                    return f"It has data that {words} other files."
        return None

    def _read_link(self, at: int, flags: int) -> str | None:
        at += 8 * bool(flags & 0x04) + bool(flags & 0x10)
        width = 1 << (flags & 3)
        length = int.from_bytes(self._source.read(at, width), "little")
        if not 0 < length <= _NAME_MAX:
            return None
        name = self._source.read(at + width, length + 2)
        told = self._source.read(at + width + length + 2, int.from_bytes(name[length:], "little"))
        place, ended, inner = told[1:].partition(b"\x00")
        if b"\x00" in name[:length] or told[:1] != b"\x00" or not ended or not place or inner[:1] in (b"", b"\x00"):
            return None
        try:
            shown = place.decode()
        except UnicodeDecodeError:
            return None
        return shown if shown.isprintable() else None
