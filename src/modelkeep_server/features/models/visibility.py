"""
Who sees that a model exists. One rule, inside every query over models and what belongs to them.

An import contract keeps it out of the interfaces: they cannot leave it out, since they never put it in.
"""

from sqlalchemy import ColumnElement, false, or_, select, true, union_all

from modelkeep_server.db.tables import model_owners, models
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.rules.permissions import SEES_RESTRICTED

_registered = models.alias("registered")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The one condition under which a row of `models` exists for this actor. Every query over models carries it."""
    if not actor.is_known:
        return false()
    if actor.roles & SEES_RESTRICTED:
        return true()
    return or_(models.c.visibility == Visibility.INTERNAL, owned_by(actor))


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """
    The condition under which the actor owns a row of `models`: as registrar, or by a verified e-mail.

    Told as a set of ids, so that a list of one's own models is found through the indexes and not by asking each model.
    """
    registered = select(_registered.c.id).where(_registered.c.registrar_id == actor.user_id)
    by_email = select(model_owners.c.model_id).where(
        model_owners.c.email_key.in_(actor.emails_verified), model_owners.c.removed_at.is_(None)
    )
    return models.c.id.in_(union_all(registered, by_email))
