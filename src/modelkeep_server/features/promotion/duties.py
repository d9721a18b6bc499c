"""
Separation of duties at a decision: whoever owned or made something decides nothing about it, whatever their roles.

Source: product R1. Reviewing, commenting, findings and independent evaluations are no touching.
"""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import separation
from modelkeep_server.features.models.separation import Tie
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import DutiesOverlap


def why_not_apart(work: Work, actor: Actor, model: Model, version: Version) -> str | None:
    """Why this person decides nothing about a version, as a sentence; None where they may. One statement."""
    ties = separation.find_ties(work, model, version.key, actor.user_id or 0)
    if Tie.OWNED in ties:
        return f"You own or owned {model.address}, so somebody else decides about its versions."
    if Tie.TOUCHED in ties:
        return f"You worked on {version.address}, so somebody else decides about it."
    return None


def demand_apart(work: Work, actor: Actor, model: Model, version: Version) -> None:
    """Raises DutiesOverlap where this person owned the model or touched the version. One statement."""
    reason = why_not_apart(work, actor, model, version)
    if reason is not None:
        raise DutiesOverlap(
            reason, remedy=f"Ask somebody with the role who never owned {model.address} nor worked on this version."
        )
