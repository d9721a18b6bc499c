"""Random 64 KiB of a large file, asked for one after another over one connection that is kept."""

import random
import statistics
from dataclasses import dataclass

from bench.files import Effort
from bench.load import Job, run

KIB = 1024
RANGE_BYTES = 64 * KIB
#: One warm-up range for so many that are measured.
_WARM_UP_EVERY = 5


@dataclass(frozen=True)
class RangeTimes:
    """Medians of the rounds, in milliseconds. `answered`: how many ranges each round measured, after a warm-up."""

    who: str
    p50_ms: float
    p95_ms: float
    answered: int


def measure_ranges(who: str, port: int, path: str, size_bytes: int, effort: Effort) -> RangeTimes:
    """Ask for ranges of the file of that size which is served at `path`. Raises SystemExit where one is refused."""
    chance = random.Random(3)
    warm_up = effort.ranges // _WARM_UP_EVERY
    loads = []
    for _ in range(effort.rounds):
        starts = [chance.randrange(size_bytes - RANGE_BYTES) for _ in range(effort.ranges + warm_up)]
        load = run(Job(port, [_ask(path, start) for start in starts], 1, 0, least=effort.ranges, warm_up=warm_up))
        if load.failed:
            raise SystemExit(f"{load.failed} of {load.answered} ranges were refused.")
        loads.append(load)
    return RangeTimes(
        who,
        statistics.median(load.p50_ms for load in loads),
        statistics.median(load.p95_ms for load in loads),
        min(load.answered for load in loads),
    )


def _ask(path: str, start: int) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes={start}-{start + RANGE_BYTES - 1}\r\n\r\n"
