"""
Names of files that are safe on every operating system: `weights.safetensors`, `tokenizer/vocab.json`.

Stored names are never used as paths on the server's disk; they must still be harmless where a download lands.
Source: Microsoft's "Naming Files, Paths, and Namespaces"; ASVS 5.3.
"""

import re
import unicodedata

from modelkeep_server.rules import texts
from modelkeep_server.rules.fields import PATH_CHARS

_FORBIDDEN = re.compile(r'[\\:*?"<>|]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def find_path_fault(path: str) -> str | None:
    """What is wrong with a file's name, as a sentence, or None."""
    fault = texts.find_text_fault(path, max_chars=PATH_CHARS, required=True)
    if fault:
        return fault
    if len(path.encode()) > PATH_CHARS:
        return f"At most {PATH_CHARS} bytes in UTF-8."
    if unicodedata.normalize("NFC", path) != path:
        return "Write it in composed Unicode (NFC); some systems would see two names."
    found = _FORBIDDEN.search(path)
    if found:
        return f"{found[0]!r} is not allowed in a file name. Folders are separated by /."
    if path.startswith("/") or path.endswith("/") or "//" in path:
        return "Write folders as folder/file, without a slash at the start or the end."
    for part in path.split("/"):
        if part in (".", ".."):
            return f"{part!r} is not a name; a path may not climb."
        if part != part.strip(" ") or part.endswith("."):
            return f"{part!r} begins or ends with a blank, or ends with a dot; some systems drop that."
        if _DEVICES.fullmatch(part):
            return f"{part!r} is the name of a device on Windows."
    return None


def path_key(path: str) -> str:
    """What two paths share that some systems would take for one: Unicode's canonical caseless match (3.13, D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def folders_of(key: str) -> tuple[str, ...]:
    """The folders above a file: `a/b/c` has `a` and `a/b`."""
    parts = key.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts)))
