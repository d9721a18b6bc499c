"""
Separation of duties, as far as models and versions tell of it: who ever owned one, and who touched one.

Whoever is asked about is a person by their inside id; what a service account touched, its sponsor touched.
"""

from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union,
    union_all,
)

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


class Tie(StrEnum):
    """
    What binds a person to a model, and keeps them from deciding about it.

    OWNED: They own or ever owned it: as who registered it, by their e-mail among its owners, also the former ones, or
    as a member of a team while its address was among them. TOUCHED: They created, edited, uploaded to, took from or
    submitted a version of it.
    """

    OWNED = "OWNED"
    TOUCHED = "TOUCHED"


def find_ties(work: Work, model: Model, version_key: int | None, person_id: int) -> frozenset[Tie]:
    """What binds a person to a model and to one version of it, or with None to any of its versions. One statement."""
    asked = {"model": model.key, "version": version_key, "person": person_id}
    return frozenset(Tie(row.tie) for row in work.all(_ties(version_key is not None), asked))


@cache
def _ties(of_one_version: bool) -> CompoundSelect[Any]:
    person = bindparam("person", type_=BigInteger)
    answered = union(select(person.label("id")), *identity_queries.selects_of_programs(person)).cte("answered")
    which = versions.c.id == bindparam("version") if of_one_version else versions.c.model_id == bindparam("model")
    owned = select(literal(Tie.OWNED.value).label("tie")).where(or_(*map(exists, _ownerships(answered))))
    touched = select(literal(Tie.TOUCHED.value)).where(or_(*map(exists, _touchings(answered, which))))
    return union_all(owned, touched)


def _ownerships(answered: CTE) -> tuple[Select[Any], ...]:
    who = select(answered.c.id)
    model: BindParameter[int] = bindparam("model", type_=BigInteger)
    registered = select(models.c.id).where(
        models.c.id == model, or_(models.c.created_by.in_(who), models.c.registrar_id.in_(who))
    )
    by_email = (
        select(model_owners.c.id)
        .join(people, people.c.email_key == model_owners.c.email_key)
        .where(model_owners.c.model_id == model, people.c.id.in_(who))
    )
    by_team = (
        select(model_owners.c.id)
        .join(teams, teams.c.email_key == model_owners.c.email_key)
        .join(team_members, team_members.c.team_id == teams.c.id)
        .where(model_owners.c.model_id == model, team_members.c.person_id.in_(who))
        .where(
            or_(model_owners.c.removed_at.is_(None), model_owners.c.removed_at >= team_members.c.added_at),
            or_(team_members.c.ended_at.is_(None), team_members.c.ended_at >= model_owners.c.added_at),
        )
    )
    return registered, by_email, by_team


def _touchings(answered: CTE, which: ColumnElement[bool]) -> tuple[Select[Any], ...]:
    who = select(answered.c.id)
    wrote = select(versions.c.id).where(which, or_(versions.c.created_by.in_(who), versions.c.submitted_by.in_(who)))
    uploaded = (
        select(artifacts.c.id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .where(which, artifacts.c.uploaded_by.in_(who))
    )
    # Edits and removals leave no row that says who made them: the log does.
    files = select(artifacts.c.public_id).join(versions, versions.c.id == artifacts.c.version_id).where(which)
    acted = select(audit_events.c.sequence).where(
        audit_events.c.object_id.in_(union_all(select(versions.c.public_id).where(which), files)),
        audit_events.c.actor.in_(select(people.c.pseudonym).where(people.c.id.in_(who))),
        audit_events.c.action.in_(TOUCHING),
        audit_events.c.outcome == Outcome.ALLOWED.value,
    )
    return wrote, uploaded, acted
