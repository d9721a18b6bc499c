"""
The activity index: which events are about which model and version.

Told by the object that an event names, so that no act can forget to say it, and the same when the index is written
anew. A kind of object that belongs to a model has one row in `SUBJECTS`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    insert,
    null,
    select,
)
from sqlalchemy import cast as sql_cast

from modelkeep_server.db.tables.artifacts import artifacts
from modelkeep_server.db.tables.audit import audit_events
from modelkeep_server.db.tables.deployments import deployments
from modelkeep_server.db.tables.evaluations import evaluation_runs
from modelkeep_server.db.tables.housekeeping import activity
from modelkeep_server.db.tables.models import models
from modelkeep_server.db.tables.policies import exceptions
from modelkeep_server.db.tables.promotions import findings
from modelkeep_server.db.tables.versions import versions
from modelkeep_server.rules.events import ACTIONS, Outcome

COLUMNS = ("sequence", "model_id", "version_id")


@dataclass(frozen=True)
class Subject:
    """How a kind of object leads to its model and version: the tables, and what to read of them."""

    tables: FromClause
    public_id: Column[str]
    model: ColumnElement[int]
    version: ColumnElement[int]


def _of_version(table: Table) -> Subject:
    """Of a table whose rows name a version."""
    return Subject(
        table.join(versions, versions.c.id == table.c.version_id),
        table.c.public_id,
        versions.c.model_id,
        versions.c.id,
    )


SUBJECTS: dict[str, Subject] = {
    "model": Subject(models, models.c.public_id, models.c.id, sql_cast(null(), BigInteger)),
    "version": Subject(versions, versions.c.public_id, versions.c.model_id, versions.c.id),
    "artifact": Subject(
        artifacts.join(versions, versions.c.id == artifacts.c.version_id),
        artifacts.c.public_id,
        versions.c.model_id,
        versions.c.id,
    ),
    "finding": _of_version(findings),
    "exception": _of_version(exceptions),
    "evaluation": _of_version(evaluation_runs),
    "deployment": Subject(deployments, deployments.c.public_id, deployments.c.model_id, sql_cast(null(), BigInteger)),
}


def _insert_one(subject: Subject) -> Insert:
    row = select(bindparam("event_sequence", type_=BigInteger), subject.model, subject.version)
    row = row.select_from(subject.tables).where(subject.public_id == bindparam("event_object", type_=Text))
    return insert(activity).from_select(COLUMNS, row)


_INSERT_ONE = {kind: _insert_one(subject) for kind, subject in SUBJECTS.items()}


def note(connection: Connection, events: Iterable[Mapping[str, Any]]) -> None:
    """Enter those of these new rows of `audit_events` that are activity. At most one statement a kind of object."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["outcome"] == Outcome.ALLOWED and ACTIONS[event["action"]].is_activity:
            row = {"event_sequence": event["sequence"], "event_object": event["object_id"]}
            by_kind.setdefault(event["object_kind"], []).append(row)
    for kind, rows in by_kind.items():
        connection.execute(_INSERT_ONE[kind], rows)


def insert_all() -> tuple[Insert, ...]:
    """The statements that enter every event of the log into the empty index."""
    actions = sorted(name for name, action in ACTIONS.items() if action.is_activity)
    statements = []
    for kind, subject in SUBJECTS.items():
        rows = select(audit_events.c.sequence, subject.model, subject.version).where(
            audit_events.c.object_kind == kind,
            audit_events.c.object_id == subject.public_id,
            audit_events.c.outcome == Outcome.ALLOWED.value,
            audit_events.c.action.in_(actions),
        )
        rows = rows.select_from(subject.tables, audit_events)
        statements.append(insert(activity).from_select(COLUMNS, rows))
    return tuple(statements)
