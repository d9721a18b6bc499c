"""The JSON of promotions, reviews, findings and what is said of them."""

from typing import Any, Literal, Self

from pydantic import Field

from modelkeep_server.features.promotion.rounds import UNSEEN_MAX
from modelkeep_server.features.promotion.views import RoundChanges
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.interfaces.api.shapes.comparison import DifferencesOut, sections_of
from modelkeep_server.interfaces.api.shapes.deployments import DeploymentIn

TargetName = Literal["STAGING", "PRODUCTION"]


class PromotionIn(Input):
    """A request to move a version on."""

    target: str = Field(description="STAGING, from DRAFT or CHANGES_REQUESTED; PRODUCTION, from STAGING.")
    justification: str = Field(description="Why now, and what a reviewer should look at. At most 4,000 characters.")
    urgent: bool = Field(default=False, description="Reviewers have two days; nothing else changes.")


class RequiredOut(Shape):
    """Approvals that it takes: so many people with one of these roles."""

    roles: list[str]
    count: int


class UnseenOut(Shape):
    """Something recorded of a version after a decision on it."""

    kind: Literal["EVALUATION", "CARD"]
    id: str = Field(description="Of a model card the number of its published revision.")
    label: str = Field(description="Of an evaluation the suite, or the dataset where there is none.")
    by: str
    at: Moment


class ReviewOut(Shape):
    """What one reviewer decided."""

    id: str
    by: str
    role: str
    decision: Literal["APPROVE", "REQUEST_CHANGES"]
    comment: str | None
    digest: str
    at: Moment
    saw: dict[str, Any] = Field(description="What lay before the reviewer: evaluations, card revision, checks.")
    checklist: dict[str, str] | None = None
    not_seen: list[UnseenOut] = Field(
        default=[],
        description="Told where rounds are read: what was recorded later, so that they did not see it, oldest first; "
        f"the newest {UNSEEN_MAX} of each kind. `GET .../evaluations` lists all evaluations.",
    )
    not_seen_count: int = Field(default=0, description="How much was recorded later.")


class PromotionOut(Shape):
    """A request to move a version on: one round of review. `approvals` are those of `reviews` that count now."""

    id: str
    model: str
    version: str
    round: int
    target: TargetName
    justification: str
    urgent: bool
    status: Literal["OPEN", "APPROVED", "CHANGES_REQUESTED", "WITHDRAWN"]
    digest: str
    risk_tier: str = Field(description="The model's risk tier when this was requested.")
    requested_by: str
    requested_at: Moment
    due_at: Moment
    ended_by: str | None
    ended_at: Moment | None
    end_reason: str | None
    required: list[RequiredOut]
    open_roles: list[str] = Field(description="The roles in which an approval is still needed.")
    approvals: list[ReviewOut]
    reviews: list[ReviewOut]
    checks: list[dict[str, Any]]


class RoundOut(Shape):
    """One of two rounds that are compared."""

    id: str
    round: int
    target: TargetName
    status: Literal["OPEN", "APPROVED", "CHANGES_REQUESTED", "WITHDRAWN"]
    digest: str
    requested_at: Moment
    ended_at: Moment | None
    end_reason: str | None


class RoundChangesOut(Shape):
    """What changed in the content of a version between two rounds of review."""

    before: RoundOut | None = Field(description="The round before; null for the first.")
    now: RoundOut
    differences: DifferencesOut | None = Field(description="Null for the first round.")

    @classmethod
    def of(cls, found: RoundChanges) -> Self:
        """Both rounds, and the whole comparison."""
        return cls(
            before=None if found.before is None else RoundOut.model_validate(found.before),
            now=RoundOut.model_validate(found.now),
            differences=None if found.comparison is None else DifferencesOut(**sections_of(found.comparison)),
        )


class QueueRowOut(Shape):
    """A request that waits for a decision, with where its version stands."""

    promotion: PromotionOut
    model_tier: str
    state: str
    can_decide: bool = Field(validation_alias="decidable", description="Whether you may still give an approval of it.")
    held: bool = Field(description="Whether the version is on hold, so that nothing moves.")


class FindingIn(Input):
    """A finding to raise."""

    text: str = Field(description="What was found. At most 4,000 characters.")
    severity: str = Field(default="MEDIUM", description="LOW, MEDIUM or HIGH.")
    blocking: bool = Field(default=False, description="Whether it stops every move until it is settled.")
    owner: str | None = Field(default=None, description="Who mends it, by e-mail; left out: who submitted the version.")
    due_at: str | None = Field(default=None, max_length=40, description="A day or a moment; left out: in 30 days.")


class SettleIn(Input):
    """How a finding ended."""

    status: str = Field(description="RESOLVED or ACCEPTED.")
    answer: str = Field(description="What was done, or why it can stay. At most 4,000 characters.")


class FindingOut(Shape):
    """A finding."""

    id: str
    version: str
    severity: Literal["LOW", "MEDIUM", "HIGH"]
    blocking: bool
    text: str
    owner: str
    due_at: Moment
    status: Literal["OPEN", "RESOLVED", "ACCEPTED"]
    raised_by: str
    raised_at: Moment
    settled_by: str | None
    settled_at: Moment | None
    answer: str | None


class ReviewIn(Input):
    """A decision on the open request of a version."""

    decision: str = Field(description="APPROVE or REQUEST_CHANGES.")
    comment: str | None = Field(default=None, description="Required where changes are requested.")
    digest: str = Field(max_length=200, description="The `digest` of the request: the content that you judged.")
    role: str | None = Field(
        default=None,
        alias="as",
        description="MRC or SECURITY_ARCHITECT, for people with both; else what is open.",
    )
    findings: list[FindingIn] = Field(default=[], max_length=20, description="What the decision is bound to.")
    checklist: dict[str, str] | None = Field(
        default=None, description="Of the Security Architect: scan, licence, data, each YES, NO or NOT_APPLICABLE."
    )


class CommentIn(Input):
    """Something to say of a version."""

    text: str = Field(description="At most 4,000 characters.")
    about: str | None = Field(default=None, description="What it is on, for instance metadata.limitations.")


class CommentOut(Shape):
    """What somebody said."""

    id: str
    by: str
    about: str | None
    text: str
    at: Moment


class MoveIn(Input):
    """A move that is no decision."""

    to: str = Field(description="STAGING, PRODUCTION, DEPRECATED or RETIRED.")
    comment: str | None = Field(default=None, description="At most 4,000 characters.")
    deployment: DeploymentIn | None = Field(
        default=None, description="What is live from now on, recorded with a move to STAGING or PRODUCTION."
    )
