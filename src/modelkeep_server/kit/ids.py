"""Ids that sort by time: UUIDv7 for what people see (RFC 9562), ULID for requests."""

import re
import secrets
import threading
import uuid

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_COUNTER_BITS = 12


class _Clockwork:
    """The last millisecond used and a counter within it, so that ids of one process never run backwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._counter = 0

    def tick(self, milliseconds: int) -> tuple[int, int]:
        with self._lock:
            if milliseconds > self._last_ms:
                self._last_ms, self._counter = milliseconds, secrets.randbits(_COUNTER_BITS - 2)
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._last_ms, self._counter = self._last_ms + 1, 0
            return self._last_ms, self._counter


_clockwork = _Clockwork()


def uuid7(now_us: int) -> str:
    """
    A UUIDv7 in lower case for the moment `now_us`, microseconds since 1970-01-01 UTC.

    Ids of one process always ascend: within a millisecond by a counter that starts at random, and when the clock is set
    back they stay at the last millisecond. Between processes they ascend by millisecond.
    Source: RFC 9562, 5.7 and 6.2 (method 1).
    """
    milliseconds, counter = _clockwork.tick(now_us // 1000)
    value = milliseconds << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def is_uuid(text: str) -> bool:
    """Whether a text is written as the ids are that people see, in any case."""
    return _UUID.fullmatch(text) is not None


def ulid(now_us: int) -> str:
    """
    A ULID for a moment in microseconds: 26 characters of Crockford's base 32, 48 bits of milliseconds, 80 of
    chance.
    """
    value = (now_us // 1000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
