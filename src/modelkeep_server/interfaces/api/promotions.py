"""Promotions: requests, decisions, moves, holds, findings, and what is said on the way."""

from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import deciding, discussion, holds, moves, requesting
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.findings import service as findings
from modelkeep_server.features.promotion.queue import listing
from modelkeep_server.features.promotion.queue.listing import QueueFilter, Show, Sort
from modelkeep_server.features.promotion.rounds import get_changes, mark_unseen
from modelkeep_server.features.promotion.views import FindingsAsked, FindingStatus, NewFinding, Severity
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut, ReasonIn, etag_of
from modelkeep_server.interfaces.api.shapes.promotions import (
    CommentIn,
    CommentOut,
    FindingIn,
    FindingOut,
    MoveIn,
    PromotionIn,
    PromotionOut,
    QueueRowOut,
    ReviewIn,
    RoundChangesOut,
    SettleIn,
)
from modelkeep_server.interfaces.api.shapes.versions import VersionOut
from modelkeep_server.interfaces.api.versions import BASE
from modelkeep_server.interfaces.query_strings import read_moment
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import Role

router = make_router("promotions")

V = BASE + "/{version}"
PromotionId = Annotated[str, Path(description="As the request, or the list of them, has it.")]
FindingId = Annotated[str, Path(description="As the list of findings has it.")]


