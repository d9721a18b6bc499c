"""What the registry says of promotions, reviews and findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from modelkeep_server.features.comparison.views import Comparison
from modelkeep_server.features.policies.views import Judgement, Target
from modelkeep_server.features.versions.views import Requirement
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role


class Status(StrEnum):
    """How a promotion stands."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    WITHDRAWN = "WITHDRAWN"


class Decision(StrEnum):
    """What a reviewer says."""

    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"


class Severity(StrEnum):
    """How grave a finding is."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class FindingStatus(StrEnum):
    """Whether a finding is settled, and how: mended, or accepted as it is."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"
    ACCEPTED = "ACCEPTED"


#: What the id of a requirement begins with that a policy makes; the policy's name follows.
POLICY = "policy:"
#: The requirement that no blocking finding is open.
FINDINGS = "findings"

#: Where the last approval leads, and an SRE finds it: approvals that are lacking since can be given there.
LEADS_TO = {Target.STAGING: State.APPROVED_STAGING, Target.PRODUCTION: State.APPROVED_PROD}


@dataclass(frozen=True)
class Unseen:
    """
    Something recorded of a version after a decision on it. `kind` is EVALUATION, or CARD, whose `id` is the number of
    the published revision; `by` is an e-mail.
    """

    kind: str
    id: str
    label: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Review:
    """
    One reviewer's decision. `by` is an e-mail; `saw` is what lay before them, `not_seen` the newest of what came later
    and `not_seen_count` how much that is, `later_cards` of it card revisions, where it was asked for
    (features/promotion/rounds.py: `mark_unseen`).
    """

    person_key: int
    id: str
    by: str
    role: Role
    decision: Decision
    comment: str | None
    digest: str
    tier: RiskTier
    saw: Mapping[str, Any]
    checklist: Mapping[str, str] | None
    at: datetime
    not_seen: tuple[Unseen, ...] = ()
    not_seen_count: int = 0
    later_cards: int = 0

    def list_not_seen(self, kind: str) -> tuple[Unseen, ...]:
        """The newest of one kind, oldest first."""
        return tuple(one for one in self.not_seen if one.kind == kind)


@dataclass(frozen=True)
class CardSeen:
    """
    The newest published revision of a version's card: `coverage` from 0 to 1, `published_by` an e-mail.
    `is_of_other_content`: it was generated before the content was edited that is frozen now.
    """

    revision: int
    coverage: float
    published_at: datetime
    published_by: str
    is_of_other_content: bool = False


@dataclass(frozen=True)
class Required:
    """Approvals that a promotion takes: `count` people with one of `roles`."""

    roles: tuple[Role, ...]
    count: int


@dataclass(frozen=True)
class Tally:
    """How many policies do not stop a version, passed or lifted by an exception, of how many that were asked."""

    good: int
    total: int


@dataclass(frozen=True)
class Promotion:
    """
    A request to move a version on, with what was decided. `required` is what is asked for now; `approvals` are those
    that count: on this digest, for the model's tier. `open_roles` are the roles in which an approval still helps.
    `checks` is what policies last said, `approvers` are those, by inside id, who approved the version in this round or
    one before.
    """

    key: int
    version_key: int
    id: str
    model: str
    version: str
    round: int
    target: Target
    justification: str
    urgent: bool
    status: Status
    digest: str
    risk_tier: RiskTier
    requested_by: str
    requested_at: datetime
    due_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None
    revision: int
    required: tuple[Required, ...] = ()
    reviews: tuple[Review, ...] = ()
    approvals: tuple[Review, ...] = ()
    open_roles: tuple[Role, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    approvers: frozenset[int] = frozenset()

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"

    @property
    def missing(self) -> int:
        """How many approvals are missing of those that are asked for now."""
        return self.needed - len(self.approvals)

    @property
    def needed(self) -> int:
        """How many approvals are asked for now."""
        return sum(need.count for need in self.required)

    @property
    def check_tally(self) -> Tally:
        """What policies said last, counted."""
        return Tally(sum(bool(one["passed"] or one["excepted"]) for one in self.checks), len(self.checks))


@dataclass(frozen=True)
class RoundChanges:
    """What changed between two rounds of a version; `before` and `comparison` are None for the first one."""

    before: Promotion | None
    now: Promotion
    comparison: Comparison | None


@dataclass(frozen=True)
class QueueRow:
    """
    A promotion as the queue of reviews shows it. `decidable`: whoever asked may still fill a place of it; `held`: its
    version is on hold.
    """

    promotion: Promotion
    model_tier: RiskTier
    state: State
    decidable: bool = False
    held: bool = False


@dataclass(frozen=True)
class Finding:
    """A reviewer's remark. `owner` and `by` are e-mails, `version` is `group/name:version`."""

    key: int
    id: str
    version: str
    severity: Severity
    blocking: bool
    text: str
    owner: str
    due_at: datetime
    status: FindingStatus
    raised_by: str
    raised_at: datetime
    settled_by: str | None
    settled_at: datetime | None
    answer: str | None
    revision: int


@dataclass(frozen=True)
class FindingsAsked:
    """Which findings: those for which all holds that is not None. `mine`: whose owner the actor is, or a team of."""

    status: FindingStatus | None = None
    severity: Severity | None = None
    blocking: bool | None = None
    owner: str | None = None
    mine: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class FindingCounts:
    """How many findings the actor can see: open ones, and among them those overdue, that block, and that are theirs."""

    open: int
    overdue: int
    blocking: int
    mine: int


@dataclass(frozen=True)
class NewFinding:
    """A finding as sent, not judged yet. `owner` None: who submitted the version; `due_at` None: in 30 days."""

    text: str
    severity: str = Severity.MEDIUM
    blocking: bool = False
    owner: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Comment:
    """What somebody said of a version. `about` names what it is on."""

    id: str
    by: str
    about: str | None
    text: str
    at: datetime


@dataclass(frozen=True)
class Demands:
    """What a move demands of a version, and what the policies said in particular, to be kept with the act."""

    requirements: tuple[Requirement, ...]
    judgement: Judgement

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """The files of the version that was judged, as policies see them."""
        found: Sequence[Mapping[str, Any]] = self.judgement.facts["artifacts"]
        return found


def count_checks(requirements: Sequence[Requirement]) -> Tally:
    """What policies say of a version now, counted as `Promotion.check_tally` counts what they said."""
    asked = [one for one in requirements if one.id.startswith(POLICY)]
    return Tally(sum(one.met for one in asked), len(asked))


def unmet(requirements: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Those that stop a move."""
    return tuple(one for one in requirements if one.blocks and not one.met)
