"""
What happened lately to models: of all that somebody may see, of one model, of one version. Drawn from the log.

Lists walk the activity index from its end, so that they cost the same however long the log is.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, select

from modelkeep_server.db import activity as index
from modelkeep_server.db.edits import fields_of
from modelkeep_server.db.ledger import COMMITMENT
from modelkeep_server.db.tables import activity, artifacts, audit_events, audit_people, audit_texts, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import telling
from modelkeep_server.features.activity.views import Activity
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page


def list_activity(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Activity]:
    """What happened to models that the actor may see, newest first. Three statements at most. Raises CursorRefused."""
    return _list(work, actor, (), {"activity_of": "all"}, limit, cursor)


def list_activity_of_model(
    work: Work, actor: Actor, model: Model, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Activity]:
    """What happened to a model and its versions, newest first. Three statements at most. Raises CursorRefused."""
    return _list(work, actor, (activity.c.model_id == model.key,), {"activity_of": model.id}, limit, cursor)


def list_activity_of_version(
    work: Work, actor: Actor, version: Version, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Activity]:
    """What happened to a version, newest first. Three statements at most. Raises CursorRefused."""
    return _list(work, actor, (activity.c.version_id == version.key,), {"activity_of": version.id}, limit, cursor)


def rebuild(work: Work) -> None:
    """Write the activity index anew from the log."""
    work.keep(activity, delete(activity))
    for statement in index.insert_all():
        work.keep(activity, statement)


def _list(
    work: Work,
    actor: Actor,
    which: Sequence[ColumnElement[bool]],
    filters: Mapping[str, object],
    limit: int,
    cursor: str | None,
) -> Page[Activity]:
    found = select(activity, models.c.group_name, models.c.name.label("model_name"))
    found = found.join(models, models.c.id == activity.c.model_id).where(visible_to(actor), *which)
    if cursor:
        (before,) = work.parts.cursors.read(cursor, filters)
        found = found.where(activity.c.sequence < before)
    rows = work.all(_tell(found.order_by(activity.c.sequence.desc()).limit(limit + 1)))
    shown = rows[:limit]
    following = work.parts.cursors.make([shown[-1].sequence], filters) if len(rows) > limit else None
    return Page(_to_activities(work, shown), following)


def _tell(found: Select[Any]) -> Select[Any]:
    """
    The events behind these rows of the index. Cut to the page first, so that no database reads the log to find them.

    Addresses are those of today: a version whose number was corrected is found under its new one.
    """
    page = found.subquery("page")
    return (
        select(
            audit_events.c.sequence,
            audit_events.c.id,
            audit_events.c.at,
            audit_events.c.action,
            audit_events.c.actor,
            audit_events.c.object_kind,
            audit_events.c.object_id,
            audit_events.c.body,
            audit_people.c.email,
            audit_people.c.name,
            page.c.group_name,
            page.c.model_name,
            versions.c.version,
            artifacts.c.path,
        )
        .select_from(page)
        .join(audit_events, audit_events.c.sequence == page.c.sequence)
        .outerjoin(versions, versions.c.id == page.c.version_id)
        .outerjoin(artifacts, artifacts.c.public_id == audit_events.c.object_id)
        .outerjoin(audit_people, audit_people.c.pseudonym == audit_events.c.actor)
        .order_by(page.c.sequence.desc())
    )


def _to_activities(work: Work, rows: Sequence[Row[Any]]) -> tuple[Activity, ...]:
    bodies = [json.loads(row.body) for row in rows]
    commitments = {str(body["reason"]).removeprefix(COMMITMENT) for body in bodies if body.get("reason")}
    reasons = {}
    if commitments:
        texts = select(audit_texts).where(audit_texts.c.commitment.in_(sorted(commitments)))
        reasons = {f"{COMMITMENT}{row.commitment}": row.value for row in work.all(texts)}
    people = telling.name_people(work, bodies)
    return tuple(_to_activity(row, body, reasons, people) for row, body in zip(rows, bodies, strict=True))


def _to_activity(
    row: Row[Any], body: Mapping[str, Any], reasons: Mapping[str, str], people: Mapping[str, str]
) -> Activity:
    return Activity(
        sequence=row.sequence,
        id=row.id,
        at=row.at,
        action=row.action,
        by=row.email or row.actor,
        name=row.name,
        kind=row.object_kind,
        object_id=row.object_id,
        model=f"{row.group_name}/{row.model_name}",
        version=row.version,
        path=row.path,
        changed=fields_of(body),
        reason=reasons.get(body.get("reason", "")),
        was=telling.tell(row.action, body.get("before"), people),
        became=telling.tell(row.action, body.get("after"), people),
    )
