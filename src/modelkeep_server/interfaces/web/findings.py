"""Findings of all versions as pages: the list, and one finding, where it is settled."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.separation import why_not_apart
from modelkeep_server.features.promotion.findings import service as findings
from modelkeep_server.features.promotion.views import FindingsAsked, FindingStatus, Severity
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.policy_forms import read_version_address
from modelkeep_server.interfaces.web.contexts.findings import FindingContext, FindingsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import RegistryError

router = make_router()

ROWS = 50
ALL = "ALL"
ME = "me"
Choice = Annotated[str, Query(max_length=40)]
Owner = Annotated[str, Query(max_length=320)]

SETTLE = FormOf("settle", {"answer": "What was done, or why it can stay"}, {"status": "How it ended"})


@router.get("/findings")
@door.reads("review.read")
def show_findings(
    work: Work,
    actor: Actor,
    status: Choice = "",
    severity: Choice = "",
    blocking: Choice = "",
    owner: Owner = "",
    overdue: Choice = "",
    cursor: Cursor = "",
) -> Page:
    """
    What was found that is still to be mended? Open ones unless `status` says otherwise; a filter that is none of those
    on the page filters nothing.
    """
    chosen = next((one for one in FindingStatus if one == status), None)
    asked = FindingsAsked(
        status=None if status == ALL else chosen or FindingStatus.OPEN,
        severity=next((one for one in Severity if one == severity), None),
        blocking=True if blocking == "yes" else None,
        owner=None if owner == ME else owner.strip() or None,
        mine=owner == ME,
        overdue=overdue == "yes",
    )
    rows = findings.list_findings(work, actor, asked, limit=ROWS, cursor=cursor or None)
    filters = {
        "status": ALL if status == ALL else chosen or "",
        "severity": asked.severity or "",
        "blocking": "yes" if asked.blocking else "",
        "owner": owner.strip(),
        "overdue": "yes" if asked.overdue else "",
    }
    kept = {name: str(value) for name, value in filters.items() if value}
    tally = findings.count_findings(work, actor)
    return Page.of(FindingsContext(rows=rows, tally=tally, filters=kept, now=work.now, cursor=cursor or None))


@router.get("/findings/{id}")
@door.reads("review.read")
def show_finding(work: Work, actor: Actor, id: str) -> Page:
    """What was found, who answers for it until when, and how did it end?"""
    return _show(work, actor, id)


def _again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, id: str) -> Page:
    return _show(work, actor, id, SETTLE.refuse(form, error))


@router.post("/findings/{id}/settle")
@door.posts("finding.settle", again=_again)
def settle_finding(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Say how it ended. Controls: status, answer."""
    found = findings.get_finding(work, actor, id)
    group, name, version = read_version_address(found.version)
    answer = text_of(form, "answer").strip()
    findings.settle(work, actor, group, name, version, id, status=text_of(form, "status"), answer=answer)
    return Redirect(f"/findings/{id}?done=settled")


def _show(work: Work, actor: Actor, public_id: str, refused: Refusal | None = None) -> Page:
    finding = findings.get_finding(work, actor, public_id)
    group, name, number = read_version_address(finding.version)
    model = model_queries.get_model(work, actor, group, name)
    version = version_queries.get_version(work, actor, group, name, number)
    context = FindingContext(
        finding=finding,
        version=version,
        tier=model.risk_tier,
        relations=model_queries.relations_of(actor, model),
        apart=why_not_apart(work, actor, model, version),
        now=work.now,
        refused=refused,
    )
    return Page.of(context, refused.status if refused else 200)
