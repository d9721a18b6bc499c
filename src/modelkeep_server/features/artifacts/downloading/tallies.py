"""
Ranges that follow fast on one another through a link, added up in this process before they are written down.

A program that reads a large file by small ranges asks hundreds of times a second. That the download began is on record
before its first byte; what came after it is written down once the ranges pause, or all of the file went out. A server
that is killed in between loses count of at most the last second.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from modelkeep_server.kit.spans import Span, add_span

#: A link through which something went so lately that another range belongs to it.
LATELY_SECONDS = 60.0
#: Ranges that are added up; larger ones are written down one by one.
SMALL_BYTES = 1024 * 1024
#: Stretches of a file that are remembered while there are gaps between them. A program that leaves more fetches pieces
#: here and there, and not the whole.
SPANS = 64
_KEPT = 1000


@dataclass
class _Tally:
    """What went out through a link: `spans` all told, the others since it was last taken."""

    link_id: str
    size_bytes: int
    last: float = 0.0
    spans: list[Span] = field(default_factory=list)
    fresh: list[Span] = field(default_factory=list)
    requests: int = 0
    sent_bytes: int = 0
    running: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of the file went out, and nothing runs."""
        return not self.running and self.spans == [(0, self.size_bytes)]

    def add(self, start: int, end: int) -> None:
        """A stretch of the file went out."""
        self.spans = add_span(self.spans, start, end, at_most=SPANS)

    def count(self, requests: int, sent_bytes: int, spans: Iterable[Span]) -> None:
        """Requests ended that are still to be written down."""
        self.requests += requests
        self.sent_bytes += sent_bytes
        for start, end in spans:
            self.add(start, end)
            self.fresh = add_span(self.fresh, start, end, at_most=SPANS)


@dataclass(frozen=True)
class Taken:
    """What is to be written down of a link: how many requests, which stretches of the file, and their bytes."""

    link_id: str
    size_bytes: int
    requests: int
    sent_bytes: int
    spans: tuple[Span, ...]


class Tallies:
    """By the handle of a link. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def note(self, handle: str, link_id: str, start: int, end: int, *, size_bytes: int) -> bool:
        """
        A request went out that is written down by itself; ranges behind it may be added up. Bytes of the file.

        True where with it all of the file went out, and ranges beside it are to be taken at once.
        """
        with self._lock:
            tally = self._tallies.setdefault(handle, _Tally(link_id, size_bytes))
            tally.add(start, end)
            if tally.is_whole and not tally.requests:
                del self._tallies[handle]
                return False
            self._touch(handle, tally)
            return tally.is_whole

    def knows(self, handle: str) -> bool:
        """Whether something went out through a link so lately that a range may be added up."""
        with self._lock:
            tally = self._tallies.get(handle)
            return tally is not None and time.monotonic() - tally.last <= LATELY_SECONDS

    def begin(self, handle: str, length: int) -> bool:
        """Whether a range of so many bytes is one to be added up: then `end` follows."""
        with self._lock:
            tally = self._tallies.get(handle)
            if tally is None or length > SMALL_BYTES:
                return False
            tally.running += 1
            self._touch(handle, tally)
            return True

    def end(self, handle: str, start: int, sent_bytes: int) -> bool:
        """A range has ended. True where all of the file went out by now, and nothing runs: to be taken at once."""
        with self._lock:
            tally = self._tallies[handle]
            tally.running -= 1
            tally.count(1, sent_bytes, [(start, start + sent_bytes)])
            self._touch(handle, tally)
            return tally.is_whole

    def is_quiet(self, handle: str, seconds: float) -> bool:
        """Whether no range of a link runs, and none ended within so many seconds."""
        with self._lock:
            tally = self._tallies.get(handle)
            return tally is None or (not tally.running and time.monotonic() - tally.last >= seconds)

    def take(self, handle: str) -> Taken | None:
        """What is to be written down now, and counts as written from here on; None where there is nothing."""
        with self._lock:
            tally = self._tallies.get(handle)
            if tally is None or not tally.requests:
                return None
            taken = Taken(tally.link_id, tally.size_bytes, tally.requests, tally.sent_bytes, tuple(tally.fresh))
            tally.requests = tally.sent_bytes = 0
            tally.fresh = []
            if tally.is_whole:
                del self._tallies[handle]
            return taken

    def give_back(self, handle: str, taken: Taken) -> None:
        """What was taken could not be written down: whoever takes next has it as well."""
        with self._lock:
            tally = self._tallies.setdefault(handle, _Tally(taken.link_id, taken.size_bytes))
            tally.count(taken.requests, taken.sent_bytes, taken.spans)
            self._touch(handle, tally)

    def _touch(self, handle: str, tally: _Tally) -> None:
        tally.last = time.monotonic()
        self._tallies.move_to_end(handle)
        if len(self._tallies) > _KEPT:
            # One whose visitor is slow to take an answer must not keep the others here.
            idle = (key for key, held in self._tallies.items() if not held.running and not held.requests)
            oldest = next(idle, handle)
            if oldest != handle:
                del self._tallies[oldest]
