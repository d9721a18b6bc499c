"""Secrets and messages of webhooks as they are stored: sealed, and bound to the webhook or delivery that is theirs."""

from modelkeep_server.db import sealing
from modelkeep_server.db.work import Work
from modelkeep_server.rules.errors import IntegrityBroken

_PURPOSE = "webhooks"


def seal(work: Work, text: bytes, public_id: str) -> bytes:
    """Bytes that only this registry opens, as those of the webhook or delivery of this id."""
    return sealing.seal(work, _PURPOSE, text, place=public_id)


def unseal(work: Work, sealed: bytes, public_id: str) -> bytes:
    """The bytes again. Raises IntegrityBroken where they were changed, or are of another webhook or delivery."""
    try:
        return sealing.unseal(work, _PURPOSE, sealed, place=public_id)
    except sealing.SealBroken as error:
        raise IntegrityBroken(
            "What is stored of this webhook was changed, or is sealed under another key.",
            remedy="Make a new secret for it, and tell an SRE.",
        ) from error
