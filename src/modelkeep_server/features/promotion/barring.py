"""Who approves nothing in a round, beside those of features/models/separation.py."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import tiers
from modelkeep_server.features.models.separation import why_not_apart
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.views import Promotion
from modelkeep_server.features.versions.views import Version


def why_not_approved_by(
    work: Work, actor: Actor, model: Model, version: Version, promotion: Promotion | None
) -> str | None:
    """
    Why this person gives no approval in a round, as a sentence; None where they may: they are tied to the version, or
    lowered the risk tier while the round was open, so that fewer decide. One statement, and one more where the tier is
    lower than at the request.
    """
    apart = why_not_apart(work, actor, model, version)
    if apart is not None or promotion is None:
        return apart
    return tiers.say_lowered(work, actor, model, promotion.risk_tier, promotion.requested_at)
