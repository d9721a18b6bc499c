"""Which approvals promotions take: the floor, and what Admins add to it."""

from typing import Annotated

from fastapi import Path, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion.approval_rules import additions
from modelkeep_server.features.promotion.approval_rules.additions import NewAddition
from modelkeep_server.features.promotion.approval_rules.views import Addition
from modelkeep_server.interfaces.api.face import Answer, door, make_router
from modelkeep_server.interfaces.api.shapes.approvals import ApprovalRuleIn, ApprovalRuleOut, ApprovalRulesOut
from modelkeep_server.interfaces.api.shapes.base import OptionalReasonIn, ReasonIn
from modelkeep_server.rules.approvals import APPROVALS

router = make_router("promotions")

RuleId = Annotated[str, Path(description="As the list of approvals has it.")]


@router.get("/approval-rules", response_model=ApprovalRulesOut)
@door.reads("approval.read")
def list_approval_rules(work: Work, actor: Actor) -> ApprovalRulesOut:
    """Which approvals a promotion takes, by risk tier: the floor, and what Admins added."""
    access.require(work, actor, "approval.read")
    return _shape_all(work)


@router.post("/approval-rules", status_code=201, response_model=ApprovalRuleOut)
@door.writes("approval.add")
def add_approval_rule(work: Work, actor: Actor, body: ApprovalRuleIn, request: Request) -> Answer:
    """
    Ask for more approvals, as an Admin. They count from the next decision on, in open rounds too; a version that is
    approved and not moved yet keeps its state and waits for what is missing.
    """
    new = NewAddition(body.risk_tier, body.target, body.roles, body.count, body.reason)
    made = additions.add(work, actor, new)
    request.app.state.door.board.doubt()
    return Answer(_shape(made), 201)


@router.post("/approval-rules/{id}/end", response_model=ApprovalRuleOut)
@door.writes("approval.end")
def end_approval_rule(work: Work, actor: Actor, id: RuleId, body: ReasonIn) -> Answer:
    """Wish, as an Admin, that approvals which were added are asked for no more. They are, until `confirm`."""
    return Answer(_shape(additions.ask_to_end(work, actor, id, reason=body.reason)))


@router.post("/approval-rules/{id}/confirm", response_model=ApprovalRulesOut)
@door.writes("approval.confirm")
def confirm_approval_rule_end(
    work: Work, actor: Actor, id: RuleId, body: OptionalReasonIn, request: Request
) -> ApprovalRulesOut:
    """End what was added, as an MRC or a Security Architect who did not wish it. Answers with what stands then."""
    additions.confirm_end(work, actor, id, reason=body.reason)
    request.app.state.door.board.doubt()
    return _shape_all(work)


@router.post("/approval-rules/{id}/decline", response_model=ApprovalRuleOut)
@door.writes("approval.decline")
def decline_approval_rule_end(work: Work, actor: Actor, id: RuleId, body: OptionalReasonIn) -> Answer:
    """Let what was added stand. The Admin who wished its end may take that back this way."""
    return Answer(_shape(additions.decline_end(work, actor, id, reason=body.reason)))


def _shape_all(work: Work) -> ApprovalRulesOut:
    floor = [
        ApprovalRuleOut(id=None, risk_tier=tier.value, target=None, roles=list(need.roles), count=need.count)
        for tier, needs in APPROVALS.items()
        for need in needs
    ]
    return ApprovalRulesOut(items=[*floor, *map(_shape, additions.list_additions(work))])


def _shape(one: Addition) -> ApprovalRuleOut:
    return ApprovalRuleOut.model_validate(one)