@router.get("/reviews", response_model=PageOut[QueueRowOut])
@door.reads("review.read")
def list_reviews(
    work: Work,
    actor: Actor,
    show: Annotated[
        Show, Query(description="OPEN: what waits. DECIDED: what you decided in. CLOSED: rounds that ended.")
    ] = Show.OPEN,
    role: Annotated[Role | None, Query(description="Only what waits for this role.")] = None,
    tier: Annotated[RiskTier | None, Query(alias="riskTier", description="Only models of this risk tier.")] = None,
    target: Annotated[Target | None, Query(description="Only requests to move to this.")] = None,
    urgent: Annotated[bool, Query(description="Only those that their owners call urgent.")] = False,
    overdue: Annotated[bool, Query(description="Only what waits past its due date.")] = False,
    can_decide: Annotated[
        bool, Query(alias="canDecide", description="Only what you may still approve: your role, not your own work.")
    ] = False,
    mine: Annotated[bool, Query(description="Only of models that you own.")] = False,
    group: Annotated[str, Query(max_length=100, description="Only models of this group.")] = "",
    sort: Annotated[
        Sort, Query(description="Of what waits: age (the oldest first), due (by due date), tier (the highest first).")
    ] = Sort.AGE,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[QueueRowOut]:
    """Requests that you can see: those that wait, in the order of `sort`, or others, the newest first."""
    asked = QueueFilter(show, role, tier, target, urgent, overdue, can_decide, mine, group)
    known = listing.look(work, actor)
    page = listing.list_queue(work, actor, asked, known=known, sort=sort, limit=limit, cursor=cursor)
    total = listing.count_queue(work, actor, asked, known=known).total if show is Show.OPEN else None
    return PageOut[QueueRowOut].of(replace(page, total=total), QueueRowOut.model_validate)


@router.post(V + "/promotions", status_code=201, response_model=PromotionOut)
@door.writes("promotion.request")
def request_promotion(work: Work, actor: Actor, group: str, name: str, version: str, body: PromotionIn) -> Answer:
    """
    Ask for a version to be moved on, as an owner. For STAGING its content is frozen and it becomes SUBMITTED; for
    PRODUCTION it stays in STAGING while the request is open.
    """
    made = requesting.request_promotion(
        work, actor, group, name, version,
        target=body.target, justification=body.justification, urgent=body.urgent,
    )  # fmt: skip
    location = f"/api/v1/models/{made.model}/versions/{made.version}/promotions/{made.id}"
    return Answer(PromotionOut.model_validate(made), 201, {"Location": location})


@router.get(V + "/promotions", response_model=PageOut[PromotionOut])
@door.reads("model.read")
def list_promotions(
    work: Work, actor: Actor, group: str, name: str, version: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[PromotionOut]:
    """The rounds of a version, the newest first."""
    found = version_queries.get_version(work, actor, group, name, version)
    page = promotion_queries.page_promotions(work, found, limit=limit, cursor=cursor)
    marked = replace(page, items=mark_unseen(work, found, page.items))
    return PageOut[PromotionOut].of(marked, PromotionOut.model_validate)


@router.get(V + "/promotions/{id}", response_model=PromotionOut)
@door.reads("model.read")
def show_promotion(work: Work, actor: Actor, group: str, name: str, version: str, id: PromotionId) -> PromotionOut:
    """One round of a version."""
    found = version_queries.get_version(work, actor, group, name, version)
    promotion = promotion_queries.get_promotion(work, found, id)
    return PromotionOut.model_validate(mark_unseen(work, found, [promotion])[0])


@router.get(V + "/promotions/{id}/changes", response_model=RoundChangesOut)
@door.reads("model.read")
def show_round_changes(
    work: Work, actor: Actor, group: str, name: str, version: str, id: PromotionId
) -> RoundChangesOut:
    """What changed in the content of a version since the round before this one: what a reviewer looks at again."""
    found = version_queries.get_version(work, actor, group, name, version)
    return RoundChangesOut.of(get_changes(work, actor, found, promotion_queries.list_promotions(work, found), id))


@router.post(V + "/promotions/{id}/withdraw", response_model=PromotionOut)
@door.writes("promotion.withdraw")
def withdraw_promotion(
    work: Work, actor: Actor, group: str, name: str, version: str, id: PromotionId, body: ReasonIn
) -> Answer:
    """Take a request for PRODUCTION back, as an owner. One for STAGING stays with the reviewers."""
    return Answer(
        PromotionOut.model_validate(requesting.withdraw(work, actor, group, name, version, id, reason=body.reason))
    )


@router.post(V + "/reviews", status_code=201, response_model=PromotionOut)
@door.writes("promotion.approve", "promotion.request_changes")
def decide(work: Work, actor: Actor, group: str, name: str, version: str, body: ReviewIn) -> Answer:
    """
    Decide on the open request of a version, as an MRC or Security Architect who never owned the model and worked on
    nothing of the version. The state moves with the last approval needed.
    """
    made = deciding.decide(
        work, actor, group, name, version,
        decision=body.decision, comment=body.comment, digest=body.digest, as_role=body.role,
        findings=[_read_finding(one) for one in body.findings], checklist=body.checklist,
    )  # fmt: skip
    location = f"/api/v1/models/{made.model}/versions/{made.version}/promotions/{made.id}"
    return Answer(PromotionOut.model_validate(made), 201, {"Location": location})


@router.post(V + "/moves", response_model=VersionOut)
@door.writes("version.stage", "version.release", "version.deprecate", "version.retire")
def move_version(work: Work, actor: Actor, group: str, name: str, version: str, body: MoveIn) -> Answer:
    """Move a version to STAGING or PRODUCTION (SRE), DEPRECATED (owner, Admin) or RETIRED (Admin)."""
    found = moves.move_version(work, actor, group, name, version, to=body.to, comment=body.comment,
        deployment=body.deployment.to_asked() if body.deployment else None,
    )  # fmt: skip
    return Answer(VersionOut.model_validate(found), 200, {"ETag": etag_of(found.revision)})


@router.post(V + "/hold", response_model=VersionOut)
@door.writes("version.hold")
def hold_version(work: Work, actor: Actor, group: str, name: str, version: str, body: ReasonIn) -> Answer:
    """Stop all moves of a version, and all new download links, at once."""
    found = holds.set_hold(work, actor, group, name, version, reason=body.reason)
    return Answer(VersionOut.model_validate(found), 200, {"ETag": etag_of(found.revision)})


@router.post(V + "/lift", response_model=VersionOut)
@door.writes("version.lift")
def lift_hold(work: Work, actor: Actor, group: str, name: str, version: str, body: ReasonIn) -> Answer:
    """Let a version that is on hold go on. Where the risk tier is HIGH, never by the one who set the hold."""
    found = holds.lift_hold(work, actor, group, name, version, reason=body.reason)
    return Answer(VersionOut.model_validate(found), 200, {"ETag": etag_of(found.revision)})


@router.get(V + "/comments", response_model=PageOut[CommentOut])
@door.reads("model.read")
def list_comments(work: Work, actor: Actor, group: str, name: str, version: str) -> PageOut[CommentOut]:
    """What was said of a version, the oldest first, at most the last 500."""
    found = discussion.list_comments(work, version_queries.get_version(work, actor, group, name, version))
    return PageOut[CommentOut].of(Page(found, None, len(found)), CommentOut.model_validate)


@router.post(V + "/comments", status_code=201, response_model=CommentOut)
@door.writes("comment.add")
def add_comment(work: Work, actor: Actor, group: str, name: str, version: str, body: CommentIn) -> Answer:
    """Say something of a version: its owners, WRITE collaborators, reviewers and SREs do."""
    made = discussion.add_comment(work, actor, group, name, version, text=body.text, about=body.about)
    return Answer(CommentOut.model_validate(made), 201)


@router.get("/findings", response_model=PageOut[FindingOut])
@door.reads("review.read")
def list_findings(
    work: Work,
    actor: Actor,
    status: Annotated[FindingStatus | None, Query(description="Only those that stand so.")] = None,
    severity: Annotated[Severity | None, Query(description="Only those of this severity.")] = None,
    blocking: Annotated[bool | None, Query(description="Whether they stop moves while they are open.")] = None,
    owner: Annotated[str, Query(max_length=320, description="Whoever answers for them, by e-mail; `me` is you.")] = "",
    overdue: Annotated[bool, Query(description="Only open ones whose day has passed.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[FindingOut]:
    """Findings of versions that you can see: open ones first, by when they are due."""
    mine = owner == "me"
    asked = FindingsAsked(status, severity, blocking, None if mine else owner or None, mine, overdue)
    page = findings.list_findings(work, actor, asked, limit=limit, cursor=cursor)
    return PageOut[FindingOut].of(page, FindingOut.model_validate)


@router.get("/findings/{id}", response_model=FindingOut)
@door.reads("review.read")
def show_finding(work: Work, actor: Actor, id: FindingId) -> FindingOut:
    """One finding of a version that you can see."""
    return FindingOut.model_validate(findings.get_finding(work, actor, id))


@router.get(V + "/findings", response_model=PageOut[FindingOut])
@door.reads("model.read")
def list_findings_of_version(work: Work, actor: Actor, group: str, name: str, version: str) -> PageOut[FindingOut]:
    """The findings of a version, the newest first."""
    found = findings.list_of_version(work, version_queries.get_version(work, actor, group, name, version))
    return PageOut[FindingOut].of(Page(found, None, len(found)), FindingOut.model_validate)


@router.post(V + "/findings", status_code=201, response_model=FindingOut)
@door.writes("finding.raise")
def raise_finding(work: Work, actor: Actor, group: str, name: str, version: str, body: FindingIn) -> Answer:
    """Raise a finding, as an MRC or Security Architect. A blocking one stops every move until it is settled."""
    return Answer(
        FindingOut.model_validate(findings.raise_finding(work, actor, group, name, version, _read_finding(body))), 201
    )


@router.post(V + "/findings/{id}/settle", response_model=FindingOut)
@door.writes("finding.settle")
def settle_finding(
    work: Work, actor: Actor, group: str, name: str, version: str, id: FindingId, body: SettleIn
) -> Answer:
    """Say that a finding is RESOLVED or ACCEPTED, as an MRC or Security Architect who is apart."""
    settled = findings.settle(work, actor, group, name, version, id, status=body.status, answer=body.answer)
    return Answer(FindingOut.model_validate(settled))


def _read_finding(sent: FindingIn) -> NewFinding:
    due_at = read_moment("dueAt", sent.due_at, end=True) if sent.due_at else None
    return NewFinding(sent.text, sent.severity, sent.blocking, sent.owner, due_at)
