"""
Whether a message that came by a webhook is the registry's, for the program that receives it.

    from modelkeep.verify_webhook import NotGenuine, verify_message

    try:
        message = verify_message(request.headers, request.body, SECRET)
    except NotGenuine as error:
        return 400, str(error)

Needs the standard library alone: this one file may be copied to where nothing is installed. Source: Standard Webhooks
(standardwebhooks.com), version 1: HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
_SECONDS = re.compile(r"[0-9]{1,11}")


class NotGenuine(Exception):
    """The message is not the registry's, or came too late to be believed. The text says why, and holds no secret."""


@dataclass(frozen=True)
class Message:
    """
    A message that the registry signed.

    `id` is the same each time that it is sent again: what you have seen already, drop. `kind` says what happened, as
    `review.asked`, or is `webhook.test`; `data` says to what; `at` is when it happened, `sent_at` when it was signed.
    """

    id: str
    kind: str
    at: datetime
    sent_at: datetime
    data: Mapping[str, Any]


def verify_message(
    headers: Mapping[str, str],
    body: bytes,
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Message:
    """
    Check a message, and read it.

    Args:
        headers: Of the request, their names in any case.
        body: As it came, before anything reads it as JSON.
        secret: `whsec_...` as the registry told it; several while a new one is brought in, any of which may fit.
        tolerance_seconds: How far `webhook-timestamp` may be from now, so that nobody sends an old message again.
        now: Seconds since 1970-01-01 UTC; left out, the clock of this machine.
    Raises:
        NotGenuine: A header is missing, it is too old or too new, or no signature fits.
        ValueError: A secret is none, which is your own mistake.
    """
    keys = [_read_secret(one) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("Give at least one secret.")
    if not isinstance(body, bytes):
        raise TypeError("The body must be bytes as they came: read as text or JSON, it is no longer what was signed.")
    known = {name.lower(): value for name, value in headers.items()}
    message_id, sent, given = (_take(known, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not _SECONDS.fullmatch(sent):
        raise NotGenuine("webhook-timestamp is no whole number of seconds.")
    age = (time.time() if now is None else now) - int(sent)
    if abs(age) > tolerance_seconds:
        where = "ago" if age > 0 else "from now, so one of the two clocks is wrong"
        raise NotGenuine(f"It was signed {abs(age):,.0f} seconds {where}; {tolerance_seconds:,.0f} are allowed.")
    signed = f"{message_id}.{sent}.".encode("utf-8", "surrogateescape") + body
    if not any(_fits(key, signed, one) for key in keys for one in given.split()):
        raise NotGenuine("No signature fits: another secret, or the body was changed on its way.")
    return _read(message_id, int(sent), body)


def _take(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise NotGenuine(f"The header {name} is missing.")
    return value


def _fits(key: bytes, signed: bytes, given: str) -> bool:
    wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, given.encode("utf-8", "surrogateescape"))


def _read_secret(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError(f"A secret is {PREFIX} and base64, as the registry told it when it was made.")
    return key


def _read(message_id: str, sent: int, body: bytes) -> Message:
    try:
        told = json.loads(body)
        at = datetime.fromisoformat(told["timestamp"])
        return Message(message_id, str(told["type"]), at, datetime.fromtimestamp(sent, UTC), dict(told["data"]))
    except (KeyError, TypeError, ValueError) as error:
        raise NotGenuine("It is signed, but no message of a registry.") from error
