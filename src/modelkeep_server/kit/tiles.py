"""
A log as static files: C2SP tlog-tiles. Tiles of 256 hashes by level, and the entries behind the lowest level.

`tile/<level>/<n>` holds 256 hashes, `tile/<level>/<n>.p/<w>` the last `w` of a level; `tile/entries/<n>` holds the
entries themselves, each behind its length as two bytes, big-endian.
"""

from collections.abc import Callable, Iterable, Iterator

from modelkeep_server.kit.merkle import Leaves, fold

WIDTH = 256
ENTRY_BYTES_MAX = 2**16 - 1

#: Gives the entries from `start` up to, not including, `end`.
Entries = Callable[[int, int], Iterable[bytes]]


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """The path of a tile; `level` is a number or `entries`. 1234067 is x001/x234/067."""
    digits = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        digits.insert(0, f"x{number % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(digits)}{partial}"


def frame(entry: bytes) -> bytes:
    """An entry behind its length. Raises ValueError from 64 KiB on."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise ValueError(f"An entry of {len(entry)} bytes is larger than {ENTRY_BYTES_MAX}.")
    return len(entry).to_bytes(2, "big") + entry


def write_tiles(size: int, leaves: Leaves, entries: Entries) -> Iterator[tuple[str, bytes]]:
    """
    Every tile of a log of `size` entries, as (path, content): entries first, then the levels from below.

    Reads the log in runs of 256, twice in parallel at most; memory is one run, and 32 bytes for each 256 entries.
    """
    for number, (start, end) in enumerate(_runs(size)):
        yield tile_path("entries", number, end - start), b"".join(map(frame, entries(start, end)))
    level, count, below = 0, size, leaves
    while count:
        hashes: list[bytes] = []
        for number, (start, end) in enumerate(_runs(count)):
            tile = list(below(start, end))
            yield tile_path(level, number, end - start), b"".join(tile)
            if len(tile) == WIDTH:
                hashes.append(fold(tile))
        level, count = level + 1, len(hashes)
        below = _slices(hashes)


def _runs(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, WIDTH):
        yield start, min(start + WIDTH, count)


def _slices(hashes: list[bytes]) -> Leaves:
    return lambda start, end: hashes[start:end]
