"""
Sealing what stands in rows of the database and is nobody's to read there: AES-256-GCM (NIST SP 800-38D).

What is sealed is a random nonce of 12 bytes, and after it the encrypted bytes with their tag of 16. Files are sealed by
features/artifacts/sealing.py.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from modelkeep_server.db.work import Work

_NONCE_BYTES = 12


class SealBroken(Exception):
    """Sealed bytes were changed, stand in another place than theirs, or were sealed under another key."""


def seal(work: Work, purpose: str, opened: bytes, *, place: str) -> bytes:
    """
    Bytes that only this registry opens.

    Args:
        purpose: What the key ring derives the key for.
        place: What they belong to; elsewhere they do not open.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(work, purpose).encrypt(nonce, opened, place.encode())


def unseal(work: Work, purpose: str, sealed: bytes, *, place: str) -> bytes:
    """The bytes again. Raises SealBroken."""
    try:
        return _cipher(work, purpose).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def _cipher(work: Work, purpose: str) -> AESGCM:
    return AESGCM(work.parts.keys.derive(purpose))
