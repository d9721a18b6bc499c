"""Background jobs: how many, which failed, and having one tried again."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs import queries, service
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.jobs import JobCountOut, JobOut, JobsOut

router = make_router("jobs")


@router.get("/jobs", response_model=JobsOut)
@door.reads("job.read")
def list_jobs(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> JobsOut:
    """How many background jobs stand where, and those that failed, newest first."""
    counts = queries.count_jobs(work, actor)
    page = queries.list_failed(work, actor, limit=limit, cursor=cursor)
    return JobsOut(
        counts=[JobCountOut.model_validate(count) for count in counts],
        items=[JobOut.model_validate(job) for job in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("/jobs/{id}/retry", response_model=JobOut)
@door.writes("job.retry")
def retry_job(work: Work, actor: Actor, id: str) -> JobOut:
    """Have a failed job tried again, at once and with all its tries."""
    return JobOut.model_validate(service.retry(work, actor, id))
