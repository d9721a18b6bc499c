"""Reading one instruction of a pickle after the other, with arguments that are short enough to matter."""

import re
import struct
from dataclasses import dataclass
from typing import Any

from modelkeep_server.inspection.scanning import opcodes
from modelkeep_server.inspection.scanning.bounds import Broken
from modelkeep_server.inspection.scanning.opcodes import OPCODES
from modelkeep_server.inspection.scanning.streams import Stream
from modelkeep_server.inspection.scanning.values import UNKNOWN

#: Longer strings cannot be names that are allowed; they are passed over unread.
KEPT_CHARS = 500
LINE_MAX = 64 * 1024
PROTOCOL_MAX = 5
_NUMBER = re.compile(rb"\s*[+-]?\d{1,18}L?\s*\Z")
#: What Python takes for a number as well: of other bases, and in groups.
_ODD_NUMBER = re.compile(rb"\s*[+-]?[0-9][0-9a-fA-FxXoObB_]*L?\s*\Z")
_STRINGS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"})
_LENGTHS = {opcodes.LENGTH_1: "<B", opcodes.LENGTH_4: "<I", opcodes.LENGTH_8: "<Q"}
_INTS = {"BININT": "<i", "BININT1": "<B", "BININT2": "<H"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_INDEXED = frozenset({"BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "EXT1", "EXT2", "EXT4"})


@dataclass
class Frame:
    """Where the frame that was begun last ends."""

    end: int = 0


def read_instruction(stream: Stream, frame: Frame) -> tuple[str, Any]:
    """
    The next instruction: its name, and its argument as far as it is kept, else UNKNOWN.

    Raises Broken for a byte that is no instruction, and for one that does not end within the frame in which it begins:
    of such a one Python's reader in C forgets what it has read, and takes the rest for the whole. EOFError.
    """
    begins, framed = stream.position, frame.end
    name, argument = _read(stream, frame)
    if begins < framed and (stream.position > framed or (name == "STOP" and stream.position != framed)):
        raise Broken("pickle.frame", "A frame of it ends within an instruction, or goes on behind the last.")
    return name, argument


def _read(stream: Stream, frame: Frame) -> tuple[str, Any]:
    begins = stream.position
    code = stream.byte()
    if code < 0:
        raise EOFError
    known = OPCODES.get(code)
    if known is None:
        raise Broken("pickle.broken", f"At byte {begins:,} stands no instruction of a pickle.")
    name, form = known
    if form == 0:
        return name, _CONSTANTS.get(name, UNKNOWN)
    if form > 0:
        return name, _fixed(name, stream.read(form), stream, frame)
    if form in _LENGTHS:
        return name, _counted(name, form, stream)
    first = stream.line(LINE_MAX)
    if form == opcodes.TWO_LINES:
        return name, (_text(first), _text(stream.line(LINE_MAX)))
    if first is None:
        if name in ("STRING", "UNICODE", "LONG", "INT", "FLOAT"):
            return name, UNKNOWN
        raise Broken("pickle.broken", f"A line in it is longer than {LINE_MAX:,} characters.")
    return name, _lined(name, first)


def _fixed(name: str, raw: bytes, stream: Stream, frame: Frame) -> Any:
    if name in _INTS:
        return struct.unpack(_INTS[name], raw)[0]
    if name in _INDEXED:
        return int.from_bytes(raw, "little")
    if name == "PROTO" and raw[0] > PROTOCOL_MAX:
        raise Broken("pickle.broken", f"It is of protocol {raw[0]}; {PROTOCOL_MAX} is the last.")
    if name == "FRAME":
        if stream.position - 9 < frame.end:
            raise Broken("pickle.broken", "A frame of it begins inside another.")
        frame.end = stream.position + int.from_bytes(raw, "little")
        if frame.end > stream.source.size_bytes:
            raise EOFError
    return UNKNOWN


def _counted(name: str, form: int, stream: Stream) -> Any:
    layout = _LENGTHS[form]
    (length,) = struct.unpack(layout, stream.read(struct.calcsize(layout)))
    if name in ("BINSTRING", "LONG4") and length >= 1 << 31:
        raise Broken("pickle.broken", "A length in it is negative.")
    if name in _STRINGS and length <= KEPT_CHARS:
        raw = stream.read(length)
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return UNKNOWN
    if name == "LONG1" and length <= 16:
        return int.from_bytes(stream.read(length), "little", signed=True)
    if length:
        stream.skip(length)
    return UNKNOWN


def _lined(name: str, line: bytes) -> Any:
    if name in ("INT", "LONG", "GET", "PUT"):
        if name == "INT" and line in (b"00", b"01"):
            return line == b"01"
        if not _NUMBER.match(line):
            if name in ("GET", "PUT") or not _ODD_NUMBER.match(line):
                raise Broken("pickle.broken", "A number in it is none.")
            return UNKNOWN
        return int(line.strip().rstrip(b"L"))
    if name == "STRING":
        quoted = len(line.strip()) >= 2 and line.strip()[:1] == line.strip()[-1:] and line.strip()[:1] in (b'"', b"'")
        if not quoted:
            raise Broken("pickle.broken", "A string in it has no quotes.")
        # What is escaped is no name that could be allowed.
        return UNKNOWN if b"\\" in line else _kept(line.strip()[1:-1])
    if name == "UNICODE":
        return UNKNOWN if b"\\" in line else _kept(line)
    if name == "FLOAT":
        try:
            float(line)
        except ValueError as error:
            raise Broken("pickle.broken", "A number in it is none.") from error
    return UNKNOWN


def _kept(line: bytes) -> Any:
    return line.decode("latin-1") if len(line) <= KEPT_CHARS else UNKNOWN


def _text(line: bytes | None) -> str:
    if line is None:
        raise Broken("pickle.broken", f"A line in it is longer than {LINE_MAX:,} characters.")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("pickle.broken", "A name in it is no text.") from error
