"""
Separation of duties, as far as models and versions tell of it: who ever owned one, and who touched one.

Whoever is asked about is a person by their inside id; what a service account touched, its sponsor touched.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all

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
    for key in _answered_for(work, person_id):
        registered = select(models.c.id).where(
            models.c.id == model.key, or_(models.c.created_by == key, models.c.registrar_id == key)
        )
        by_email = (
            select(model_owners.c.model_id)
            .join(people, people.c.email_key == model_owners.c.email_key)
            .where(model_owners.c.model_id == model.key, people.c.id == key)
        )
        by_team = (
            select(model_owners.c.model_id)
            .join(teams, teams.c.email_key == model_owners.c.email_key)
            .join(team_members, team_members.c.team_id == teams.c.id)
            .where(model_owners.c.model_id == model.key, team_members.c.person_id == key)
            .where(_was_member_while_owning())
        )
        if work.first(union_all(registered, by_email, by_team).limit(1)) is not None:
            return True
    return False


def touched_version(work: Work, version_key: int, person_id: int) -> bool:
    """Whether a person created, edited, uploaded to, took from or submitted a version. Two statements."""
    return _touched(work, versions.c.id == version_key, _answered_for(work, person_id))


def touched_any_version(work: Work, model: Model, person_id: int) -> bool:
    """Whether a person touched, as `touched_version` says, any version of a model. Two statements."""
    return _touched(work, versions.c.model_id == model.key, _answered_for(work, person_id))


def select_barred(model_key: int, version_key: int | None) -> Select[Any]:
    """
    A statement of everybody who ever owned a model or touched the version, as `ever_owned` and `touched_version` say of
    one person: who may decide nothing about it. None of them is asked to.
    """
    ever = model_owners.c.model_id == model_key
    registered = select(models.c.created_by.label("person_id")).where(models.c.id == model_key)
    registrar = select(models.c.registrar_id).where(models.c.id == model_key, models.c.registrar_id.is_not(None))
    by_email = select(people.c.id).join(model_owners, model_owners.c.email_key == people.c.email_key).where(ever)
    by_team = (
        select(team_members.c.person_id)
        .join(teams, teams.c.id == team_members.c.team_id)
        .join(model_owners, model_owners.c.email_key == teams.c.email_key)
        .where(ever, _was_member_while_owning())
    )
    found = [registered, registrar, by_email, by_team]
    if version_key is not None:
        found += [trace for trace, _ in _trace(versions.c.id == version_key)]
    did = union_all(*found).cte("did")
    answering = identity_queries.select_answering().subquery()
    through = select(answering.c.person_id).where(answering.c.program_id.in_(select(did.c.person_id)))
    barred = union_all(select(did.c.person_id), through).subquery()
    return select(barred.c.person_id)


def _was_member_while_owning() -> ColumnElement[bool]:
    return and_(
        or_(model_owners.c.removed_at.is_(None), model_owners.c.removed_at >= team_members.c.added_at),
        or_(team_members.c.ended_at.is_(None), team_members.c.ended_at >= model_owners.c.added_at),
    )


def _answered_for(work: Work, person_id: int) -> Sequence[int]:
    return (person_id, *sorted(identity_queries.programs_of(work, person_id)))


def _touched(work: Work, which: ColumnElement[bool], person_ids: Sequence[int]) -> bool:
    found = (trace.where(person.in_(list(person_ids))) for trace, person in _trace(which))
    return work.first(union_all(*found).limit(1)) is not None


def _trace(which: ColumnElement[bool]) -> Sequence[tuple[Select[Any], ColumnElement[int]]]:
    """Statements of `person_id` that together find whoever touched these versions, each with that column."""
    # Edits and removals leave no row that says who made them: the log does.
    files = select(artifacts.c.public_id).join(versions, versions.c.id == artifacts.c.version_id).where(which)
    about = union_all(select(versions.c.public_id).where(which), files)
    acted = (
        select(people.c.id.label("person_id"))
        .join(audit_events, audit_events.c.actor == people.c.pseudonym)
        .where(
            audit_events.c.object_id.in_(about),
            audit_events.c.action.in_(TOUCHING),
            audit_events.c.outcome == Outcome.ALLOWED.value,
        )
    )
    uploaded = (
        select(artifacts.c.uploaded_by.label("person_id"))
        .join(versions, versions.c.id == artifacts.c.version_id)
        .where(which)
    )
    submitted = select(versions.c.submitted_by.label("person_id")).where(which, versions.c.submitted_by.is_not(None))
    return (
        (select(versions.c.created_by.label("person_id")).where(which), versions.c.created_by),
        (submitted, versions.c.submitted_by),
        (uploaded, artifacts.c.uploaded_by),
        (acted, people.c.id),
    )
