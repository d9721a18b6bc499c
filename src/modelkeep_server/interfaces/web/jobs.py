"""Background jobs as a page."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs import queries, service
from modelkeep_server.interfaces.web.contexts.jobs import JobsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.render import Page

router = make_router()


@router.get("/admin/jobs")
@door.reads("job.read")
def show_jobs(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """What waits, what failed, and why?"""
    counts = queries.count_jobs(work, actor)
    failed = queries.list_failed(work, actor, cursor=cursor or None)
    return Page.of(JobsContext(counts=counts, failed=failed, sends_mail=work.parts.sends_mail, cursor=cursor or None))


@router.post("/admin/jobs/{id}/retry")
@door.posts("job.retry")
def retry_job(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Have a failed job tried again."""
    service.retry(work, actor, id)
    return Redirect("/admin/jobs?done=job-retried")
