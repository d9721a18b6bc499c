"""What the first bytes of a file tell that no model has: programs, and archives whose content is not looked into."""

from modelkeep_server.inspection.source import Source

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a Linux program"),
    (b"\xfe\xed\xfa\xce", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xce\xfa\xed\xfe", "a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe\x00\x00", "a macOS program or Java class"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 archive"),
    (b"MSCF\x00\x00\x00\x00", "a Windows cabinet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document or Windows installer"),
    (b"!<arch>\n", "a library or package of programs"),
    (b"%PDF-", "a PDF document"),
    (b"\x00asm\x01\x00\x00\x00", "a WebAssembly program"),
)


def find_foreign(source: Source) -> str | None:
    """What the content is, in words, where a model never is that; else None."""
    head = source.read(0, 64)
    for start, words in _STARTS:
        if head.startswith(start):
            return words
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "a bzip2 archive"
    if head.startswith(b"#!") and head[2:].lstrip().startswith(b"/"):
        return "a script"
    if head.startswith(b"MZ") and len(head) == 64:
        at = int.from_bytes(head[60:64], "little")
        if source.read(at, 4) == b"PE\x00\x00":
            return "a Windows program"
    return None


def has_zip_tail(source: Source) -> bool:
    """Whether readers of ZIP archives, which look from the end, would take this file for one."""
    length = min(source.size_bytes, 65_557)
    tail = source.read(source.size_bytes - length, length)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") <= len(tail):
            return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False
