"""Reading incidents. Everybody who is signed in may read all of them; strangers get names and times (interfaces)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import incident_updates, incidents, people
from modelkeep_server.db.work import Work
from modelkeep_server.features.status.views import Component, Impact, Incident, IncidentStatus, IncidentUpdate
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound

SHOWN_DAYS = 90
SHOWN_MAX = 100


def get_incident(work: Work, public_id: str) -> Incident:
    """One incident with its updates. Two statements. Raises NotFound."""
    row = work.first(select(incidents).where(incidents.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such incident.")
    return _with_updates(work, [row])[0]


def list_open(work: Work) -> tuple[Incident, ...]:
    """What is open, newest first, without updates. One statement."""
    rows = work.all(select(incidents).where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id.desc()))
    return tuple(_incident(row) for row in rows)


def list_shown(work: Work) -> tuple[Incident, ...]:
    """What the status page shows: what is open, then what was resolved in the last 90 days. Two statements."""
    since = work.now - timedelta(days=SHOWN_DAYS)
    rows = work.all(
        select(incidents)
        .where(or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at >= since))
        .order_by(incidents.c.resolved_at.is_(None).desc(), incidents.c.id.desc())
        .limit(SHOWN_MAX)
    )
    return _with_updates(work, rows)


def list_incidents(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Incident]:
    """Every incident there ever was, newest first. Two statements."""
    filters = {"list": "incidents"}
    rows, following = read_rows(
        work, select(incidents), incidents.c.id, filters=filters, limit=limit, cursor=cursor, descending=True
    )
    return Page(_with_updates(work, rows), following)


def _with_updates(work: Work, rows: Sequence[Row[Any]]) -> tuple[Incident, ...]:
    if not rows:
        return ()
    written = work.all(
        select(incident_updates, people.c.email)
        .join(people, people.c.id == incident_updates.c.person_id)
        .where(incident_updates.c.incident_id.in_([row.id for row in rows]))
        .order_by(incident_updates.c.id.desc())
    )
    by_incident: dict[int, list[IncidentUpdate]] = {}
    for line in written:
        update = IncidentUpdate(IncidentStatus(line.status), line.text, line.at, line.email)
        by_incident.setdefault(line.incident_id, []).append(update)
    return tuple(_incident(row, tuple(by_incident.get(row.id, ()))) for row in rows)


def _incident(row: Row[Any], updates: tuple[IncidentUpdate, ...] = ()) -> Incident:
    return Incident(
        key=row.id,
        id=row.public_id,
        title=row.title,
        components=tuple(Component(name) for name in row.components),
        impact=Impact(row.impact),
        status=IncidentStatus(row.status),
        started_at=row.started_at,
        resolved_at=row.resolved_at,
        revision=row.revision,
        updates=updates,
    )
