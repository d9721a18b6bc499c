"""Where an inspected file's bytes come from: ranges of it, asked for as needed, so that no file is held in memory."""

from dataclasses import dataclass
from typing import Protocol


class Source(Protocol):
    """Bytes by range. Reading never changes anything."""

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer where the file ends. At most 1 MiB at a time is asked for."""


@dataclass(frozen=True)
class InMemory:
    """Bytes that are at hand: a small member of an archive, already unpacked."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        return self.data[offset : offset + length]


@dataclass(frozen=True)
class Window:
    """A stretch of another source, as a file of its own: a member stored in an archive as it is."""

    of: Source
    start: int
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        return self.of.read(self.start + offset, max(0, min(length, self.size_bytes - offset)))
