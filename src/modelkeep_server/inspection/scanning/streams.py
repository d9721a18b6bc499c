"""Reading a source from front to back, and looking into what is compressed without unpacking all of it."""

import zlib
from typing import Protocol

from modelkeep_server.inspection.scanning.bounds import RATIO_FROM_BYTES, RATIO_MAX, Broken, Budget
from modelkeep_server.inspection.source import Source

_RUN = 256 * 1024
_SLICE = 64 * 1024
READ_MAX = 1024 * 1024


class Stream:
    """
    The bytes of a source in order. Holds a quarter of a megabyte; what is skipped is not even read.

    Raises EOFError where the source ends within what is asked for.
    """

    def __init__(self, source: Source, position: int = 0) -> None:
        self.source = source
        self.position = position
        self._run = b""
        self._start = position

    def read(self, length: int) -> bytes:
        """The next `length` bytes, at most 1 MiB."""
        if length > READ_MAX:
            raise ValueError("Too much at once.")
        found = self.peek(length)
        if len(found) < length:
            raise EOFError
        self.position += length
        return found

    def peek(self, length: int) -> bytes:
        """The next bytes, fewer at the end, without going on."""
        at = self.position - self._start
        if not 0 <= at <= at + length <= len(self._run):
            self._start, at = self.position, 0
            self._run = self.source.read(self.position, max(length, _RUN))
        return self._run[at : at + length]

    def byte(self) -> int:
        """The next byte, -1 at the end."""
        at = self.position - self._start
        if not 0 <= at < len(self._run):
            self._start, at = self.position, 0
            self._run = self.source.read(self.position, _RUN)
            if not self._run:
                return -1
        self.position += 1
        return self._run[at]

    def line(self, limit: int) -> bytes | None:
        """What stands before the next newline, which is passed; None where that is longer than `limit`."""
        found = self.peek(limit + 1)
        at = found.find(b"\n")
        if at >= 0:
            self.position += at + 1
            return found[:at]
        while found:
            self.position += len(found)
            found = self.peek(_RUN)
            at = found.find(b"\n")
            if at >= 0:
                self.position += at + 1
                return None
        raise EOFError

    def skip(self, length: int) -> None:
        """Pass over bytes that are there."""
        if self.position + length > self.source.size_bytes and self.source.read(self.position + length - 1, 1) == b"":
            raise EOFError
        self.position += length


class _Unpacker(Protocol):
    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Inflated:
    """
    What deflate, zlib or gzip packed, unpacked as far as it is read, within the budget. A Source.

    `size_bytes` is what was declared, or for None what was found once it was read to the end. Kept in memory: at most
    what the budget allows. Raises TooMuch; Broken for what cannot be unpacked, is a bomb, or has not the declared size.
    """

    def __init__(self, packed: Source, budget: Budget, *, wbits: int, declared: int | None = None) -> None:
        self._packed = packed
        self._budget = budget
        self._declared = declared
        self._wbits = wbits
        self._unpacker: _Unpacker = zlib.decompressobj(wbits)
        self._data = bytearray()
        self._at = 0
        self._ended = False
        if declared is not None and declared > RATIO_FROM_BYTES and declared > RATIO_MAX * max(1, packed.size_bytes):
            raise bomb()

    @property
    def size_bytes(self) -> int:
        """How many bytes there are, as declared; else as found by unpacking all."""
        if self._declared is not None:
            return self._declared
        while not self._ended:
            self._more()
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        while not self._ended and len(self._data) < offset + length:
            self._more()
        return bytes(self._data[offset : offset + length])

    def _more(self) -> None:
        packed = self._unpacker.unconsumed_tail
        if not packed:
            packed = self._packed.read(self._at, _SLICE)
            self._at += len(packed)
        try:
            found = self._unpacker.decompress(packed, _RUN)
        except zlib.error as error:
            raise Broken("archive.broken", "What is compressed in it cannot be unpacked.") from error
        self._budget.take_bytes(len(found))
        self._data += found
        self._check(bool(packed or found))

    def _check(self, moved: bool) -> None:
        size = len(self._data)
        if size > RATIO_FROM_BYTES and size > RATIO_MAX * max(1, self._at):
            raise bomb()
        if self._declared is not None and size > self._declared:
            raise Broken("archive.sizes", "What is compressed in it is longer than declared.")
        if self._unpacker.eof:
            self._follow()
        elif not moved:
            raise Broken("archive.broken", "What is compressed in it ends early.")

    def _follow(self) -> None:
        rest = self._at - len(self._unpacker.unused_data)
        more = self._packed.read(rest, 2)
        if not more:
            self._ended = True
        elif self._wbits == GZIP and more == b"\x1f\x8b":
            # gzip files may stand one after the other, and readers take them for one.
            self._at, self._unpacker = rest, zlib.decompressobj(self._wbits)
        else:
            raise Broken("archive.tail", "Other bytes follow what is compressed.")
        if self._ended and self._declared is not None and len(self._data) != self._declared:
            raise Broken("archive.sizes", "What is compressed in it is shorter than declared.")


GZIP, ZLIB, DEFLATE = 31, 15, -15


def find_packing(head: bytes) -> int | None:
    """GZIP or ZLIB, where content that begins so is packed in that way (RFC 1952, RFC 1950); else None."""
    if head[:2] == b"\x1f\x8b":
        return GZIP
    if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0:
        return ZLIB
    return None


def bomb() -> Broken:
    """A file that would grow beyond measure."""
    return Broken("archive.bomb", f"It would grow to more than {RATIO_MAX} times its size when unpacked.")
