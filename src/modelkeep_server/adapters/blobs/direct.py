"""
Large files written and read past the system's cache, where system and file system let it (Linux; `open(2)`, O_DIRECT).

What is read back then comes from the disk and not from memory that the disk may never have had. And a file that nobody
reads soon takes no memory that others need.
"""

import errno
import fcntl
import mmap
import os
import threading
from collections.abc import Iterable, Iterator
from itertools import chain

from modelkeep_server.ports import BytesLike

#: Position, length and memory of every transfer are multiples of this; no disk asks for more.
_BLOCK = 4096
_STAGE_BYTES = 1024 * 1024
_LEAST_BYTES = 256 * 1024
_DIRECT = getattr(os, "O_DIRECT", 0)
_kept = threading.local()


def write_runs(opened: int, data: Iterable[BytesLike]) -> int:
    """Write runs to a file just made, empty, and give their size in bytes. Past the cache where the first is large."""
    runs = iter(data)
    first = next(runs, b"")
    if len(first) < _LEAST_BYTES or not _turn(opened, direct=True):
        return sum(_write(opened, memoryview(run)) for run in chain([first], runs))
    room = memoryview(mmap.mmap(-1, _STAGE_BYTES))
    size_bytes = filled = 0
    for piece in _cut(chain([first], runs)):
        took = min(len(piece), _STAGE_BYTES - filled)
        room[filled : filled + took] = piece[:took]
        filled += took
        if filled == _STAGE_BYTES:
            size_bytes += _write(opened, room)
            filled = len(piece) - took
            room[:filled] = piece[took:]
    # The last bytes fill no block; they go the common way.
    whole = filled - filled % _BLOCK
    size_bytes += _write(opened, room[:whole])
    _turn(opened, direct=False)
    size_bytes += _write(opened, room[whole:filled])
    return size_bytes


def borrow(opened: int, offset: int, length: int, *, fresh: bool) -> memoryview:
    """
    `length` bytes from `offset`, fewer where the file ends. They stand until the same thread borrows again: to take
    new memory for each megabyte costs more than to fill it.

    Args:
        fresh: Past the cache, where that can be.
    """
    before = offset % _BLOCK
    wanted = -(-(before + length) // _BLOCK) * _BLOCK
    room = _room_of(wanted)
    if fresh:
        _turn(opened, direct=True)
    got = _read(opened, room[:wanted], offset - before, before + length) if length else 0
    return room[min(before, got) : min(before + length, got)]


def _room_of(size_bytes: int) -> memoryview:
    room: memoryview | None = getattr(_kept, "room", None)
    if room is None or len(room) < size_bytes:
        room = _kept.room = memoryview(mmap.mmap(-1, max(size_bytes, _STAGE_BYTES + 2 * _BLOCK)))
    return room


def _cut(runs: Iterable[BytesLike]) -> Iterator[memoryview]:
    """The runs in pieces that each fit the stage."""
    for run in runs:
        rest = memoryview(run)
        while rest:
            yield rest[:_STAGE_BYTES]
            rest = rest[_STAGE_BYTES:]


def _turn(opened: int, *, direct: bool) -> bool:
    """Whether what follows goes as asked."""
    if not _DIRECT:
        return not direct
    flags = fcntl.fcntl(opened, fcntl.F_GETFL)
    try:
        fcntl.fcntl(opened, fcntl.F_SETFL, flags | _DIRECT if direct else flags & ~_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return True


def _write(opened: int, rest: memoryview) -> int:
    size_bytes = len(rest)
    while rest:
        try:
            rest = rest[os.write(opened, rest) :]
        except OSError as error:
            # A disk of larger blocks, or one that took half of one: on by the common way.
            if error.errno != errno.EINVAL or not _is_direct(opened):
                raise
            _turn(opened, direct=False)
    return size_bytes


def _read(opened: int, room: memoryview, offset: int, least: int) -> int:
    """Fill the room at least so far, or to the end of the file: a network's file system may give less at a time."""
    have = 0
    while have < least:
        try:
            got = os.preadv(opened, [room[have:]], offset + have)
        except OSError as error:
            if error.errno != errno.EINVAL or not _is_direct(opened):
                raise
            _turn(opened, direct=False)
            continue
        if not got:
            break
        have += got
    return have


def _is_direct(opened: int) -> bool:
    return bool(_DIRECT and fcntl.fcntl(opened, fcntl.F_GETFL) & _DIRECT)
