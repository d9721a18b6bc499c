"""
Several files as one ZIP, made while it is sent: stored, never compressed, since weights do not shrink.

Sizes are known beforehand and checksums are not, so these stand behind each file (data descriptors) and the size of the
whole is told before its first byte. Nothing is written to disk, and memory is a megabyte. Source: APPNOTE.TXT 6.3.10.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import RawIOBase
from typing import Any

#: What is sent at once at least, but for the end.
RUN_BYTES = 256 * 1024
_LOCAL, _CENTRAL, _END, _END_64 = 30, 46, 22, 56 + 20
_DESCRIPTOR, _DESCRIPTOR_64 = 16, 24
_EXTRA = 4


@dataclass(frozen=True)
class Entry:
    """One file of the ZIP: its path, its size in bytes, its time, and what gives its bytes, in order."""

    path: str
    size_bytes: int
    at: datetime
    read: Callable[[], Iterator[bytes | memoryview]]


class _Sink(RawIOBase):
    """Where `zipfile` writes to: what was written waits to be taken."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes | memoryview] = []
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(data)
        self.size_bytes += len(data)
        return len(data)

    def take(self) -> bytes | memoryview:
        taken = self._waiting
        self._waiting, self.size_bytes = [], 0
        return taken[0] if len(taken) == 1 else b"".join(taken)


def write_zip(entries: Sequence[Entry]) -> Iterator[bytes | memoryview]:
    """
    The bytes of a ZIP of these files, in this order. The same for the same files.

    Raises:
        What reading a file raises: then no end was given, so that nobody takes what they have for a whole ZIP.
        ValueError: A file has another size than was told.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.path, _dos_time(entry.at))
            info.external_attr, info.create_system = 0o644 << 16, 3
            with archive.open(info, "w", force_zip64=entry.size_bytes > zipfile.ZIP64_LIMIT) as member:
                sent = 0
                for run in entry.read():
                    member.write(run)
                    sent += len(run)
                    if sink.size_bytes >= RUN_BYTES:
                        yield sink.take()
            if sent != entry.size_bytes:
                raise ValueError(f"{entry.path} has {sent} bytes, not {entry.size_bytes}.")
    yield sink.take()


def size_of_zip(entries: Sequence[Entry]) -> int:
    """How many bytes `write_zip` gives, without reading any file."""
    limit = zipfile.ZIP64_LIMIT
    offset = central = 0
    for entry in entries:
        name = len(entry.path.encode())
        large, far = entry.size_bytes > limit, offset > limit
        words = 2 * large + far
        central += _CENTRAL + name + (_EXTRA + 8 * words if words else 0)
        offset += _LOCAL + name + (_EXTRA + 16 if large else 0) + entry.size_bytes
        offset += _DESCRIPTOR_64 if large else _DESCRIPTOR
    is_large = len(entries) > zipfile.ZIP_FILECOUNT_LIMIT or offset > limit or central > limit
    return offset + central + _END + (_END_64 if is_large else 0)


def _dos_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    utc = at.astimezone(UTC)
    return utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second
