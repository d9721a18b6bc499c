"""
Who sees that a model exists. One rule, inside every query over models and what belongs to them.

An import contract keeps it out of the interfaces: they cannot leave it out, since they never put it in.
"""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    Table,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)

from modelkeep_server.db.tables import collaborators, model_owners, models, people, role_grants, team_members, teams
from modelkeep_server.db.tables.base import UtcMicros
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.rules.permissions import SEES_RESTRICTED

#: Who asks, in statements built once for all who see as far: by inside id, and their verified e-mails. See `values_of`.
ASKER: BindParameter[int] = bindparam("actor_id")
ASKER_EMAILS: Any = bindparam("actor_emails", expanding=True)
_AS_OF: Any = bindparam("actor_as_of", type_=UtcMicros)
# Names of their own: the statement that asks may read both tables for itself.
_registered = models.alias("registered")
_owning = model_owners.alias("owning")
_sharing = collaborators.alias("sharing")
_SEEING = [role.value for role in SEES_RESTRICTED]


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
    return _condition(sight_of(actor), actor.user_id, actor.emails_verified, actor.as_of, of)


def visible_by(sight: Sight, of: FromClause = models) -> ColumnElement[bool]:
    """The same condition in a statement built once for all who see as far; it takes the `values_of` an actor."""
    return _condition(sight, ASKER, ASKER_EMAILS, _AS_OF, of)


def values_of(actor: Actor) -> dict[str, Any]:
    """What `visible_by` asks of an actor."""
    return {"actor_id": actor.user_id, "actor_emails": actor.emails_verified, "actor_as_of": actor.as_of}


def shared_with_asker() -> ColumnElement[Any]:
    """What the actor whose `values_of` are given was let in for, of a row of `models`: READ, WRITE or null."""
    # WRITE comes after READ in the alphabet, and gives more.
    granted = _sharing_of(func.max(_sharing.c.access), ASKER, _AS_OF)
    return granted.where(_sharing.c.model_id == models.c.id).scalar_subquery()


def seen_by_person(person_id: ColumnElement[int], model_key: int, now: datetime) -> ColumnElement[bool]:
    """
    The same rule turned round: whether somebody named by an inside id sees this one model. What is asked is who may be
    told of it.
    """
    the_model = select(models.c.id).where(models.c.id == model_key)
    open_to_all = the_model.where(models.c.visibility == Visibility.INTERNAL)
    by_role = select(role_grants.c.id).where(
        role_grants.c.person_id == person_id, role_grants.c.ended_at.is_(None), role_grants.c.role.in_(_SEEING)
    )
    registered = the_model.where(models.c.registrar_id == person_id)
    owning = select(_owning.c.id).where(_owning.c.model_id == model_key, _owning.c.removed_at.is_(None))
    by_email = owning.join(people, people.c.email_key == _owning.c.email_key).where(people.c.id == person_id)
    by_team = (
        owning.join(teams, (teams.c.email_key == _owning.c.email_key) & teams.c.ended_at.is_(None))
        .join(team_members, (team_members.c.team_id == teams.c.id) & team_members.c.ended_at.is_(None))
        .where(team_members.c.person_id == person_id)
    )
    let_in = _sharing_of(_sharing.c.id, person_id, now).where(_sharing.c.model_id == model_key)
    return or_(*(one.exists() for one in (open_to_all, by_role, registered, by_email, by_team, let_in)))


def seen_with(path_key: str) -> ColumnElement[bool]:
    """
    Whether everybody who sees a model, by its address in small letters, sees a row of `models` too: it is that one, or
    everybody sees it. What is asked is what may be told to all readers of that model.
    """
    return or_(models.c.visibility == Visibility.INTERNAL, models.c.path_key == path_key)


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor owns a row of `models`: as registrar, or by a verified e-mail."""
    return _ownership(actor.user_id, actor.emails_verified, models)


def owned_by_asker(of: Table = models) -> ColumnElement[bool]:
    """The same of the actor whose `values_of` are given; `of` as in `visible_to`."""
    return _ownership(ASKER, ASKER_EMAILS, of)


def _condition(sight: Sight, actor_id: Any, emails: Any, moment: Any, of: FromClause) -> ColumnElement[bool]:
    if sight is Sight.NOTHING:
        return false()
    if sight is Sight.EVERYTHING:
        return true()
    let_in = _sharing_of(_sharing.c.model_id, actor_id, moment)
    return or_(of.c.visibility == Visibility.INTERNAL, _ownership(actor_id, emails, of), _key_of(of).in_(let_in))


def _key_of(of: FromClause) -> ColumnElement[int]:
    return of.c.id if of is models else of.c.model_id


def _sharing_of(what: ColumnElement[Any], actor_id: Any, moment: Any) -> Select[Any]:
    still = or_(_sharing.c.until.is_(None), _sharing.c.until > moment)
    return select(what).where(_sharing.c.person_id == actor_id, _sharing.c.ended_at.is_(None), still)


def _ownership(actor_id: Any, emails: Any, of: FromClause) -> ColumnElement[bool]:
    """Told as a set of ids, so that a list of one's own models is found through the indexes, not by asking each."""
    registered = select(_registered.c.id).where(_registered.c.registrar_id == actor_id)
    by_email = select(_owning.c.model_id).where(_owning.c.email_key.in_(emails), _owning.c.removed_at.is_(None))
    return _key_of(of).in_(union_all(registered, by_email))
