"""Reading a source from front to back, and looking into what is compressed without unpacking all of it."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from modelkeep_server.inspection.scanning.bounds import (
    MIB,
    RATIO_FROM_BYTES,
    RATIO_MAX,
    Broken,
    Budget,
    TooMuch,
)
from modelkeep_server.inspection.source import Source

_RUN = 256 * 1024
_SLICE = 64 * 1024
_PARTS_MAX = 1_000
#: What the highest level of xz takes to unpack, and a little more.
_LZMA_BYTES_MAX = 80 * MIB
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
    """What the standard library unpacks bzip2 and xz with; `_Zlib` is the same for the rest."""

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


@dataclass(frozen=True)
class Packing:
    """
    A way in which one file is packed. `start` is how it begins; `follows`: readers take several, one behind the other,
    for one.
    """

    begin: Callable[[], _Unpacker]
    start: bytes = b""
    follows: bool = False


GZIP = Packing(partial(_Zlib, 31), b"\x1f\x8b", follows=True)
ZLIB = Packing(partial(_Zlib, 15), b"\x78")
DEFLATE = Packing(partial(_Zlib, -15))
BZIP2 = Packing(bz2.BZ2Decompressor, b"BZh", follows=True)
XZ = Packing(partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _LZMA_BYTES_MAX), b"\xfd7zXZ\x00", follows=True)
LZMA = Packing(partial(lzma.LZMADecompressor, lzma.FORMAT_ALONE, _LZMA_BYTES_MAX), b"\x5d\x00\x00", follows=True)


def find_packing(head: bytes) -> Packing | None:
    """The way in which a file that begins so is packed, where joblib knows it and it can be looked into."""
    found = next((one for one in (GZIP, ZLIB, BZIP2, XZ, LZMA) if head.startswith(one.start)), None)
    # The second byte of zlib makes both a multiple of 31.
    return None if found is ZLIB and (len(head) < 2 or int.from_bytes(head[:2], "big") % 31) else found


class Inflated:
    """
    What was packed, unpacked as far as it is read, within the budget. A Source.

    `size_bytes` is what was declared, or for None what was found once it was read to the end. Kept in memory: at most
    what the budget allows. Raises TooMuch; Broken for what cannot be unpacked, is a bomb, or has not the declared size.
    """

    def __init__(self, packed: Source, budget: Budget, packing: Packing, *, declared: int | None = None) -> None:
        self._packed = packed
        self._budget = budget
        self._declared = declared
        self._packing = packing
        self._unpacker = packing.begin()
        self._data = bytearray()
        self._at = 0
        self._parts = 1
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
        packed, asked = b"", self._unpacker.needs_input
        if asked:
            packed = self._packed.read(self._at, _SLICE)
            self._at += len(packed)
        try:
            found = self._unpacker.decompress(packed, _RUN)
        except (zlib.error, lzma.LZMAError, OSError) as error:
            if "Memory usage limit" in str(error):
                raise TooMuch("It was packed in a way that takes much memory to unpack.") from error
            raise Broken("archive.broken", "What is compressed in it cannot be unpacked.") from error
        self._budget.take_bytes(len(found))
        self._data += found
        self._check(bool(packed or found) or not asked)

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
        more = self._packed.read(rest, 8)
        if not more:
            self._ended = True
        elif self._packing.follows and more.startswith(self._packing.start):
            self._at, self._unpacker = rest, self._packing.begin()
            self._parts += 1
            if self._parts > _PARTS_MAX:
                raise TooMuch(f"It is packed in more than {_PARTS_MAX:,} parts.")
        else:
            raise Broken("archive.tail", "Other bytes follow what is compressed.")
        if self._ended and self._declared is not None and len(self._data) != self._declared:
            raise Broken("archive.sizes", "What is compressed in it is shorter than declared.")


def bomb() -> Broken:
    """A file that would grow beyond measure."""
    return Broken("archive.bomb", f"It would grow to more than {RATIO_MAX} times its size when unpacked.")
