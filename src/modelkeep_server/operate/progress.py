"""Telling an operator how far a long operation is, without flooding their terminal."""

import time
from collections.abc import Callable, Iterator

#: Takes a sentence for the operator, and raises where nobody listens any more and the operation shall end.
Tell = Callable[[str], None]

TELL_EVERY_SECONDS = 1.0


class Progress:
    """Passes sentences on, at most one a second. `demand` is asked at every step, and raises where it shall end."""

    def __init__(self, tell: Tell, demand: Callable[[], None] = lambda: None) -> None:
        self._tell = tell
        self._demand = demand
        self._told_at = time.monotonic()

    def __call__(self, sentence: Callable[[], str]) -> None:
        """A step was made; the sentence is drawn only where it is due."""
        self._demand()
        if time.monotonic() - self._told_at >= TELL_EVERY_SECONDS:
            self._told_at = time.monotonic()
            self._tell(sentence())


class BytesProgress:
    """Counts the bytes of files while they pass."""

    def __init__(self, progress: Progress, total_bytes: int) -> None:
        self._progress = progress
        self._total_bytes = total_bytes
        self._done_bytes = 0

    def counted(self, runs: Iterator[bytes]) -> Iterator[bytes]:
        """The same runs."""
        for run in runs:
            self._done_bytes += len(run)
            self._progress(self._say)
            yield run

    def _say(self) -> str:
        return f"files: {self._done_bytes / 1e9:,.2f} of {self._total_bytes / 1e9:,.2f} GB"
