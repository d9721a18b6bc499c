"""
How many people, of which roles, must approve a promotion: a table by risk tier. Admins may only add to it.

Also the risk tiers themselves, with the guide's words ("Risk Tier Guidelines"), since what a tier means is what it
demands.
"""

from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.rules.permissions import Role


class RiskTier(StrEnum):
    """Business impact classification of a model."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True)
class Need:
    """`count` different people, each with one of `roles`."""

    roles: tuple[Role, ...]
    count: int = 1


@dataclass(frozen=True)
class TierInfo:
    """A tier as the form explains it. `people` is how many different persons a promotion takes, owner included."""

    tier: RiskTier
    label: str
    description: str
    examples: str
    approvals: str
    people: int


TIERS: dict[RiskTier, TierInfo] = {
    info.tier: info
    for info in (
        TierInfo(
            RiskTier.LOW,
            "Low",
            "Minimal business impact, experimental models",
            "Research prototypes, A/B test models",
            "One MRC or Security",
            2,
        ),
        TierInfo(
            RiskTier.MEDIUM,
            "Medium",
            "Moderate business impact, customer-facing",
            "Recommendation systems, content moderation",
            "One MRC and one Security",
            3,
        ),
        TierInfo(
            RiskTier.HIGH,
            "High",
            "Critical business impact, regulatory implications",
            "Fraud detection, credit scoring, medical diagnosis",
            "One MRC and one Security, a third person deploys",
            4,
        ),
    )
}

APPROVALS: dict[RiskTier, tuple[Need, ...]] = {
    RiskTier.LOW: (Need((Role.MRC, Role.SECURITY_ARCHITECT)),),
    RiskTier.MEDIUM: (Need((Role.MRC,)), Need((Role.SECURITY_ARCHITECT,))),
    RiskTier.HIGH: (Need((Role.MRC,)), Need((Role.SECURITY_ARCHITECT,))),
}
