"""
The frame of a ZIP file that is sent while it is made: stored entries whose checksum follows them.

Nothing is compressed, so that the length of the whole is known before a byte is sent. Names are UTF-8. An entry, or an
archive, beyond 4 GiB takes the ZIP64 form. Source: PKWARE APPNOTE 6.3.10, 4.3 to 4.5.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

#: The fields of 32 and 16 bits hold less than these; all ones mean that the true value stands in the ZIP64 fields.
_FULL, _FULL_SHORT = 0xFFFFFFFF, 0xFFFF
_PLAIN_NEEDS, _ZIP64_NEEDS = 20, 45
_MADE_ON_UNIX = 3 << 8
_PLAIN_FILE = 0o100644 << 16
#: The checksum follows the bytes (bit 3); the name is UTF-8 (bit 11).
_FLAGS = 1 << 3 | 1 << 11


@dataclass(frozen=True)
class Entry:
    """A file in the archive: its name with folders, its size in bytes, and when it was made."""

    name: str
    size_bytes: int
    at: datetime


class ZipFrame:
    """What stands around the bytes of entries, in order: `begin`, then the bytes, then `end`; at last `close`."""

    def __init__(self) -> None:
        self._at = 0
        self._records: list[bytes] = []

    def begin(self, entry: Entry) -> bytes:
        """What stands before the bytes of an entry."""
        self._entry, self._starts = entry, self._at
        name = entry.name.encode()
        is_big = _is_big(entry)
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if is_big else b""
        size = _FULL if is_big else 0
        head = struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", _ZIP64_NEEDS if is_big else _PLAIN_NEEDS, _FLAGS, 0, *_dos_moment(entry.at),
            0, size, size, len(name), len(extra),
        )  # fmt: skip
        self._at += len(head) + len(name) + len(extra) + entry.size_bytes
        return head + name + extra

    def end(self, crc: int) -> bytes:
        """What stands after the bytes of the entry that was begun. `crc` is their CRC-32."""
        entry, size = self._entry, self._entry.size_bytes
        told = struct.pack("<4sLQQ" if _is_big(entry) else "<4sLLL", b"PK\x07\x08", crc, size, size)
        self._at += len(told)
        self._records.append(self._record(entry, crc))
        return told

    def close(self) -> bytes:
        """The list of all entries, and the end of the archive."""
        count, begins, listed = len(self._records), self._at, b"".join(self._records)
        ends = b""
        if count >= _FULL_SHORT or begins >= _FULL or len(listed) >= _FULL:
            ends = struct.pack(
                "<4sQ2H2L4Q", b"PK\x06\x06", 44, _MADE_ON_UNIX | _ZIP64_NEEDS, _ZIP64_NEEDS, 0, 0, count, count,
                len(listed), begins,
            ) + struct.pack("<4sLQL", b"PK\x06\x07", 0, begins + len(listed), 1)  # fmt: skip
        short = min(count, _FULL_SHORT)
        ends += struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, short, short, min(len(listed), _FULL), min(begins, _FULL), 0
        )
        self._at += len(listed) + len(ends)
        return listed + ends

    @property
    def size_bytes(self) -> int:
        """How long the archive is up to here, with the bytes of its entries."""
        return self._at

    def _record(self, entry: Entry, crc: int) -> bytes:
        name, size = entry.name.encode(), entry.size_bytes
        big = [size, size] if _is_big(entry) else []
        if self._starts >= _FULL:
            big.append(self._starts)
        extra = struct.pack(f"<HH{len(big)}Q", 1, 8 * len(big), *big) if big else b""
        needs = _ZIP64_NEEDS if big else _PLAIN_NEEDS
        short = min(size, _FULL)
        return struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", _MADE_ON_UNIX | needs, needs, _FLAGS, 0, *_dos_moment(entry.at), crc, short,
            short, len(name), len(extra), 0, 0, 0, _PLAIN_FILE, min(self._starts, _FULL),
        ) + name + extra  # fmt: skip


def measure(entries: Iterable[Entry]) -> int:
    """How long an archive of these entries is, in bytes."""
    frame = ZipFrame()
    for entry in entries:
        frame.begin(entry)
        frame.end(0)
    frame.close()
    return frame.size_bytes


def _is_big(entry: Entry) -> bool:
    return entry.size_bytes >= _FULL


def _dos_moment(at: datetime) -> tuple[int, int]:
    """Time and day as DOS counts them: in UTC, by two seconds, from 1980 to 2107."""
    moment = at.astimezone(UTC)
    year = min(max(moment.year, 1980), 2107)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (year - 1980) << 9 | moment.month << 5 | moment.day
