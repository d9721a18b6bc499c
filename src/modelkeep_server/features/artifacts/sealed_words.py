"""
What was found in a file, sealed: its own words stand in the database as little in plain as its bytes on the disk.
"""

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from modelkeep_server.db.work import Work
from modelkeep_server.kit import canonical

_NONCE_BYTES = 12


def seal_words(work: Work, blob_key: int, words: Any) -> bytes:
    """JSON values, sealed for the report on one blob."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(work).encrypt(nonce, canonical.dumps(words).encode(), _place(blob_key))


def open_words(work: Work, blob_key: int, sealed: bytes) -> Any:
    """The JSON values again; None where they were changed, which verifying the log tells."""
    try:
        opened = _cipher(work).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(blob_key))
    except (InvalidTag, ValueError):
        return None
    return canonical.loads(opened.decode())


def _cipher(work: Work) -> AESGCM:
    return AESGCM(work.parts.keys.derive("scans"))


def _place(blob_key: int) -> bytes:
    return f"mk1|scan|{blob_key}".encode("ascii")
