"""
Protocol Buffers on the wire: fields one after the other, of which only those that matter are read.

Source: protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.inspection.readers.bounded import READ_MAX, Cursor, Misfit
from modelkeep_server.inspection.source import Source

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIELDS_MAX = 5_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: its number and kind, the number itself for VARINT, else where its bytes stand."""

    number: int
    kind: int
    value: int
    start: int
    end: int


class Message:
    """A message within a source, from `start` to `end`. Walking it raises Misfit where it does not end there."""

    def __init__(self, source: Source, start: int = 0, end: int | None = None) -> None:
        self.source = source
        self.start = start
        self.end = source.size_bytes if end is None else end

    def walk(self, allowed: Mapping[int, int] | None = None) -> Iterator[Entry]:
        """
        Its fields in order.

        Args:
            allowed: The kind that each number has; another number or kind is a Misfit. None allows all.
        """
        cursor = Cursor(self.source, self.start, self.end)
        for _ in range(_FIELDS_MAX):
            if not cursor.left:
                return
            key = _varint(cursor)
            number, kind = key >> 3, key & 7
            if not 0 < number < 1 << 29:
                raise Misfit
            # Numbers in a row may be packed into one field, and readers take both.
            if (
                allowed is not None
                and allowed.get(number) not in (kind, (kind,))
                and not _may_be_packed(allowed, number, kind)
            ):
                raise Misfit
            yield _entry(cursor, number, kind)
        raise Misfit

    def inner(self, entry: Entry) -> "Message":
        """The message in a field. Raises Misfit where it holds none."""
        if entry.kind != LENGTH:
            raise Misfit
        return Message(self.source, entry.start, entry.end)

    def bytes_of(self, entry: Entry, limit: int = 8_192) -> bytes:
        """The first bytes of a field, up to `limit`."""
        if entry.kind != LENGTH:
            raise Misfit
        return self.source.read(entry.start, min(limit, READ_MAX, entry.end - entry.start))

    def text_of(self, entry: Entry, limit: int = 8_192) -> str:
        """A text, cut at `limit` bytes."""
        return self.bytes_of(entry, limit).decode(errors="replace")

    def numbers_of(self, entry: Entry) -> list[int]:
        """Numbers that stand alone or packed. Raises Misfit for more than fit into 4 KiB."""
        if entry.kind == VARINT:
            return [entry.value]
        if entry.kind != LENGTH or entry.end - entry.start > 4_096:
            raise Misfit
        cursor = Cursor(self.source, entry.start, entry.end)
        found = []
        while cursor.left:
            found.append(_varint(cursor))
        return found

    def fields(self) -> dict[int, list[Entry]]:
        """All fields by number; for small messages. Raises Misfit for more than 10,000."""
        found: dict[int, list[Entry]] = {}
        for count, entry in enumerate(self.walk()):
            if count > 10_000:
                raise Misfit
            found.setdefault(entry.number, []).append(entry)
        return found

    def first_text(self, fields: Mapping[int, Any], number: int) -> str | None:
        """The last text under a number, which is the one that counts; or None."""
        return self.text_of(fields[number][-1]) if fields.get(number) else None


#: Marks a number that may come packed.
def packed(kind: int) -> Any:
    """How `walk` is told that numbers of this kind may stand in a row in one field."""
    return (kind,)


def _may_be_packed(allowed: Mapping[int, Any], number: int, kind: int) -> bool:
    return isinstance(allowed.get(number), tuple) and kind in (LENGTH, *allowed[number])


def _entry(cursor: Cursor, number: int, kind: int) -> Entry:
    if kind == VARINT:
        return Entry(number, kind, _varint(cursor), cursor.at, cursor.at)
    if kind == LENGTH:
        length = _varint(cursor)
    elif kind in (FIXED32, FIXED64):
        length = 4 if kind == FIXED32 else 8
    else:
        raise Misfit
    start = cursor.at
    cursor.skip(length)
    return Entry(number, kind, 0, start, cursor.at)


def _varint(cursor: Cursor) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = cursor.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 1 << 64:
                raise Misfit
            return value
    raise Misfit
