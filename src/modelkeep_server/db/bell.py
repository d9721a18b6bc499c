"""Waking whoever waits for work to do, within one process."""

import threading


class Bell:
    """What wakes whoever waits. Each counts for itself how often it rang, so that several hear the same ring."""

    def __init__(self) -> None:
        self._rung = 0
        self._changed = threading.Condition()

    @property
    def rung(self) -> int:
        """How often it rang so far."""
        return self._rung

    def ring(self) -> None:
        """Wake all who wait."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, heard: int, seconds: float) -> int:
        """Wait until it rang more often than `heard`, so many seconds at most, and give how often it rang so far."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung > heard, seconds)
            return self._rung
