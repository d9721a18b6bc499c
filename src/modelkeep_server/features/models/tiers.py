"""
The risk tier: who may change it, and what it takes.

Owners set it, and change it freely until a version was submitted. From then on raising takes a reason, and lowering an
MRC who never owned the model and touched none of its versions. Source: product R2.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.tables import audit_events, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.views import EDITS, Model
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DutiesOverlap, FieldError, Invalid, NotPermitted
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role

#: What is done once a tier was raised: with the model as it is now, and the tier from before.
WhenRaised = Callable[[Work, Actor, Model, RiskTier], None]

_ORDER = tuple(RiskTier)
WHOM_TO_ASK = "Ask an MRC who never owned the model and touched none of its versions."


def was_submitted(work: Work, model: Model) -> bool:
    """Whether any version of a model was ever submitted for review. One statement."""
    submitted = exists().where(versions.c.model_id == model.key, versions.c.submitted_at.is_not(None))
    return bool(work.scalar(select(submitted)))


def is_lower(present: RiskTier, wanted: Any) -> bool:
    """Whether this is a tier, and a lower one."""
    return wanted in list(RiskTier) and _ORDER.index(RiskTier(wanted)) < _ORDER.index(present)


def may_lower(work: Work, actor: Actor, model: Model) -> bool:
    """
    Whether somebody who may not edit the model can ask to lower its tier. Two statements at most.

    What `lower_tier` judges of the person themselves comes later, so that a refusal can say it.
    """
    return (
        Role.MRC in actor.roles
        and not access.may(actor, "model.update", queries.relations_of(actor, model))
        and was_submitted(work, model)
    )


def find_tier_faults(work: Work, model: Model, wanted: Any, reason: str | None) -> list[FieldError]:
    """
    What an owner's change of the tier lacks. Three statements at most.

    Raises:
        NotPermitted: It lowers the tier of a model of which a version was submitted.
    """
    if wanted not in list(RiskTier) or wanted == model.risk_tier or not was_submitted(work, model):
        return []
    if is_lower(model.risk_tier, wanted):
        tier = wording.say_tier(model.risk_tier)
        raise NotPermitted(
            f"A version of {model.address} was submitted as {tier} risk: its owners cannot lower the risk tier.",
            remedy=WHOM_TO_ASK,
            rule=DutiesOverlap.code,
        )
    if not reason:
        return [FieldError("reason", "A version was submitted already: say why the risk tier rises.")]
    return []


def is_lowering(work: Work, actor: Actor, model: Model, changes: Mapping[str, Any]) -> bool:
    """Whether an edit is that of an MRC who lowers the tier, and nothing else."""
    return (
        set(changes) == {"risk_tier"}
        and is_lower(model.risk_tier, changes["risk_tier"])
        and may_lower(work, actor, model)
    )


def say_lowered(work: Work, actor: Actor, model: Model, asked_as: RiskTier, since: datetime) -> str | None:
    """
    That the actor lowered the tier of a model since something was asked for, as a sentence; None where they did not.
    One statement, and none where the tier is no lower than it was.

    Fewer people decide at a lower tier: whoever chose that is none of them.

    Args:
        asked_as: The tier of the model at `since`, when it was asked for.
    """
    if not is_lower(asked_as, model.risk_tier):
        return None
    lowered = exists().where(
        audit_events.c.object_id == model.id, audit_events.c.action == "model.lower_tier",
        audit_events.c.actor == actor.pseudonym, audit_events.c.outcome == Outcome.ALLOWED.value,
        audit_events.c.at >= since,
    )  # fmt: skip
    if not work.scalar(select(lowered)):
        return None
    return f"You lowered the risk tier of {model.address} meanwhile, so somebody else decides on this."


def demand_not_lowered(work: Work, actor: Actor, model: Model, asked_as: RiskTier, since: datetime) -> None:
    """Raises DutiesOverlap where `say_lowered` has something to say."""
    lowered = say_lowered(work, actor, model, asked_as, since)
    if lowered is not None:
        raise DutiesOverlap(lowered, remedy="Ask somebody else with the role.")


def lower_tier(
    work: Work, actor: Actor, model: Model, wanted: str, *, expected: Collection[int] | None, reason: str | None
) -> None:
    """
    Lower the risk tier of a model that the caller has locked, as an MRC.

    Raises:
        NotPermitted, ConfirmNeeded; DutiesOverlap: the actor owned the model or touched a version of it.
        Stale: Somebody else edited the model since. Invalid: the reason is missing or at fault.
    """
    access.require(work, actor, "model.lower_tier")
    demand_apart(work, actor, model, None, "lowers its risk tier")
    demand_fresh(work, model.address, model.id, EDITS, expected=expected, present=model.revision)
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
    work.change(
        models, model.key, {"risk_tier": wanted, "updated_at": work.now, "revision": model.revision + 1},
        expect={"revision": model.revision},
    )  # fmt: skip
    access.record(
        work, actor, "model.lower_tier", object_id=model.id, object_label=model.address,
        before={REVISION: model.revision, "riskTier": model.risk_tier.value},
        after={REVISION: model.revision + 1, "riskTier": wanted},
        reason=reason,
    )  # fmt: skip
