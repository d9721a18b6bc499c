"""
Passphrases, one-time secrets, session and token secrets: how they are made, shown once, and stored.

Passphrases are hashed with argon2id (argon2-cffi's defaults: 64 MiB, t=3, p=4), at most two at once, so that a crowd at
the door cannot take all memory. Random secrets of 128 bits and more are stored as plain SHA-256. Source: ASVS 6.5.2.
"""

import hashlib
import hmac
import re
import secrets
import threading
import zlib
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

TOKEN_PREFIX = "mk_pat_"  # noqa: S105 - the public prefix by which secret scanners know our tokens
PASSPHRASE_MIN_CHARS = 15
PASSPHRASE_MAX_CHARS = 200

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"mk_pat_([0-9A-Za-z]{10})_([0-9A-Za-z]{43})_([0-9a-f]{8})")
_hasher = PasswordHasher()
_two_at_once = threading.BoundedSemaphore(2)
_TOO_COMMON = frozenset(
    {"passwordpassword", "correcthorsebatterystaple", "123456789012345", "aaaaaaaaaaaaaaa", "qwertyuiopasdfg"}
)


def hash_passphrase(passphrase: str) -> str:
    """An argon2id hash with its own salt. Takes about a tenth of a second and 64 MiB."""
    with _two_at_once:
        return _hasher.hash(passphrase)


def passphrase_fits(stored_hash: str | None, passphrase: str) -> bool:
    """Whether the passphrase is the one hashed. Takes as long for a person who does not exist (`stored_hash` None)."""
    with _two_at_once:
        try:
            fits = _hasher.verify(stored_hash or _hash_of_nobody(), passphrase)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return fits and stored_hash is not None


@cache
def _hash_of_nobody() -> str:
    """A hash that no passphrase fits, to spend the same time on a person who does not exist."""
    return _hasher.hash(secrets.token_hex(16))


def find_passphrase_fault(passphrase: str) -> str | None:
    """What is wrong with a new passphrase, or None. Length counts, composition does not (ASVS 6.2.5)."""
    if len(passphrase) < PASSPHRASE_MIN_CHARS:
        return f"Use at least {PASSPHRASE_MIN_CHARS} characters; a few words in a row are easy to remember."
    if len(passphrase) > PASSPHRASE_MAX_CHARS:
        return f"Use at most {PASSPHRASE_MAX_CHARS} characters."
    squeezed = passphrase.lower().replace(" ", "").replace("-", "")
    if squeezed in _TOO_COMMON or len(set(squeezed)) < 4:
        return "This one is among the first that a guesser tries. Use a few words of your own."
    return None


def hash_secret(secret: str) -> str:
    """How a random secret is stored: SHA-256 in hex. Only for secrets of 128 bits of chance and more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """A secret of 256 bits that may stand in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> tuple[str, str]:
    """
    A personal token and its public handle.

    Returns:
        `mk_pat_<handle of 10>_<43 characters, 256 bits>_<CRC-32 of what stands before>`, and the handle.
    """
    handle = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    body = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    stem = f"{TOKEN_PREFIX}{handle}_{body}"
    return f"{stem}_{zlib.crc32(stem.encode()):08x}", handle


def find_token_handle(token: str) -> str | None:
    """The handle inside a token, or None where the text cannot be one of ours (wrong form or checksum)."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    stem = token.rsplit("_", 1)[0]
    return match[1] if f"{zlib.crc32(stem.encode()):08x}" == match[3] else None


def is_same(secret_hash: str, secret: str) -> bool:
    """Compare a stored hash with a secret, in constant time."""
    return hmac.compare_digest(secret_hash, hash_secret(secret))
