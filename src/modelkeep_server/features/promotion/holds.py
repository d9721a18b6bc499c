"""
Holds: a flag beside the state that stops all moves and new links at once. Set by MRC, Security or Admin; lifted by an
MRC or Security Architect who is apart, and never by the one who set it where the tier is HIGH. Source: product R4.
"""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.tiers import demand_not_lowered
from modelkeep_server.features.promotion.gathering import begin, demand_text
from modelkeep_server.features.promotion.telling import tell_of
from modelkeep_server.features.versions import flags
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DutiesOverlap, StateForbids
from modelkeep_server.rules.lifecycle import Flag


def set_hold(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """Stop a version. Raises NotFound, NotPermitted; Invalid: no reason. StateForbids: held already, or retired."""
    model, found = begin(work, actor, group, name, version, "version.hold")
    demand_text("reason", reason, required=True)
    if found.hold is not None:
        raise StateForbids(f"{found.address} is on hold already.", remedy="Nothing is left to do.")
    flags.set_flag(work, actor, found, Flag.HOLD, reason=reason)
    tell_of(work, actor, "hold.set", model, found, text=reason)
    return version_queries.get_version(work, actor, group, name, version)


def lift_hold(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """
    Let a version go on.

    Raises:
        NotFound, NotPermitted, ConfirmNeeded; DutiesOverlap: the actor owned the model, worked on the version, or set
        the hold where the tier is HIGH. Invalid: no reason. StateForbids: it is not on hold. Conflict.
    """
    model, found = begin(work, actor, group, name, version, "version.lift")
    demand_apart(work, actor, model, found)
    demand_text("reason", reason, required=True)
    if found.hold is None:
        raise StateForbids(f"{found.address} is not on hold.", remedy="Nothing is left to lift.")
    setter = flags.find_setter(work, found, Flag.HOLD)
    if model.risk_tier is RiskTier.HIGH and setter == actor.user_id:
        raise DutiesOverlap(
            f"You set this hold, and {model.address} is of high risk: somebody else lifts it.",
            remedy="Ask another MRC or Security Architect.",
        )
    if setter == actor.user_id:
        demand_not_lowered(work, actor, model, RiskTier.HIGH, found.hold.at)
    flags.lift_flag(work, actor, found, Flag.HOLD, reason=reason)
    tell_of(work, actor, "hold.lifted", model, found, text=reason)
    return version_queries.get_version(work, actor, group, name, version)
