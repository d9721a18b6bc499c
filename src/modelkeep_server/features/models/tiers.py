"""
The risk tier: who may change it, and what it takes.

Owners set it, and change it freely until a version was submitted. From then on raising takes a reason, and lowering an
MRC who never owned the model and touched none of its versions. Source: product R2.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import exists, select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.tables import models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.views import EDITS, Model
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DutiesOverlap, FieldError, Invalid, NotPermitted
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
        raise NotPermitted(
            f"A version of {model.address} was submitted as {model.risk_tier}: its owners cannot lower the risk tier.",
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
