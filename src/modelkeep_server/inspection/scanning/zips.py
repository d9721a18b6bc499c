"""
ZIP archives, read as strictly as every reader must agree on: one directory at the end, members side by side from the
first byte on, both headers of each the same.

Source: PKWARE APPNOTE 6.3.10.
"""

import struct
from dataclasses import dataclass

from modelkeep_server.inspection.scanning.bounds import MEMBERS_MAX, Broken, Budget, TooMuch
from modelkeep_server.inspection.scanning.streams import DEFLATE, Inflated
from modelkeep_server.inspection.source import Source, Window

_END, _END64, _LOCATOR, _CENTRAL, _LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02", b"PK\x03\x04"
STORED, DEFLATED = 0, 8
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DESCRIPTOR = 0x8
_FULL32, _FULL16 = 0xFFFFFFFF, 0xFFFF
_DIRECTORY_MAX = 16 * 1024 * 1024
_LINK = 0o120000
#: What a descriptor behind a member takes at most, with its signature and 64-bit sizes.
_DESCRIPTOR_MAX = 24


@dataclass(frozen=True)
class Member:
    """A file in an archive. `start` is where its bytes begin, as they are packed."""

    name: str
    method: int
    packed_size: int
    size_bytes: int
    start: int

    def open(self, archive: Source, budget: Budget) -> Source:
        """Its content: a window where it is stored as it is. Raises Broken, TooMuch."""
        packed = Window(archive, self.start, self.packed_size)
        if self.method == STORED:
            return packed
        if self.method == DEFLATED:
            return Inflated(packed, budget, DEFLATE, declared=self.size_bytes)
        raise TooMuch(f"{self.name} is packed by method {self.method}, which is not read here.")


@dataclass(frozen=True)
class _Entry:
    member: Member
    header: int
    flags: int
    raw_name: bytes


def list_members(source: Source) -> list[Member]:
    """The files of an archive, folders left out. Raises Broken for whatever readers could take differently, TooMuch."""
    count, size, begins, end = _find_directory(source)
    if size > _DIRECTORY_MAX or count > MEMBERS_MAX:
        raise TooMuch(f"It holds more than {MEMBERS_MAX:,} files.")
    raw = b"".join(source.read(begins + at, min(1 << 20, size - at)) for at in range(0, size, 1 << 20))
    entries, at = [], 0
    for _ in range(count):
        entry, at = _read_entry(raw, at)
        entries.append(entry)
    if at != len(raw) or begins + size != end:
        raise Broken("zip.directory", "Its directory has another length than it tells.")
    _demand_unique(entries)
    located = [_locate(source, entry) for entry in entries]
    _demand_side_by_side(entries, located, begins)
    return [member for member in located if not member.name.endswith("/")]


def _find_directory(source: Source) -> tuple[int, int, int, int]:
    """Entries, bytes and begin of the directory, and where what stands behind it begins."""
    length = min(source.size_bytes, 22 + _FULL16)
    tail = source.read(source.size_bytes - length, length)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise Broken(
            "zip.directory",
            "It begins as a ZIP archive does, but the list of its files is missing: it is cut, or no archive.",
        )
    disk, first, here, count, size, begins, comment = struct.unpack("<4H2LH", tail[at + 4 : at + 22])
    end = source.size_bytes - length + at
    if at + 22 + comment != len(tail):
        raise _ambiguous()
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator.startswith(_LOCATOR):
        where = int.from_bytes(locator[8:16], "little")
        record = source.read(where, 56)
        if len(record) < 56 or not record.startswith(_END64) or where + 56 != end - 20:
            raise Broken("zip.directory", "Its large directory is not where it should be.")
        disk, first, here, count, size, begins = struct.unpack("<LLQQQQ", record[16:56])
        end = where
    _demand_inner(tail[:at], comment, begins - (source.size_bytes - length))
    if disk or first or here != count:
        raise Broken("zip.directory", "It is a part of an archive of several files.")
    return count, size, begins, end


def _demand_inner(tail: bytes, comment: int, directory: int) -> None:
    """
    Raise Broken unless every other end of an archive is that of one which lies in this archive as it is: it stands
    before the directory, and reaches less far than the file, so that no reader takes it for the last.
    """
    at = tail.find(_END)
    while at >= 0:
        reach = at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little")
        if comment or at + 22 > directory or reach >= len(tail):
            raise _ambiguous()
        at = tail.find(_END, at + 1)


def _ambiguous() -> Broken:
    return Broken("zip.directory", "It could be read as several archives.")


