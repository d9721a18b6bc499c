"""SHA-256 digests as people and programs write them: bare hex, or with the `sha256:` of container images."""

import re

from modelkeep_server.rules.errors import FieldError, Invalid

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)


def find_digest(text: str) -> str | None:
    """The digest that this text is, as bare hex in lower case, or None where it is none."""
    found = _DIGEST.fullmatch(text.strip())
    return found[1].lower() if found else None


def read_digest(field: str, text: str) -> str:
    """The digest that this text is, as bare hex in lower case. Raises Invalid on the field for anything else."""
    digest = find_digest(text)
    if digest is None:
        raise Invalid.of([FieldError(field, "Write a SHA-256 as 64 hexadecimal digits, alone or after sha256:.")])
    return digest
