"""The page of a review with its forms, and the rounds of a version."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.comparison import comparing
from modelkeep_server.features.comparison.views import VersionComparison
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion import deciding, discussion, requirements
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.barring import why_not_approved_by
from modelkeep_server.features.promotion.findings import service as findings
from modelkeep_server.features.promotion.rounds import compare_submitted, find_card, get_changes, mark_unseen
from modelkeep_server.features.promotion.views import NewFinding, Promotion, Severity, Status
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.query_strings import read_moment, read_version
from modelkeep_server.interfaces.web.contexts.reviews import FINDING_ROWS, ReviewContext, RoundsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, facts_of
from modelkeep_server.rules.approvals import DECIDERS
from modelkeep_server.rules.errors import NotFound, RegistryError
from modelkeep_server.rules.permissions import ROLES

router = make_router()

V = BASE + "/{version}"
RoundId = Annotated[str, Query(alias="round", max_length=100)]
Other = Annotated[str, Query(alias="with", max_length=200)]
Form = FormData | Mapping[str, str]

_OVER = {
    Status.APPROVED: "It is approved: nothing is left to decide.",
    Status.CHANGES_REQUESTED: "Changes were requested. It waits for an owner of the model, who asks again.",
    Status.WITHDRAWN: "The request was taken back: nothing is left to decide.",
}
_OF_FINDING = {"severity": "Severity", "dueAt": "Due", "owner": "Who answers", "blocking": "Blocks"}
_NAMES = ("", "second ", "third ")
DECIDE = FormOf(
    "decide",
    {"comment": "Comment", **{f"findings.{row}.text": f"The {_NAMES[row]}finding" for row in range(FINDING_ROWS)}},
    {
        "decision": "Decision",
        "as": "Decide as",
        **{f"checklist.{key}": f"Security checklist, {key}" for key in deciding.CHECKLIST},
        **{
            f"findings.{row}.{control}": f"{label}, of the {_NAMES[row]}finding"
            for row in range(FINDING_ROWS)
            for control, label in _OF_FINDING.items()
        },
    },
)
ROUNDS_SHOWN = 25
COMMENT = FormOf("comment", {"text": "Comment"})
FINDING = FormOf("finding", {"text": "What was found"}, _OF_FINDING)
SETTLE = FormOf("settle", {"answer": "What was done, or why it can stay"}, {"status": "How it ended"})


@router.get(V + "/reviews")
@door.reads("model.read")
def show_rounds(work: Work, actor: Actor, group: str, name: str, version: str, cursor: Cursor = "") -> Page:
    """How often was it asked for, and what was said? The newest rounds first, page by page."""
    facts = facts_of(work, actor, group, name, version) | {"tab": "reviews"}
    found = facts["version"]
    page = promotion_queries.page_promotions(work, found, limit=ROUNDS_SHOWN, cursor=cursor or None)
    marked, raised = replace(page, items=mark_unseen(work, found, page.items)), findings.list_of_version(work, found)
    return Page.of(RoundsContext(**facts, rows=marked, findings=raised, cursor=cursor or None))


@router.get(V + "/review")
@door.reads("model.read")
def show_review(
    work: Work, actor: Actor, group: str, name: str, version: str, round: RoundId = "", other: Other = ""
) -> Page:
    """Can I approve this? `with` is the version that it is compared with."""
    return _review_page(work, actor, group, name, version, wanted=round, other=read_version(other))


def _again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    """The page of a review once more, with what was typed into a form of it that was refused."""
    return _draw_again(work, actor, DECIDE, error, _rows_first(form), named)


def _comment_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _draw_again(work, actor, COMMENT, error, form, named)


def _finding_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _draw_again(work, actor, FINDING, error, form, named)


def _settle_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData, **named: Any) -> Page:
    return _draw_again(work, actor, replace(SETTLE, name=f"settle-{named['id']}"), error, form, named)


def _draw_again(
    work: Work, actor: Actor, sent: FormOf, error: RegistryError, form: Form, named: Mapping[str, Any]
) -> Page:
    refused = sent.refuse(form, error)
    return _review_page(
        work, actor, named["group"], named["name"], named["version"], refused=refused, status=error.status
    )


@router.post(V + "/reviews")
@door.posts("promotion.approve", "promotion.request_changes", again=_again)
def decide(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Approve or request changes. Controls: those of contexts/reviews.py: ReviewContext."""
    values = _rows_first(form)
    raised = [_read_finding(values, f"findings.{row}.") for row in range(_count_findings(values))]
    made = deciding.decide(
        work, actor, group, name, version,
        decision=values.get("decision", ""), comment=values.get("comment") or None,
        digest=values.get("digest", ""), as_role=values.get("as") or None,
        findings=raised,
        checklist=_read_checklist(values),
    )  # fmt: skip
    sent_back = "changes-blocked" if any(one.blocking for one in raised) else "changes"
    done = sent_back if made.status is Status.CHANGES_REQUESTED else "approved"
    return Redirect(f"{href_of_version(made.model, made.version)}/review?done={done}")


