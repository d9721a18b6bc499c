"""What the dashboard shows of what waits for an owner."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.fields import Missing
from modelkeep_server.rules.lifecycle import State


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
