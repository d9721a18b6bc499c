"""
Who sees that a model exists. One rule, inside every query over models and what belongs to them.

An import contract keeps it out of the interfaces: they cannot leave it out, since they never put it in.
"""

from sqlalchemy import ColumnElement, exists, false, or_, true

from modelkeep_server.db.tables import model_owners, models
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.rules.permissions import SEES_RESTRICTED


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The one condition under which a row of `models` exists for this actor. Every query over models carries it."""
    if not actor.is_known:
        return false()
    if actor.roles & SEES_RESTRICTED:
        return true()
    return or_(models.c.visibility == Visibility.INTERNAL, owned_by(actor))


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor owns a row of `models`: as registrar, or by a verified e-mail."""
    by_email = exists().where(
        model_owners.c.model_id == models.c.id,
        model_owners.c.removed_at.is_(None),
        model_owners.c.email_key.in_(actor.emails_verified),
    )
    return or_(models.c.registrar_id == actor.user_id, by_email)
