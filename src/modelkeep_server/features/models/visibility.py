"""
Who sees that a model exists. One rule, inside every query over models and what belongs to them.

An import contract keeps it out of the interfaces: they cannot leave it out, since they never put it in.
"""

from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, false, or_, select, true, union_all

from modelkeep_server.db.tables import model_owners, models
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.rules.permissions import SEES_RESTRICTED

# Names of their own: the statement that asks may read both tables for itself.
_registered = models.alias("registered")
_owning = model_owners.alias("owning")


class Sight(Enum):
    """How far somebody sees: strangers nothing, control roles everything, others what is shared or theirs."""

    NOTHING = "nothing"
    SHARED_AND_OWN = "shared and own"
    EVERYTHING = "everything"


def sight_of(actor: Actor) -> Sight:
    """How far this actor sees."""
    if not actor.is_known:
        return Sight.NOTHING
    return Sight.EVERYTHING if actor.roles & SEES_RESTRICTED else Sight.SHARED_AND_OWN


def visible_to(actor: Actor, of: Table = models) -> ColumnElement[bool]:
    """
    The one condition under which a row of `models` exists for this actor. Every query over models carries it.

    `of` is the table whose rows are asked: `models`, or `search_models`, which repeats what the rule asks of a model.
    """
    return _condition(sight_of(actor), actor.user_id, actor.emails_verified, of)


def visible_by(sight: Sight) -> ColumnElement[bool]:
    """The same condition in a statement built once for all who see as far; it takes the `values_of` an actor."""
    return _condition(sight, bindparam("actor_id"), bindparam("actor_emails", expanding=True), models)


def values_of(actor: Actor) -> dict[str, Any]:
    """What `visible_by` asks of an actor."""
    return {"actor_id": actor.user_id, "actor_emails": actor.emails_verified}


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor owns a row of `models`: as registrar, or by a verified e-mail."""
    return _ownership(actor.user_id, actor.emails_verified, models)


def _condition(sight: Sight, actor_id: Any, emails: Any, of: Table) -> ColumnElement[bool]:
    if sight is Sight.NOTHING:
        return false()
    if sight is Sight.EVERYTHING:
        return true()
    return or_(of.c.visibility == Visibility.INTERNAL, _ownership(actor_id, emails, of))


def _ownership(actor_id: Any, emails: Any, of: Table) -> ColumnElement[bool]:
    """Told as a set of ids, so that a list of one's own models is found through the indexes, not by asking each."""
    registered = select(_registered.c.id).where(_registered.c.registrar_id == actor_id)
    by_email = select(_owning.c.model_id).where(_owning.c.email_key.in_(emails), _owning.c.removed_at.is_(None))
    key = of.c.id if of is models else of.c.model_id
    return key.in_(union_all(registered, by_email))
