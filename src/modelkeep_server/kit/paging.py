"""
Pages of a list by keyset, with sealed cursors.

A cursor holds the sort key and id of the last row and a hash of the filter it belongs to, so that a cursor cannot be
carried to another filter, forged or edited. Every sort ends in id, so that pages are stable while rows are added.

Nobody reads one: inside ids count all rows that there are, those as well that a reader may not see. What is sealed is
XORed with a keystream that its own MAC begins, as SIV does. Source: RFC 5297, section 2.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_MAC_BYTES, _BLOCK_BYTES = 16, 64


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. `next_cursor` is None on the last one; `total` is None where counting is not offered."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None


class CursorRefused(ValueError):
    """The cursor is not one of ours, was edited, or belongs to another filter."""


class Cursors:
    """Makes and reads cursors. `key` is 32 secret bytes, the same on all replicas."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:_MAC_BYTES]

    def _veil(self, mac: bytes, payload: bytes) -> bytes:
        """The same there and back."""
        stream = hashlib.shake_256(self._key + mac).digest(len(payload))
        return bytes(one ^ other for one, other in zip(payload, stream, strict=True))

    def make(self, position: Sequence[int | str], filters: Mapping[str, object]) -> str:
        """The cursor after the row whose sort values are `position`, for this filter."""
        payload = json.dumps([list(position), _filter_hash(filters)], separators=(",", ":")).encode()
        # How long a number is tells of it, too: blanks behind JSON mean nothing.
        payload = payload.ljust(-(-len(payload) // _BLOCK_BYTES) * _BLOCK_BYTES)
        mac = self._mac(payload)
        return _spell(mac + self._veil(mac, payload))

    def read(self, cursor: str, filters: Mapping[str, object]) -> list[int | str]:
        """The sort values a cursor stands for. Raises CursorRefused."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise CursorRefused("The cursor is not one that this registry gave out.") from error
        mac = raw[:_MAC_BYTES]
        payload = self._veil(mac, raw[_MAC_BYTES:])
        # Python's base64 ignores padding and the unused bits of the last character, so that one cursor had many texts.
        if _spell(raw) != cursor or not hmac.compare_digest(mac, self._mac(payload)):
            raise CursorRefused("The cursor is not one that this registry gave out.")
        position, of_filter = json.loads(payload)
        if of_filter != _filter_hash(filters):
            raise CursorRefused("The cursor belongs to a list with other filters. Start again without it.")
        return list(position)


def _spell(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _filter_hash(filters: Mapping[str, object]) -> str:
    named = {key: value for key, value in filters.items() if value not in (None, "", ())}
    return hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()[:16]
