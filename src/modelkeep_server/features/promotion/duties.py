"""
Separation of duties at a decision: whoever owned or made something decides nothing about it, whatever their roles.

Source: product R1. Reviewing, commenting, findings and independent evaluations are no touching.
"""

from datetime import datetime

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import separation, tiers
from modelkeep_server.features.models.separation import Tie
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.views import Promotion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DutiesOverlap


def why_not_apart(work: Work, actor: Actor, model: Model, version: Version) -> str | None:
    """Why this person decides nothing about a version, as a sentence; None where they may. One statement."""
    ties = separation.find_ties(work, model, version.key, actor.user_id or 0)
    if Tie.OWNED in ties:
        return f"You own or owned {model.address}, so somebody else decides about its versions."
    if Tie.TOUCHED in ties:
        return f"You worked on {version.address}, so somebody else decides about it."
    return None


def why_not_approved_by(
    work: Work, actor: Actor, model: Model, version: Version, promotion: Promotion | None
) -> str | None:
    """
    The same of approving in a round: neither whoever lowered the risk tier while it was open, so that fewer decide. One
    statement, and one more where the tier is lower than at the request.
    """
    apart = why_not_apart(work, actor, model, version)
    if apart is not None or promotion is None:
        return apart
    return tiers.say_lowered(work, actor, model, promotion.risk_tier, promotion.requested_at)


def demand_not_lowered(work: Work, actor: Actor, model: Model, asked_as: RiskTier, since: datetime) -> None:
    """Raises DutiesOverlap where this person lowered the model's tier since something was asked for."""
    lowered = tiers.say_lowered(work, actor, model, asked_as, since)
    if lowered is not None:
        raise DutiesOverlap(lowered, remedy="Ask somebody else with the role.")


def demand_apart(work: Work, actor: Actor, model: Model, version: Version) -> None:
    """Raises DutiesOverlap where this person owned the model or touched the version. One statement."""
    reason = why_not_apart(work, actor, model, version)
    if reason is not None:
        raise DutiesOverlap(
            reason, remedy=f"Ask somebody with the role who never owned {model.address} nor worked on this version."
        )
