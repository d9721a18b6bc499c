"""What the registry tells of promotions: requests, decisions, findings. See also `modelkeep.told`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep.comparisons import Differences
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Unseen(Told):
    """
    Something recorded of a version after a decision on it, by whom and when. `kind` is EVALUATION, or CARD, whose `id`
    is the number of the published revision.
    """

    kind: str
    id: str
    label: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Review(Told):
    """
    What one reviewer decided, in which role, on which content, and what lay before them (`saw`). `not_seen` is told
    where rounds are read: the newest of what was recorded after the decision, `not_seen_count` of them in all.
    """

    id: str
    by: str
    role: str
    decision: str
    comment: str | None = None
    digest: str
    at: datetime
    saw: Mapping[str, Any]
    not_seen: tuple[Unseen, ...] = ()
    not_seen_count: int = 0


@dataclass(frozen=True, kw_only=True)
class Promotion(Told):
    """
    A request to move a version to `target`: one round of review. `status` is OPEN, APPROVED, CHANGES_REQUESTED or
    WITHDRAWN; `open_roles` are those whose approval is still needed; `digest` is the content at stake.
    """

    id: str
    model: str
    version: str
    round: int
    target: str
    justification: str
    urgent: bool
    status: str
    digest: str
    risk_tier: str
    requested_by: str
    requested_at: datetime
    due_at: datetime
    open_roles: tuple[str, ...] = ()
    approvals: tuple[Review, ...] = ()
    reviews: tuple[Review, ...] = ()

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Round(Told):
    """One of two rounds that are compared."""

    id: str
    round: int
    target: str
    status: str
    digest: str
    requested_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class RoundChanges(Told):
    """What changed in the content of a version between two rounds; `before`, `differences` None for the first."""

    before: Round | None = None
    now: Round
    differences: Differences | None = None


@dataclass(frozen=True, kw_only=True)
class QueueRow(Told):
    """
    A request with the model's present tier and the version's state. `can_decide`: you may still give an approval of it;
    `held`: the version is on hold.
    """

    promotion: Promotion
    model_tier: str
    state: str
    can_decide: bool = False
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class Attestation(Told):
    """That an MRC looked at a version in production again, on which content, and until when that holds."""

    id: str
    by: str
    comment: str
    digest: str
    risk_tier: str
    at: datetime
    next_review_at: datetime


@dataclass(frozen=True, kw_only=True)
class NextReview(Told):
    """A version in production, and until when it is to be looked at again."""

    model: str
    version: str
    risk_tier: str
    next_review_at: datetime
    overdue: bool

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Finding(Told):
    """A reviewer's remark. `status` is OPEN, RESOLVED or ACCEPTED; a blocking one that is open stops every move."""

    id: str
    version: str
    severity: str
    blocking: bool
    text: str
    owner: str
    due_at: datetime
    status: str
    raised_by: str
    raised_at: datetime
    answer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Todo(Told):
    """
    One thing that waits for you, or, where not `waits_for_you`, for others on your behalf. `text` says what to do or
    where it stands, `link` is the page where it is done, on the registry's own address. See `kind` in the API's
    reference.
    """

    kind: str
    waits_for_you: bool
    address: str | None = None
    title: str
    state: str | None = None
    risk_tier: str | None = None
    what: str
    text: str
    since: datetime
    due_at: datetime | None = None
    overdue: bool
    link: str
