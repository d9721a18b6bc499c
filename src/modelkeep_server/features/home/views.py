"""What the dashboard shows of what waits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.fields import Missing
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role


@dataclass(frozen=True)
class OpenDraft:
    """A version of one's own that can change and is not done: what it lacks, or that changes were requested."""

    model: str
    risk_tier: RiskTier
    version: str
    state: State
    created_at: datetime
    missing: tuple[Missing, ...]
    has_weights: bool


@dataclass(frozen=True)
class BareModel:
    """A model of one's own that has no version yet."""

    model: str
    risk_tier: RiskTier
    created_at: datetime


class Kind(StrEnum):
    """
    What sort of thing waits. REQUEST and EXCEPTION_ASKED are one's own and wait for others; the rest waits for oneself.
    """

    REVIEW = "REVIEW"
    SETTLE = "SETTLE"
    EXCEPTION = "EXCEPTION"
    POLICY = "POLICY"
    ROLE = "ROLE"
    FILES_TO_JUDGE = "FILES_TO_JUDGE"
    MOVE = "MOVE"
    TAKE_OFF = "TAKE_OFF"
    RETIRE = "RETIRE"
    CHANGES = "CHANGES"
    ASK = "ASK"
    DRAFT = "DRAFT"
    MODEL = "MODEL"
    FILES = "FILES"
    EXCEPTION_ENDS = "EXCEPTION_ENDS"
    ACCESS = "ACCESS"
    FINDING = "FINDING"
    SHARED = "SHARED"
    ACCESS_ENDS = "ACCESS_ENDS"
    TOKEN_ENDS = "TOKEN_ENDS"  # noqa: S105 - no secret: what sort of thing waits
    HOLD = "HOLD"
    REQUEST = "REQUEST"
    EXCEPTION_ASKED = "EXCEPTION_ASKED"


@dataclass(frozen=True)
class Waiting:
    """
    One thing that waits, as the database tells it. `total` is how many of its kind wait, also where fewer are told of.

    `by` is who asked, decided, raised or proposed (an e-mail), `said` what they wrote; of a promotion that was asked
    for before, `again`. `word` is what the kind is about: a target, a policy's name, how grave a finding is (BLOCKING
    first of all), an access, an environment. `given` are the roles that approved or granted, `still` the places it
    waits for, each with the roles that fill it. `ref` is the public id of what is decided on; of a version that was
    sent back, that of a finding which blocks it, or None. `begun`: they made a version of the
    model that they were let into.
    """

    kind: Kind
    total: int
    model: str | None
    risk_tier: RiskTier | None
    version: str | None
    state: State | None
    since: datetime
    due_at: datetime | None
    by: str | None
    said: str | None
    word: str | None
    given: tuple[Role, ...]
    still: tuple[tuple[Role, ...], ...]
    ref: str | None
    begun: bool = False
