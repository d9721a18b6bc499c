"""
Reading bytes that anybody may have written: no more than asked for, 1 MiB at once, never past the end.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Literal

from modelkeep_server.inspection.source import Source

READ_MAX = 1024 * 1024
#: JSON up to this size is parsed as a whole, if it holds no more values than fit into little memory.
JSON_BYTES_MAX = 40 * READ_MAX
JSON_VALUES_MAX = 3_000_000
JSON_DEPTH_MAX = 64


class Misfit(Exception):
    """The bytes are not, or not strictly, of the format that is tried."""


#: What reading hostile bytes raises where they do not fit; anything else is a mistake of a reader.
FAULTS = (
    Misfit,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_exactly(source: Source, offset: int, length: int) -> bytes:
    """`length` bytes from `offset`, at most 1 MiB. Raises Misfit where there are fewer."""
    if offset < 0 or not 0 <= length <= READ_MAX or offset + length > source.size_bytes:
        raise Misfit
    data = source.read(offset, length)
    if len(data) != length:
        raise Misfit
    return data


def read_all(source: Source, *, limit: int, offset: int = 0, length: int | None = None) -> bytes:
    """A stretch of a source as a whole, read in pieces. Raises Misfit where it is longer than `limit` or not there."""
    length = source.size_bytes - offset if length is None else length
    if not 0 <= length <= limit or offset + length > source.size_bytes:
        raise Misfit
    pieces = (
        read_exactly(source, at, min(READ_MAX, offset + length - at)) for at in range(offset, offset + length, READ_MAX)
    )
    return b"".join(pieces)


def iterate(source: Source, *, limit: int | None = None) -> Iterator[bytes]:
    """The bytes of a source in pieces of at most 1 MiB, as far as `limit`."""
    end = source.size_bytes if limit is None else min(limit, source.size_bytes)
    for at in range(0, end, READ_MAX):
        yield read_exactly(source, at, min(READ_MAX, end - at))


class Cursor:
    """
    A place in a source; numbers read from it are little-endian, unless `order` is set. Small reads are taken from one
    piece of 64 KiB.
    """

    _PIECE = 64 * 1024

    order: Literal["little", "big"] = "little"

    def __init__(self, source: Source, at: int = 0, end: int | None = None) -> None:
        self.source = source
        self.at = at
        self.end = source.size_bytes if end is None else end
        self._piece = b""
        self._start = 0
        if not 0 <= at <= self.end <= source.size_bytes:
            raise Misfit

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self.end - self.at

    def take(self, length: int) -> bytes:
        """The next bytes, at most 1 MiB. Raises Misfit where there are fewer."""
        if not 0 <= length <= min(self.left, READ_MAX):
            raise Misfit
        begin = self.at - self._start
        if not 0 <= begin <= begin + length <= len(self._piece):
            self._start, begin = self.at, 0
            self._piece = self.source.read(self.at, min(max(length, self._PIECE), self.source.size_bytes - self.at))
        found = self._piece[begin : begin + length]
        if len(found) != length:
            raise Misfit
        self.at += length
        return found

    def skip(self, length: int) -> None:
        """Go on without reading. Raises Misfit past the end."""
        if not 0 <= length <= self.left:
            raise Misfit
        self.at += length

    def number(self, width: int) -> int:
        """An unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), self.order)

    def line(self, limit: int) -> bytes:
        """What stands before the next newline, which is passed. Raises Misfit where none comes within `limit`."""
        start, found = self.at, self.take(min(limit, self.left))
        length = found.find(b"\n")
        if length < 0:
            raise Misfit
        self.at = start + length + 1
        return found[:length]


def parse_json(data: bytes, *, unique_keys: bool = False) -> Any:
    """
    JSON as Python's parser takes it, within limits of size, number of values and depth.

    Raises Misfit, ValueError, RecursionError. `unique_keys`: an object that names a key twice does not fit.
    """
    if len(data) > JSON_BYTES_MAX or sum(map(data.count, (b",", b"[", b"{"))) > JSON_VALUES_MAX:
        raise Misfit
    value = json.loads(data, object_pairs_hook=_unique if unique_keys else None)
    if not _is_shallow(value):
        raise Misfit
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Misfit
    return found


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(JSON_DEPTH_MAX):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(part for part in item.values() if isinstance(part, dict | list))
            elif isinstance(item, list):
                inner.extend(part for part in item if isinstance(part, dict | list))
        if not inner:
            return True
        level = inner
    return False
