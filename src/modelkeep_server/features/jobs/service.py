"""Having a failed job tried again."""

from sqlalchemy import update

from modelkeep_server.db.queueing import WAITING
from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs import queries
from modelkeep_server.features.jobs.views import Job, JobStatus
from modelkeep_server.rules.errors import StateForbids


def retry(work: Work, actor: Actor, job_id: str) -> Job:
    """
    Have a failed job done again, at once and with all its tries.

    Raises:
        NotPermitted: The actor is neither SRE nor Admin.
        NotFound: There is no such job.
        StateForbids: It has not failed, or somebody was faster.
    """
    access.require(work, actor, "job.retry")
    job = queries.get_job(work, actor, job_id)
    fresh = {"status": WAITING, "attempts": 0, "due_at": work.now, "finished_at": None, "problem": None}
    failed = (jobs.c.id == queries.read_id(job_id), jobs.c.status == JobStatus.FAILED)
    if not work.keep(jobs, update(jobs).where(*failed).values(fresh)):
        raise StateForbids(
            f"This job is {job.status.lower()}; only one that failed can be tried again.", remedy="Load the list again."
        )
    work.after_commit(work.parts.bell.ring)
    access.record(work, actor, "job.retry", object_id=job.id, after={"kind": job.kind})
    return queries.get_job(work, actor, job_id)
