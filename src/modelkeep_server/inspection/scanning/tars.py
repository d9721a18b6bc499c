"""tar archives: their members, by the headers alone. Source: POSIX pax, GNU tar."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.inspection.scanning.bounds import Broken
from modelkeep_server.inspection.scanning.zips import demand_harmless
from modelkeep_server.inspection.source import Source, Window

_BLOCK = 512
_NAME_MAX = 64 * 1024
_FILES = frozenset({b"0", b"\x00", b"7"})
_SKIPPED = frozenset({b"5"})


@dataclass(frozen=True)
class Entry:
    """A file in a tar archive. `links_to` is set for one that only points to another."""

    name: str
    start: int
    size_bytes: int
    links_to: str | None = None

    def open(self, archive: Source) -> Source:
        """Its content."""
        return Window(archive, self.start, self.size_bytes)


def is_tar(head: bytes) -> bool:
    """Whether 512 bytes are the header of a member."""
    return len(head) == _BLOCK and head[257:262] == b"ustar" and _checksum(head)


def list_entries(source: Source) -> Iterator[Entry]:
    """Files and links, folders left out. Raises Broken."""
    at, long_name, wide = 0, "", -1
    while True:
        head = source.read(at, _BLOCK)
        if not head.strip(b"\x00"):
            _demand_zeros(source, at)
            return
        if len(head) < _BLOCK or not _checksum(head):
            raise Broken("archive.broken", "A header in the tar archive is damaged.")
        size = wide if wide >= 0 else _number(head[124:136])
        kind, start = head[156:157], at + _BLOCK
        if size < 0 or start + size > source.size_bytes:
            raise Broken("archive.sizes", "A file in the tar archive is longer than the archive.")
        if kind == b"L":
            long_name = _text(source.read(start, min(size, _NAME_MAX)))
        elif kind in (b"x", b"g"):
            found_name, found_size = _pax(source.read(start, min(size, _NAME_MAX)))
            long_name, wide = found_name or long_name, found_size
        else:
            name = long_name or _joined(head)
            demand_harmless(name)
            long_name, wide = "", -1
            if kind in _FILES:
                yield Entry(name, start, size)
            elif kind in (b"1", b"2"):
                yield Entry(name, start, 0, _text(head[157:257]))
            elif kind not in _SKIPPED:
                raise Broken("archive.device", f"{name} is neither a file nor a folder.")
        at = start + -(-size // _BLOCK) * _BLOCK


def _demand_zeros(source: Source, at: int) -> None:
    while True:
        found = source.read(at, 1 << 18)
        if not found:
            return
        if found.strip(b"\x00"):
            raise Broken("archive.tail", "Other bytes follow the end of the tar archive.")
        at += len(found)


def _checksum(head: bytes) -> bool:
    try:
        told = int(head[148:156].strip(b" \x00") or b"0", 8)
    except ValueError:
        return False
    return told == sum(head[:148]) + 8 * 32 + sum(head[156:])


def _number(raw: bytes) -> int:
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    try:
        return int(raw.strip(b" \x00") or b"0", 8)
    except ValueError:
        return -1


def _joined(head: bytes) -> str:
    prefix = _text(head[345:500]) if head[257:263] == b"ustar\x00" else ""
    name = _text(head[:100])
    return f"{prefix}/{name}" if prefix else name


def _text(raw: bytes) -> str:
    return raw.split(b"\x00", 1)[0].decode("utf-8", "replace")


def _pax(raw: bytes) -> tuple[str, int]:
    """The path and the size that an extended header tells; empty and -1 where it does not."""
    path, size, at = "", -1, 0
    while at < len(raw):
        told, space, _ = raw[at : at + 20].partition(b" ")
        if not space or not told.isdigit() or not int(told):
            break
        key, _, value = raw[at + len(told) + 1 : at + int(told)].rstrip(b"\n").partition(b"=")
        if key == b"path":
            path = value.decode("utf-8", "replace")
        elif key == b"size" and value.isdigit():
            size = int(value)
        at += int(told)
    return path, size
