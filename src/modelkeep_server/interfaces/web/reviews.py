"""The page of a review with its forms, and the rounds of a version."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.comparison import comparing
from modelkeep_server.features.comparison.views import Comparison
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion import deciding, discussion, findings, promotion_queries, requirements
from modelkeep_server.features.promotion.duties import why_not_apart
from modelkeep_server.features.promotion.views import NewFinding, Promotion, Severity, Status
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.query_strings import read_moment
from modelkeep_server.interfaces.web.contexts.reviews import ReviewContext, RoundsContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, facts_of
from modelkeep_server.rules.errors import Invalid, NotFound
from modelkeep_server.rules.permission_words import whom_to_ask
from modelkeep_server.rules.permissions import ROLES

router = make_router()

V = BASE + "/{version}"
RoundId = Annotated[str, Query(alias="round", max_length=100)]


@router.get(V + "/reviews")
@door.reads("model.read")
def show_rounds(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """How often was it asked for, and what was said?"""
    facts = facts_of(work, actor, group, name, version) | {"tab": "reviews"}
    return Page.of(RoundsContext(**facts, rounds=promotion_queries.list_promotions(work, facts["version"])))


@router.get(V + "/review")
@door.reads("model.read")
def show_review(work: Work, actor: Actor, group: str, name: str, version: str, round: RoundId = "") -> Page:
    """Can I approve this?"""
    return _review_page(work, actor, group, name, version, wanted=round)


@router.post(V + "/reviews")
@door.posts("promotion.approve", "promotion.request_changes")
def decide(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Approve or request changes, or show the page again with what is wrong."""
    values = {name: text_of(form, name).strip() for name in form}
    try:
        made = deciding.decide(
            work, actor, group, name, version,
            decision=values.get("decision", ""), comment=values.get("comment") or None,
            digest=values.get("digest", ""), as_role=values.get("as") or None,
            findings=_read_findings(values), checklist=_read_checklist(values),
        )  # fmt: skip
    except Invalid as error:
        return _review_page(
            work, actor, group, name, version,
            values=values, errors=errors_by_field(error.errors), status=error.status,
        )  # fmt: skip
    done = "changes" if made.status is Status.CHANGES_REQUESTED else "approved"
    return Redirect(f"{href_of_version(made.model, made.version)}/review?done={done}")


@router.post(V + "/comments")
@door.posts("comment.add")
def add_comment(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Say something of it. Control: text."""
    text = text_of(form, "text").strip()
    try:
        discussion.add_comment(work, actor, group, name, version, text=text)
    except Invalid as error:
        errors = errors_by_field(error.errors)
        return _review_page(
            work, actor, group, name, version, values={"text": text}, errors=errors, status=error.status
        )
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/review?done=commented#discussion")


@router.post(V + "/findings")
@door.posts("finding.raise")
def raise_finding(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Raise a finding. Controls: text, severity, blocking, owner, dueAt."""
    due = text_of(form, "dueAt").strip()
    new = NewFinding(
        text_of(form, "text").strip(),
        text_of(form, "severity") or Severity.MEDIUM,
        bool(text_of(form, "blocking")),
        text_of(form, "owner").strip() or None,
        read_moment("dueAt", due, end=True) if due else None,
    )
    findings.raise_finding(work, actor, group, name, version, new)
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/review?done=found#findings")


@router.post(V + "/findings/{id}/settle")
@door.posts("finding.settle")
def settle_finding(work: Work, actor: Actor, group: str, name: str, version: str, id: str, form: FormData) -> Redirect:
    """Say how a finding ended. Controls: status, answer."""
    answer = text_of(form, "answer").strip()
    findings.settle(work, actor, group, name, version, id, status=text_of(form, "status"), answer=answer)
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/review?done=settled#findings")


def _review_page(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    wanted: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    rounds = promotion_queries.list_promotions(work, found)
    shown = next((one for one in rounds if one.id == wanted or not wanted), None)
    if shown is None:
        raise NotFound(f"Nobody requested a promotion of {found.address} yet.", remedy="An owner does on its page.")
    checks = requirements.judge(work, model, found, shown.target).requirements if shown.status is Status.OPEN else ()
    context = ReviewContext(
        model=model,
        version=found,
        promotion=shown,
        rounds=rounds,
        checks=checks,
        findings=findings.list_of_version(work, found),
        comments=discussion.list_comments(work, found),
        now=work.now,
        roles=tuple(role for role in deciding.DECIDERS if role in actor.roles),
        refusal=_why_no_decision(work, actor, model, found, shown, shown.key == rounds[0].key),
        compared=_compare(work, actor, found),
        relations=model_queries.relations_of(actor, model),
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)


def _why_no_decision(
    work: Work, actor: Actor, model: Model, version: Version, promotion: Promotion, is_newest: bool
) -> str | None:
    """Why this person decides nothing in this round, in words; None where they may."""
    lacks = promotion.status is Status.APPROVED and bool(promotion.open_roles)
    if not is_newest or (promotion.status is not Status.OPEN and not lacks):
        return "This request waits for no decision."
    missing = access.why_not(actor, "promotion.approve", model_queries.relations_of(actor, model))
    if missing is not None:
        return f"{missing} {whom_to_ask('promotion.approve')}"
    beside = next(version_queries.list_reasons_beside(version), None)
    if beside is not None:
        return f"{beside.message} {beside.remedy}"
    if any(one.person_key == actor.user_id and one.tier is model.risk_tier for one in promotion.reviews):
        return "You decided on this request already. Say more in the discussion."
    apart = why_not_apart(work, actor, model, version)
    if apart is None:
        return None
    waits = " or ".join(ROLES[role].label for role in promotion.open_roles)
    return f"{apart} Ask somebody else with the role {waits}."


def _compare(work: Work, actor: Actor, version: Version) -> Comparison | None:
    """What changed since the version that a reviewer holds it against; None where there is none."""
    group, _, name = version.model.partition("/")
    other = comparing.find_counterpart(work, version)
    if other is None:
        return None
    return comparing.compare_versions(work, actor, group, name, version.version, other=other).comparison


def _read_findings(values: Mapping[str, str]) -> list[NewFinding]:
    text = values.get("findings.0.text")
    if not text:
        return []
    severity = values.get("findings.0.severity") or Severity.MEDIUM
    return [NewFinding(text, severity, bool(values.get("findings.0.blocking")))]


def _read_checklist(values: Mapping[str, str]) -> dict[str, str] | None:
    prefix = "checklist."
    answers = {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix) and value}
    return answers or None