@router.post(V + "/comments")
@door.posts("comment.add", again=_comment_again)
def add_comment(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Say something of it. Control: text."""
    discussion.add_comment(work, actor, group, name, version, text=text_of(form, "text").strip())
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/review?done=commented#discussion")


@router.post(V + "/findings")
@door.posts("finding.raise", again=_finding_again)
def raise_finding(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Raise a finding. Controls: text, severity, blocking, owner, dueAt."""
    findings.raise_finding(work, actor, group, name, version, _read_finding(form, ""))
    return Redirect(f"{href_of_version(f'{group}/{name}', version)}/review?done=found#findings")


@router.post(V + "/findings/{id}/settle")
@door.posts("finding.settle", again=_settle_again)
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
    other: str | None = None,
    refused: Refusal | None = None,
    status: int = 200,
) -> Page:
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    rounds = mark_unseen(work, found, promotion_queries.list_promotions(work, found))
    shown = next((one for one in rounds if one.id == wanted or not wanted), None)
    if shown is None:
        raise NotFound(f"Nobody requested a promotion of {found.address} yet.", remedy="An owner does on its page.")
    compared = _compare(work, actor, found, other)
    checks = requirements.judge(work, model, found, shown.target).requirements if shown.status is Status.OPEN else ()
    context = ReviewContext(
        model=model,
        version=found,
        promotion=shown,
        rounds=rounds,
        checks=checks,
        card=find_card(work, found),
        findings=findings.list_of_version(work, found),
        comments=discussion.list_comments(work, found),
        now=work.now,
        roles=tuple(role for role in DECIDERS if role in actor.roles),
        own=next((one for one in reversed(shown.reviews) if one.person_key == actor.user_id), None),
        refusal=_why_no_decision(work, actor, model, found, shown, shown.key == rounds[0].key),
        compared=compare_submitted(work, actor, compared, shown) if compared else None,
        before=compared.before if compared else None,
        offered=comparing.list_offered(work, found),
        since=get_changes(work, actor, found, rounds, shown.id) if shown.round > 1 else None,
        relations=model_queries.relations_of(actor, model),
        refused=refused,
    )
    return Page.of(context, status)


def _why_no_decision(
    work: Work, actor: Actor, model: Model, version: Version, promotion: Promotion, is_newest: bool
) -> str | None:
    """Why this person decides nothing in this round, in words; None where they may."""
    waits = promotion.status is Status.OPEN or deciding.lacks_approvals(promotion, version)
    if not is_newest:
        return "This round is over: a later one follows."
    if not waits:
        return _OVER[promotion.status]
    missing = access.why_not(actor, "promotion.approve", model_queries.relations_of(actor, model))
    if missing is not None:
        return f"{missing} {access.say_whom_to_ask(work, 'promotion.approve')}"
    beside = next(version_queries.list_reasons_beside(version), None)
    if beside is not None:
        return f"{beside.message} {beside.remedy}"
    if any(one.person_key == actor.user_id and one.tier is model.risk_tier for one in promotion.reviews):
        return "You decided on this request already. Say more in the discussion."
    apart = why_not_approved_by(work, actor, model, version, promotion)
    if apart is None:
        return None
    roles = " or ".join(ROLES[role].label for role in promotion.open_roles)
    return f"{apart} Ask somebody else with the role {roles}."


def _compare(work: Work, actor: Actor, version: Version, other: str | None) -> VersionComparison | None:
    """What changed since `other`, else since what a reviewer holds it against; None where there is none."""
    group, _, name = version.model.partition("/")
    if other is None or other == version.version:
        other = comparing.find_counterpart(work, version, reviewed=True)
    if other is None:
        return None
    return comparing.compare_versions(work, actor, group, name, version.version, other=other)


def _rows_first(form: FormData) -> dict[str, str]:
    """What a decision's form holds, with those of its findings first that say something: faults are told by place."""
    values = {name: text_of(form, name).strip() for name in form}
    rows = [
        {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
        for prefix in (f"findings.{row}." for row in range(FINDING_ROWS))
    ]
    kept = {name: value for name, value in values.items() if not name.startswith("findings.")}
    for place, row in enumerate(sorted(rows, key=lambda row: not row.get("text"))):
        kept |= {f"findings.{place}.{name}": value for name, value in row.items()}
    return kept


def _count_findings(values: Mapping[str, str]) -> int:
    return sum(bool(values.get(f"findings.{row}.text")) for row in range(FINDING_ROWS))


def _read_finding(form: Form, prefix: str) -> NewFinding:
    due = text_of(form, f"{prefix}dueAt").strip()
    return NewFinding(
        text_of(form, f"{prefix}text").strip(),
        text_of(form, f"{prefix}severity") or Severity.MEDIUM,
        bool(text_of(form, f"{prefix}blocking")),
        text_of(form, f"{prefix}owner").strip() or None,
        read_moment(f"{prefix}dueAt", due, end=True) if due else None,
    )


def _read_checklist(values: Mapping[str, str]) -> dict[str, str] | None:
    prefix = "checklist."
    answers = {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix) and value}
    return answers or None
