"""Secrets and messages of webhooks as they are stored: AES-256-GCM under a key of the ring, bound to what is theirs."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from modelkeep_server.db.work import Work
from modelkeep_server.rules.errors import IntegrityBroken

_NONCE_BYTES = 12


def seal(work: Work, text: bytes, public_id: str) -> bytes:
    """Bytes that only this registry opens, as those of the webhook or delivery of this id."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(work).encrypt(nonce, text, public_id.encode())


def unseal(work: Work, sealed: bytes, public_id: str) -> bytes:
    """The bytes again. Raises IntegrityBroken where they were changed, or are of another webhook or delivery."""
    try:
        return _cipher(work).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], public_id.encode())
    except (InvalidTag, ValueError) as error:
        raise IntegrityBroken(
            "What is stored of this webhook was changed, or is sealed under another key.",
            remedy="Make a new secret for it, and tell an SRE.",
        ) from error


def _cipher(work: Work) -> AESGCM:
    return AESGCM(work.parts.keys.derive("webhooks"))
