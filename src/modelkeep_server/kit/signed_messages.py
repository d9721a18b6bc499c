"""
Messages signed as Standard Webhooks says (standard-webhooks.com, version 1): HMAC-SHA256 with a shared secret.

What is signed is `id.timestamp.body`; a secret is written `whsec_` and base64 of 24 to 64 bytes, a signature `v1,` and
base64. Several signatures stand in one header with a blank between, so that a receiver may know either of two secrets.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix by which secret scanners know them
SECRET_BYTES = 32


def write_secret(secret: bytes) -> str:
    """A secret as people copy it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def sign(secrets: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """
    The value of the header `webhook-signature`, one signature a secret, in their order.

    Args:
        message_id: The header `webhook-id`; it holds no full stop.
        timestamp: The header `webhook-timestamp`, whole seconds since 1970-01-01 UTC.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