def _read_entry(raw: bytes, at: int) -> tuple[_Entry, int]:
    if raw[at : at + 4] != _CENTRAL or len(raw) - at < 46:
        raise Broken("zip.directory", "Its directory is damaged.")
    (made_by, _, flags, method, _, _, _, packed, size, name_length, extra_length, comment, _, _, attributes, header) = (
        struct.unpack("<6H3L5H2L", raw[at + 4 : at + 46])
    )
    begins = at + 46
    raw_name = raw[begins : begins + name_length]
    extra = raw[begins + name_length : begins + name_length + extra_length]
    packed, size, header = _widen(extra, packed, size, header)
    name = _read_name(raw_name, flags)
    if flags & _ENCRYPTED:
        raise Broken("zip.encrypted", f"{name} is encrypted, so that nobody can look into it.")
    if made_by >> 8 == 3 and (attributes >> 16) & 0o170000 == _LINK:
        raise Broken("archive.link", f"{name} is a link to another file.")
    if method == STORED and packed != size:
        raise Broken("zip.sizes", f"{name} has two sizes.")
    member = Member(name, method, packed, size, 0)
    return _Entry(member, header, flags, raw_name), begins + name_length + extra_length + comment


def _widen(extra: bytes, packed: int, size: int, header: int) -> tuple[int, int, int]:
    values = [size, packed, header]
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack("<HH", extra[at : at + 4])
        if tag == 1:
            wide = extra[at + 4 : at + 4 + length]
            for number, value in enumerate(values):
                if value == _FULL32 and len(wide) >= 8:
                    values[number], wide = int.from_bytes(wide[:8], "little"), wide[8:]
            break
        at += 4 + length
    return values[1], values[0], values[2]


def _read_name(raw: bytes, flags: int) -> str:
    if b"\x00" in raw:
        raise Broken("archive.name", "A name in it ends early for some readers.")
    try:
        return raw.decode("utf-8" if flags & 0x800 or raw.isascii() else "cp437")
    except UnicodeDecodeError as error:
        raise Broken("archive.name", "A name in it is no text.") from error


def _demand_unique(entries: list[_Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        demand_harmless(entry.member.name)
        key = entry.member.name.casefold().rstrip("/")
        if key in seen:
            raise Broken("archive.twice", f"{entry.member.name} is in it twice.")
        seen.add(key)


def demand_harmless(name: str) -> None:
    """Raise Broken for the name of a member that would be put elsewhere than into the folder it is unpacked to."""
    inner = name.removeprefix("./").rstrip("/")
    if not inner or inner == ".":
        return
    if inner.startswith(("/", "\\")) or ".." in inner.replace("\\", "/").split("/") or inner[1:2] == ":":
        raise Broken("archive.slip", f"{name} would be unpacked outside of its folder.")
    if "\\" in inner or any(ord(char) < 32 for char in inner):
        raise Broken("archive.name", f"{name} is no name that every system has.")


def _locate(source: Source, entry: _Entry) -> Member:
    """The member with the place of its bytes. Raises Broken where the header before them tells another file."""
    told = entry.member
    head = source.read(entry.header, 30)
    if len(head) < 30 or not head.startswith(_LOCAL):
        raise Broken("zip.local", f"{told.name} is not where the directory says.")
    (_, flags, method, _, _, _, packed, size, name_length, extra_length) = struct.unpack("<5H3L2H", head[4:30])
    tail = source.read(entry.header + 30, name_length + extra_length)
    if tail[:name_length] != entry.raw_name or method != told.method or flags & _ENCRYPTED:
        raise Broken("zip.local", f"{told.name} is another file to readers that go by the header before it.")
    packed, size, _ = _widen(tail[name_length:], packed, size, 0)
    descriptor = bool(flags & _DESCRIPTOR) and (packed, size) in ((0, 0), (_FULL32, _FULL32))
    if not descriptor and (packed, size) != (told.packed_size, told.size_bytes):
        raise Broken("zip.sizes", f"{told.name} has two sizes.")
    return Member(told.name, told.method, told.packed_size, told.size_bytes, entry.header + 30 + len(tail))


def _demand_side_by_side(entries: list[_Entry], located: list[Member], directory: int) -> None:
    at = 0
    rows = sorted(zip(entries, located, strict=True), key=lambda row: row[0].header)
    for entry, member in rows:
        if entry.header < at:
            raise Broken("zip.overlap", f"{member.name} shares its bytes with another file.")
        if entry.header > at:
            raise _hidden()
        at = member.start + member.packed_size
        if entry.flags & _DESCRIPTOR:
            following = min((other.header for other in entries if other.header >= at), default=directory)
            at = following if following - at <= _DESCRIPTOR_MAX else at
    if at > directory:
        raise Broken("zip.overlap", "Its last file reaches into the directory.")
    if at < directory:
        raise _hidden()


def _hidden() -> Broken:
    return Broken("zip.hidden", "It holds bytes that its directory does not tell of.")
