"""What the rest of the house sees of background work: handlers of each kind, and jobs as people look at them."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class JobStatus(StrEnum):
    """How a job stands. RUNNING means leased: a lease that ran out counts as WAITING."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class JobFailed(Exception):
    """
    A job was not done. The sentence is kept and shown to people: no secret, no address, no link in it.

    `for_good`: trying again is of no use.
    """

    def __init__(self, problem: str, *, for_good: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.for_good = for_good


@dataclass(frozen=True)
class Task:
    """A job as its handler gets it. `attempt` is 1 the first time; `id` is the same each time."""

    id: int
    created_at: datetime
    facts: Mapping[str, Any] = field(repr=False)
    attempt: int


@dataclass(frozen=True)
class Handler:
    """
    How one kind of job is done.

    `call` does it, and may be called twice for one job: a worker can end between the work and noting it. It raises
    JobFailed where it could not; any other exception counts as a fault of the program, and is tried again too. `tries`
    in all, `first_wait_seconds` before the second, thrice as long before each further one up to `longest_wait_seconds`.
    """

    call: Callable[[Task], None]
    tries: int = 10
    first_wait_seconds: float = 60
    longest_wait_seconds: float = 14 * 3600

    def wait_seconds(self, attempt: int) -> float:
        """How long to wait after this try, a fifth more or less, so that what failed together returns apart."""
        # Beyond 3^20 every wait is the longest anyway.
        grown = self.first_wait_seconds * 3.0 ** min(attempt - 1, 20)
        return min(grown, self.longest_wait_seconds) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


#: By the kind that `db/queueing.py: enqueue` was given.
Handlers = Mapping[str, Handler]


@dataclass(frozen=True)
class Schedule:
    """A kind of job that is done again and again: one is enqueued at each multiple of `every`, by whoever is first."""

    kind: str
    every: timedelta


@dataclass(frozen=True)
class JobCount:
    """How many jobs of one kind stand in one status."""

    kind: str
    status: JobStatus
    count: int


@dataclass(frozen=True)
class Job:
    """One job as people look at it. What it was told is never shown: it may hold a link."""

    id: str
    kind: str
    status: JobStatus
    created_at: datetime
    due_at: datetime
    attempts: int
    finished_at: datetime | None
    problem: str | None
