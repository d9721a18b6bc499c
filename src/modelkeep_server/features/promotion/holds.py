"""
Holds: a flag beside the state that stops all moves and new links at once. Set by MRC, Security or Admin; lifted by an
MRC or Security Architect who is apart, and never by the one who set it where the tier is HIGH. Source: product R4.
"""

from sqlalchemy import select

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.tables import models, version_flags, versions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.promotion.duties import demand_apart
from modelkeep_server.features.promotion.gathering import begin, find_text_faults
from modelkeep_server.features.promotion.telling import tell_of
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import Conflict, DutiesOverlap, Invalid, StateForbids

HOLD = "HOLD"


def set_hold(work: Work, actor: Actor, group: str, name: str, version: str, *, reason: str) -> Version:
    """Stop a version. Raises NotFound, NotPermitted; Invalid: no reason. StateForbids: held already, or retired."""
    model, found = begin(work, actor, group, name, version, "version.hold")
    _demand_reason(reason)
    if found.hold is not None:
        raise StateForbids(f"{found.address} is on hold already.", remedy="Nothing is left to do.")
    work.insert(
        version_flags,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "version_id": found.key,
            "kind": HOLD,
            "set_by": actor.user_id,
            "set_at": work.now,
            "reason": reason,
        },
    )
    _finish(work, actor, found, "version.hold", held=True, reason=reason)
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
    _demand_reason(reason)
    if found.hold is None:
        raise StateForbids(f"{found.address} is not on hold.", remedy="Nothing is left to lift.")
    flag = version_queries.get_flag_key(work, found, HOLD)
    setter = work.scalar(select(version_flags.c.set_by).where(version_flags.c.id == flag))
    if model.risk_tier is RiskTier.HIGH and setter == actor.user_id:
        raise DutiesOverlap(
            f"You set this hold, and {model.address} is of high risk: somebody else lifts it.",
            remedy="Ask another MRC or Security Architect.",
        )
    try:
        work.change(
            version_flags, flag, {"lifted_by": actor.user_id, "lifted_at": work.now, "lift_reason": reason},
            expect={"lifted_at": None},
        )  # fmt: skip
    except NoSuchRow as error:
        raise Conflict("Somebody lifted it a moment ago.", remedy="Load it again.") from error
    _finish(work, actor, found, "version.lift", held=False, reason=reason)
    tell_of(work, actor, "hold.lifted", model, found, text=reason)
    return version_queries.get_version(work, actor, group, name, version)


def _demand_reason(reason: str) -> None:
    faults = find_text_faults("reason", reason, required=True)
    if faults:
        raise Invalid.of(faults)


def _finish(work: Work, actor: Actor, found: Version, act: str, *, held: bool, reason: str) -> None:
    after = found.revision + 1
    work.change(versions, found.key, {"updated_at": work.now, "revision": after}, expect={"revision": found.revision})
    work.change(models, found.model_key, {"updated_at": work.now})
    access.record(
        work, actor, act, object_id=found.id, object_label=found.address,
        before={REVISION: found.revision, "hold": not held}, after={REVISION: after, "hold": held}, reason=reason,
    )  # fmt: skip
