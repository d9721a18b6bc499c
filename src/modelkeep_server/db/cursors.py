"""
Cursors of lists, sealed: a cursor holds the sort key and id of the last row and a hash of the filter it belongs to, so
that it cannot be carried to another filter, forged or edited. Every sort ends in id, so that pages are stable while
rows are added.

Nobody reads one: inside ids count all rows that there are, those as well that a reader may not see. They are sealed by
AES-SIV, which needs no nonce: the same place has the same cursor. Source: RFC 5297.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from modelkeep_server.kit.paging import CursorRefused

#: How long a number is tells of it, too.
_BLOCK_BYTES = 64
_FOREIGN = "The cursor is not one that this registry gave out."


class Cursors:
    """Makes and reads cursors. `key` is 32 secret bytes, the same on all replicas."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def make(self, position: Sequence[int | str], filters: Mapping[str, object]) -> str:
        """The cursor after the row whose sort values are `position`, for this filter."""
        payload = json.dumps(
            [list(position), _filter_hash(filters)], separators=(",", ":"), ensure_ascii=False
        ).encode()
        # Blanks behind JSON mean nothing.
        payload = payload.ljust(-(-len(payload) // _BLOCK_BYTES) * _BLOCK_BYTES)
        return _spell(self._cipher.encrypt(payload, None))

    def read(self, cursor: str, filters: Mapping[str, object]) -> list[int | str]:
        """The sort values a cursor stands for. Raises CursorRefused."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            payload = self._cipher.decrypt(raw, None)
        except (ValueError, InvalidTag) as error:
            raise CursorRefused(_FOREIGN) from error
        # Python's base64 ignores padding and the unused bits of the last character, so that one cursor had many texts.
        if _spell(raw) != cursor:
            raise CursorRefused(_FOREIGN)
        position, of_filter = json.loads(payload)
        if of_filter != _filter_hash(filters):
            raise CursorRefused("The cursor belongs to a list with other filters. Start again without it.")
        return list(position)


def _spell(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _filter_hash(filters: Mapping[str, object]) -> str:
    named = {key: value for key, value in filters.items() if value not in (None, "", ())}
    return hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()[:16]
