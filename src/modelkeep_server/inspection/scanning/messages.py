"""The fields of protocol buffers, read one after the other, within what may be held."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.inspection.scanning.bounds import Broken, TooMuch
from modelkeep_server.inspection.scanning.streams import Stream

FIELDS_MAX = 3_000_000
_TEXT_MAX = 4_096


@dataclass
class Wire:
    """The fields of a message, one after the other."""

    stream: Stream
    fields_max: int = FIELDS_MAX
    _read: int = 0

    def fields(self, ends: int) -> Iterator[tuple[int, int, int]]:
        """Number of each field, its wire type, and where its value ends. The reader goes on from there."""
        while self.stream.position < ends:
            self._read += 1
            if self._read > self.fields_max:
                raise TooMuch(f"It has more than {self.fields_max:,} fields.")
            key = self.number()
            number, wire = key >> 3, key & 7
            if wire == 0:
                self.number()
                after = self.stream.position
            else:
                length = self.number() if wire == 2 else {1: 8, 5: 4}.get(wire, -1)
                after = self.stream.position + length
                if length < 0 or after > ends or number == 0:
                    raise Broken("graph.broken", "Its messages are damaged.")
            yield number, wire, after
            self.stream.position = after
        if self.stream.position != ends:
            raise Broken("graph.broken", "Its messages are damaged.")

    def number(self) -> int:
        """A variable-length integer."""
        value, byte = 0, self.stream.byte()
        # Nearly every number is one byte.
        if 0 <= byte < 0x80:
            return byte
        for shift in range(0, 70, 7):
            if byte < 0:
                raise Broken("graph.broken", "Its messages are damaged.")
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            byte = self.stream.byte()
        raise Broken("graph.broken", "Its messages are damaged.")

    def text(self, ends: int) -> str:
        """A short text that ends there."""
        if ends - self.stream.position > _TEXT_MAX:
            raise Broken("graph.name", "A name in it is longer than any is.")
        return self.stream.read(ends - self.stream.position).decode("utf-8", "replace")
