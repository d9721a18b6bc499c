"""
Separation of duties, as far as models and versions tell of it: who ever owned one, and who touched one.

Whoever is asked about is a person by their inside id; what a service account touched, its sponsor touched.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union_all

from modelkeep_server.db.tables import (
    artifacts,
    audit_events,
    model_owners,
    models,
    people,
    team_members,
    teams,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import queries as identity_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.events import Outcome

#: What makes a version or its files. Reviewing, commenting and moving are no touching.
TOUCHING = ("version.create", "version.update", "artifact.upload", "artifact.remove", "promotion.request")


def ever_owned(work: Work, model: Model, person_id: int) -> bool:
    """
    Whether a person owns or ever owned a model: as who registered it, by their e-mail among its owners, also the former
    ones, or as a member of a team while its address was among them. Two statements.
    """
    keys = answered_for(work, person_id)
    registered = select(models.c.id).where(models.c.id == model.key, _registered_by(keys))
    listed = [listing.where(model_owners.c.model_id == model.key) for listing in _listed(keys)]
    return work.first(union_all(registered, *listed).limit(1)) is not None


def was_owned_by(keys: Sequence[int]) -> ColumnElement[bool]:
    """The condition under which a row of `models` is or was owned, as `ever_owned` says, by one of `keys`."""
    return or_(_registered_by(keys), models.c.id.in_(union_all(*_listed(keys))))


def was_touched_by(keys: Sequence[int]) -> ColumnElement[bool]:
    """The condition under which a row of `versions` was touched, as `touched_version` says, by one of `keys`."""
    ids = list(keys)
    files = select(artifacts.c.public_id).where(artifacts.c.version_id == versions.c.id).correlate(versions)
    uploaded = exists().where(artifacts.c.version_id == versions.c.id, artifacts.c.uploaded_by.in_(ids))
    edited = exists().where(audit_events.c.object_id == versions.c.public_id, _acted(ids))
    sent = exists().where(audit_events.c.object_id.in_(files), _acted(ids)).correlate(versions)
    return or_(versions.c.created_by.in_(ids), _is_one_of(versions.c.submitted_by, ids), uploaded, edited, sent)


def _registered_by(keys: Sequence[int]) -> ColumnElement[bool]:
    return or_(models.c.created_by.in_(list(keys)), _is_one_of(models.c.registrar_id, list(keys)))


def _listed(keys: Sequence[int]) -> tuple[Select[Any], Select[Any]]:
    """Models that list or listed one of these people among their owners, and those that list a team of theirs."""
    by_email = (
        select(model_owners.c.model_id)
        .join(people, people.c.email_key == model_owners.c.email_key)
        .where(people.c.id.in_(list(keys)))
    )
    by_team = (
        select(model_owners.c.model_id)
        .join(teams, teams.c.email_key == model_owners.c.email_key)
        .join(team_members, team_members.c.team_id == teams.c.id)
        .where(team_members.c.person_id.in_(list(keys)))
        .where(
            or_(model_owners.c.removed_at.is_(None), model_owners.c.removed_at >= team_members.c.added_at),
            or_(team_members.c.ended_at.is_(None), team_members.c.ended_at >= model_owners.c.added_at),
        )
    )
    return by_email, by_team


def touched_version(work: Work, version_key: int, person_id: int) -> bool:
    """Whether a person created, edited, uploaded to, took from or submitted a version. Two statements."""
    return _touched(work, versions.c.id == version_key, answered_for(work, person_id))


def touched_any_version(work: Work, model: Model, person_id: int) -> bool:
    """Whether a person touched, as `touched_version` says, any version of a model. Two statements."""
    return _touched(work, versions.c.model_id == model.key, answered_for(work, person_id))


def answered_for(work: Work, person_id: int) -> Sequence[int]:
    """A person and the programs that they answer for, by inside id. One statement."""
    return (person_id, *sorted(identity_queries.programs_of(work, person_id)))


def _touched(work: Work, which: ColumnElement[bool], person_ids: Sequence[int]) -> bool:
    ids = list(person_ids)
    wrote = select(versions.c.id).where(which, or_(versions.c.created_by.in_(ids), versions.c.submitted_by.in_(ids)))
    uploaded = (
        select(versions.c.id)
        .join(artifacts, artifacts.c.version_id == versions.c.id)
        .where(which, artifacts.c.uploaded_by.in_(ids))
    )
    # Edits and removals leave no row that says who made them: the log does.
    files = select(artifacts.c.public_id).join(versions, versions.c.id == artifacts.c.version_id).where(which)
    about = union_all(select(versions.c.public_id).where(which), files)
    acted = select(audit_events.c.sequence).where(audit_events.c.object_id.in_(about), _acted(ids))
    return work.first(union_all(wrote, uploaded, acted).limit(1)) is not None


def _acted(ids: Sequence[int]) -> ColumnElement[bool]:
    # Events are found by what they are about: joined with nothing, so that SQLite takes no index of who did what, under
    # which most of the log may stand.
    actor, action = audit_events.c.actor.concat(""), audit_events.c.action.concat("")
    return and_(
        actor.in_(select(people.c.pseudonym).where(people.c.id.in_(ids))),
        action.in_(TOUCHING),
        audit_events.c.outcome == Outcome.ALLOWED.value,
    )


def _is_one_of(column: ColumnElement[int | None], ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether a column holds one of these; false, and not unknown, where it is empty, so that it can be negated."""
    return and_(column.is_not(None), column.in_(ids))
