"""
How long answers took, minute by minute over the last hour, in bounded memory: a histogram of steps a tenth apart.

Each process has its own. A percentile is the upper bound of its step, so at most ten in a hundred too high.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

MINUTES = 60
_SHORTEST_SECONDS = 0.0001
_STEP = 1.1
_STEPS = 1 + math.ceil(math.log(120 / _SHORTEST_SECONDS) / math.log(_STEP))


@dataclass(frozen=True)
class Minute:
    """One minute: when it began, in whole seconds since 1970 UTC, how many answers, and their times in seconds."""

    began_at: int
    count: int
    p50_seconds: float
    p95_seconds: float


@dataclass
class _Bucket:
    began_at: int
    steps: list[int] = field(default_factory=lambda: [0] * _STEPS)


class Timings:
    """Notes durations and gives them back as minutes. Noting takes no lock: one event loop does it."""

    def __init__(self) -> None:
        self._buckets: deque[_Bucket] = deque(maxlen=MINUTES)

    def note(self, seconds: float, now_seconds: float) -> None:
        """Count one duration into the minute of `now_seconds` (since 1970 UTC)."""
        began = int(now_seconds) // 60 * 60
        if not self._buckets or self._buckets[-1].began_at != began:
            self._buckets.append(_Bucket(began))
        self._buckets[-1].steps[_step_of(seconds)] += 1

    def minutes(self, now_seconds: float) -> tuple[Minute, ...]:
        """The minutes of the last hour in which something was answered, the oldest first."""
        oldest = int(now_seconds) // 60 * 60 - (MINUTES - 1) * 60
        # A copy, since the event loop may add a minute meanwhile.
        return tuple(_sum_up(bucket) for bucket in list(self._buckets) if bucket.began_at >= oldest)


def _step_of(seconds: float) -> int:
    if seconds <= _SHORTEST_SECONDS:
        return 0
    return min(_STEPS - 1, math.ceil(math.log(seconds / _SHORTEST_SECONDS) / math.log(_STEP)))


def _sum_up(bucket: _Bucket) -> Minute:
    count = sum(bucket.steps)
    return Minute(bucket.began_at, count, _percentile(bucket.steps, count, 0.5), _percentile(bucket.steps, count, 0.95))


def _percentile(steps: Sequence[int], count: int, share: float) -> float:
    wanted, seen = math.ceil(count * share), 0
    for step, many in enumerate(steps):
        seen += many
        if seen >= wanted:
            return _SHORTEST_SECONDS * _STEP**step
    return 0.0
