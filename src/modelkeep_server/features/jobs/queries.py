"""Looking at background work. What a job was told is never read here."""

from typing import Any

from sqlalchemy import Row, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs.views import Job, JobCount, JobStatus
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound

_SHOWN = [column for column in jobs.c if column.name not in ("payload", "key", "leased_by", "leased_until")]
_FILTERS = {"jobs": "failed"}
_ID_CHARS_MAX = 18


def count_jobs(work: Work, actor: Actor) -> tuple[JobCount, ...]:
    """How many jobs of each kind stand in each status, by kind. One statement. Raises NotPermitted."""
    access.require(work, actor, "job.read")
    rows = work.all(
        select(jobs.c.kind, jobs.c.status, func.count().label("many"))
        .group_by(jobs.c.kind, jobs.c.status)
        .order_by(jobs.c.kind)
    )
    counts = [JobCount(row.kind, JobStatus(row.status), row.many) for row in rows]
    return tuple(sorted(counts, key=lambda row: (row.kind, list(JobStatus).index(row.status))))


def list_failed(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Job]:
    """Jobs that failed for good, the newest job first. One statement. Raises NotPermitted, CursorRefused."""
    access.require(work, actor, "job.read")
    found = select(*_SHOWN).where(jobs.c.status == JobStatus.FAILED)
    rows, following = read_rows(
        work, found, jobs.c.id, filters=_FILTERS, limit=limit, cursor=cursor, descending=True
    )  # fmt: skip
    return Page(tuple(_to_job(row) for row in rows), following)


def get_job(work: Work, actor: Actor, job_id: str) -> Job:
    """One job. One statement. Raises NotPermitted, NotFound."""
    access.require(work, actor, "job.read")
    row = work.first(select(*_SHOWN).where(jobs.c.id == read_id(job_id)))
    if row is None:
        raise NotFound("There is no such job.", remedy="Jobs that were done are dropped after a week.")
    return _to_job(row)


def read_id(job_id: str) -> int:
    """The inside id of a job. Raises NotFound for what is no id at all."""
    if not (job_id.isascii() and job_id.isdigit() and len(job_id) <= _ID_CHARS_MAX):
        raise NotFound("There is no such job.", remedy="The list of jobs shows their ids.")
    return int(job_id)


def _to_job(row: Row[Any]) -> Job:
    return Job(
        str(row.id),
        row.kind,
        JobStatus(row.status),
        row.created_at,
        row.due_at,
        row.attempts,
        row.finished_at,
        row.problem,
    )
