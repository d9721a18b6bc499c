"""The Range header of HTTP: which bytes of a file are asked for."""

import re
from dataclasses import dataclass

_MOST_HEADER_CHARACTERS = 256
_SPEC = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")


@dataclass(frozen=True)
class Range:
    """Bytes `start` up to, not including, `end`; never empty."""

    start: int
    end: int


@dataclass(frozen=True)
class Unsatisfiable:
    """A well-formed range that lies outside the file of `size_bytes`: answer 416 with `Content-Range: bytes */size`."""

    size_bytes: int


def parse_range(header: str | None, size: int) -> Range | Unsatisfiable | None:
    """
    The one range that a Range header asks for in a file of `size` bytes.

    None means the whole file with status 200: no header, another unit, several ranges, or a malformed header, all of
    which a server may ignore. One range only, so that no header can multiply the work.

    Source: RFC 9110, sections 14.1.2 and 14.2.
    """
    if header is None or len(header) > _MOST_HEADER_CHARACTERS:
        return None
    unit, _, ranges = header.partition("=")
    specs = [spec for spec in (spec.strip(" \t") for spec in ranges.split(",")) if spec]
    if unit.strip(" \t").lower() != "bytes" or len(specs) != 1 or not (match := _SPEC.fullmatch(specs[0])):
        return None
    first, last = match.groups()
    if first:
        return _from_first(int(first), int(last) if last else None, size)
    return _from_suffix(int(last), size) if last else None


def _from_first(first: int, last: int | None, size: int) -> Range | Unsatisfiable | None:
    if last is not None and last < first:
        return None
    if first >= size:
        return Unsatisfiable(size)
    return Range(first, size if last is None else min(last + 1, size))


def _from_suffix(length: int, size: int) -> Range | Unsatisfiable | None:
    if length == 0:
        return Unsatisfiable(size)
    # Of an empty file any suffix is the whole, and Content-Range cannot name a range of no bytes.
    return Range(max(0, size - length), size) if size else None
