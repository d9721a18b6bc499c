"""What the rest of the house sees of looking at versions in production again."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.rules.approvals import RiskTier


@dataclass(frozen=True)
class Attestation:
    """That an MRC looked at a version in production again: `by` is an e-mail, `digest` the content it was."""

    id: str
    by: str
    comment: str
    digest: str
    risk_tier: RiskTier
    at: datetime
    next_review_at: datetime


@dataclass(frozen=True)
class NextReview:
    """A version in production, and until when it is to be looked at again."""

    model: str
    version: str
    risk_tier: RiskTier
    next_review_at: datetime
    overdue: bool

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"
