"""The JSON of background jobs."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape

JobStatusName = Literal["WAITING", "RUNNING", "DONE", "FAILED"]


class JobCountOut(Shape):
    """How many jobs of one kind stand in one status. Those that were done are dropped after a week."""

    kind: str
    status: JobStatusName
    count: int


class JobOut(Shape):
    """A background job. What it was told is not shown: it may hold a link."""

    id: str
    kind: str
    status: JobStatusName
    created_at: Moment
    due_at: Moment = Field(description="When it is tried, or counts as left behind by its worker.")
    attempts: int
    finished_at: Moment | None = None
    problem: str | None = Field(default=None, description="Why the last try failed.")


class JobsOut(Shape):
    """Counts of all jobs, and a page of those that failed."""

    counts: list[JobCountOut]
    items: list[JobOut]
    next_cursor: str | None = None
