"""
How far the SHA-256 of uploads has been followed by this process, so that nothing is read twice to know it at the end.

Losing an entry costs a read of what is stored: another replica took the upload up, or this one was started anew.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any

_KEPT = 1000


class RunningHashes:
    """The state behind the last offset of each upload that went through here, by inside id. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: OrderedDict[int, tuple[int, Any]] = OrderedDict()

    def find(self, key: int, offset_bytes: int) -> Any:
        """A SHA-256 that has taken the first bytes of an upload, the caller's own; None where it is not at hand."""
        if offset_bytes == 0:
            return hashlib.sha256()
        with self._lock:
            at, state = self._states.get(key, (-1, None))
            return state.copy() if at == offset_bytes else None

    def put(self, key: int, offset_bytes: int, state: Any) -> None:
        """Keep a state; None, for what was not followed, drops the one before. The longest unused goes first."""
        with self._lock:
            self._states.pop(key, None)
            if state is not None:
                self._states[key] = (offset_bytes, state)
            while len(self._states) > _KEPT:
                self._states.popitem(last=False)
