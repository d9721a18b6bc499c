"""
Separation of duties: whoever ever owned or touched something decides nothing about it, whatever their roles.

Whoever is asked about is a person by their inside id; what a service account touched, its sponsor touched. Reviewing,
commenting, findings, independent evaluations and telling who uses a version are no touching. Source: product R1.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    literal,
    literal_column,
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
from modelkeep_server.features.identity.service_accounts import answering
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.errors import DutiesOverlap
from modelkeep_server.rules.events import Outcome

#: What makes a version or its files. Reviewing, commenting and moving are no touching.
TOUCHING = (
    "version.create",
    "version.update",
    "artifact.upload",
    "artifact.remove",
    "lineage.add",
    "lineage.remove",
    "promotion.request",
)
#: A person and the programs that they answer for, as `answered_for` gives them.
_ANSWERED: BindParameter[int] = bindparam("answered", expanding=True, type_=BigInteger)
_ONE: ColumnElement[int] = literal_column("1")
#: What somebody else does where a tie keeps the actor from deciding.
DECIDES = "decides about this version"
#: A statement of `person_id`, and that column of it.
_Trace = tuple[Select[Any], ColumnElement[int]]


class Tie(StrEnum):
    """
    What binds a person to a model, and keeps them from deciding about it.

    OWNED: They own or ever owned it: as who registered it, by their e-mail among its owners, also the former ones, or
    as a member of a team while its address was among them. TOUCHED: They created, edited, uploaded to, took from or
    submitted a version of it, or told what it was made from.
    """

    OWNED = "OWNED"
    TOUCHED = "TOUCHED"


class Touched(Protocol):
    """A version, as far as it is asked here who touched it."""

    @property
    def key(self) -> int:
        """Its inside id."""

    @property
    def address(self) -> str:
        """How it is called: group/name@version."""


def why_not_apart(work: Work, actor: Actor, model: Model, version: Touched | None, what: str = DECIDES) -> str | None:
    """
    Why the actor may not decide about a version, or with None about the model, as a sentence; None where they may.

    `what` says what somebody else does instead, for instance "answers for its files". One statement.
    """
    ties = find_ties(work, model, None if version is None else version.key, actor.user_id or 0)
    if Tie.OWNED in ties:
        return f"You own or owned {model.address}, so somebody else {what}."
    if Tie.TOUCHED in ties:
        touched = f"a version of {model.address}" if version is None else version.address
        return f"You worked on {touched}, so somebody else {what}."
    return None


def demand_apart(work: Work, actor: Actor, model: Model, version: Touched | None, what: str = DECIDES) -> None:
    """Raises DutiesOverlap where `why_not_apart` has a reason. One statement."""
    reason = why_not_apart(work, actor, model, version, what)
    if reason is not None:
        touched = "a version of it" if version is None else "this version"
        raise DutiesOverlap(
            reason, remedy=f"Ask somebody with the role who never owned {model.address} nor worked on {touched}."
        )


def find_ties(work: Work, model: Model, version_key: int | None, person_id: int) -> frozenset[Tie]:
    """What binds a person to a model and to one version of it, or with None to any of its versions. One statement."""
    asked = {"model": model.key, "version": version_key, "person": person_id}
    return frozenset(Tie(row.tie) for row in work.all(_ties(version_key is not None), asked))


def select_barred(model_key: int, version_key: int | None) -> Select[Any]:
    """
    A statement of everybody whom ties bind to a model or to the version: who may decide nothing about it, and is not
    asked to.
    """
    traces = [*_owning(literal(model_key)), *(() if version_key is None else _touching(versions.c.id == version_key))]
    did = union_all(*(trace for trace, _ in traces)).cte("did")
    answers = answering.select_answering().subquery()
    through = select(answers.c.person_id).where(answers.c.program_id.in_(select(did.c.person_id)))
    barred = union_all(select(did.c.person_id), through).subquery()
    return select(barred.c.person_id)


def answered_for(work: Work, person_id: int) -> Sequence[int]:
    """A person and the programs that they answer for, by inside id. One statement."""
    return (person_id, *sorted(answering.programs_of(work, person_id)))


@cache
def was_owned() -> ColumnElement[bool]:
    """
    The condition under which one of `answered`, a value that the statement is given, is bound to a row of `models` by
    Tie.OWNED: for lists of many.
    """
    by_email, by_team = _listing()
    listed = union_all(
        by_email.with_only_columns(model_owners.c.model_id).where(people.c.id.in_(_ANSWERED)),
        by_team.with_only_columns(model_owners.c.model_id).where(team_members.c.person_id.in_(_ANSWERED)),
    )
    return or_(models.c.created_by.in_(_ANSWERED), _is_answered(models.c.registrar_id), models.c.id.in_(listed))


@cache
def was_touched() -> ColumnElement[bool]:
    """
    The same of a row of `versions` by Tie.TOUCHED.

    It tells what `_touching` tells, from the other end: that begins with one version and finds who did something to it,
    this is asked for each row of a list. Said by `_touching`, it would look through the log for each.
    """
    # Events are found by what they are about: joined with nothing, so that SQLite takes no index of who did what, under
    # which most of the log may stand.
    actor, action = audit_events.c.actor.concat(""), audit_events.c.action.concat("")
    acted = and_(
        actor.in_(select(people.c.pseudonym).where(people.c.id.in_(_ANSWERED))),
        action.in_(TOUCHING),
        audit_events.c.outcome == Outcome.ALLOWED.value,
    )
    files = select(artifacts.c.public_id).where(artifacts.c.version_id == versions.c.id).correlate(versions)
    uploaded = exists().where(artifacts.c.version_id == versions.c.id, artifacts.c.uploaded_by.in_(_ANSWERED))
    # Told from the index alone: of `*`, SQLite would read each event whole.
    edited = exists(_ONE).where(audit_events.c.object_id == versions.c.public_id, acted)
    sent = exists(_ONE).where(audit_events.c.object_id.in_(files), acted).correlate(versions)
    return or_(versions.c.created_by.in_(_ANSWERED), _is_answered(versions.c.submitted_by), uploaded, edited, sent)


def _is_answered(column: ColumnElement[int | None]) -> ColumnElement[bool]:
    """Whether a column holds one of these; false, and not unknown, where it is empty, so that it can be negated."""
    return and_(column.is_not(None), column.in_(_ANSWERED))


@cache
def _ties(of_one_version: bool) -> CompoundSelect[Any]:
    person: BindParameter[int] = bindparam("person", type_=BigInteger)
    model: BindParameter[int] = bindparam("model", type_=BigInteger)
    which = versions.c.id == bindparam("version") if of_one_version else versions.c.model_id == model
    answered = union(select(person.label("id")), *answering.selects_of_programs(person)).cte("answered")

    def left(traces: Sequence[_Trace]) -> ColumnElement[bool]:
        return or_(*(exists(trace.where(who.in_(select(answered.c.id)))) for trace, who in traces))

    owned = select(literal(Tie.OWNED.value).label("tie")).where(left(_owning(model)))
    return union_all(owned, select(literal(Tie.TOUCHED.value)).where(left(_touching(which))))


def _owning(model: ColumnElement[int]) -> Sequence[_Trace]:
    """What tells who owns or owned a model."""
    ever = model_owners.c.model_id == model
    by_email, by_team = _listing()
    return (
        *_named(models, (models.c.created_by, models.c.registrar_id), models.c.id == model),
        (by_email.where(ever), people.c.id),
        (by_team.where(ever), team_members.c.person_id),
    )


def _listing() -> tuple[Select[Any], Select[Any]]:
    """Who is or was among the owners of models by their e-mail, and by that of a team while they were in it."""
    by_email = (
        select(people.c.id.label("person_id"))
        .select_from(people)
        .join(model_owners, model_owners.c.email_key == people.c.email_key)
    )
    by_team = (
        select(team_members.c.person_id)
        .select_from(team_members)
        .join(teams, teams.c.id == team_members.c.team_id)
        .join(model_owners, model_owners.c.email_key == teams.c.email_key)
        .where(
            or_(model_owners.c.removed_at.is_(None), model_owners.c.removed_at >= team_members.c.added_at),
            or_(team_members.c.ended_at.is_(None), team_members.c.ended_at >= model_owners.c.added_at),
        )
    )
    return by_email, by_team


def _touching(which: ColumnElement[bool]) -> Sequence[_Trace]:
    """What tells who touched these versions."""
    of_files = versions.c.id == artifacts.c.version_id
    uploaded = select(artifacts.c.uploaded_by.label("person_id")).join(versions, of_files)
    # Edits and removals leave no row that says who made them: the log does.
    files = select(artifacts.c.public_id).join(versions, of_files).where(which)
    acted = (
        select(people.c.id.label("person_id"))
        .join(audit_events, audit_events.c.actor == people.c.pseudonym)
        .where(
            audit_events.c.object_id.in_(union_all(select(versions.c.public_id).where(which), files)),
            audit_events.c.action.in_(TOUCHING),
            audit_events.c.outcome == Outcome.ALLOWED.value,
        )
    )
    return (
        *_named(versions, (versions.c.created_by, versions.c.submitted_by), which),
        (uploaded.where(which), artifacts.c.uploaded_by),
        (acted, people.c.id),
    )


def _named(of: Table, columns: Sequence[ColumnElement[int]], which: ColumnElement[bool]) -> Sequence[_Trace]:
    """The people whom a row names itself."""
    return tuple(
        (select(column.label("person_id")).select_from(of).where(which, column.is_not(None)), column)
        for column in columns
    )
