"""How the registry stands, open to everyone, and incidents, which SREs write."""

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.status import queries, service
from modelkeep_server.features.status.service import NewIncident
from modelkeep_server.features.status.views import Incident
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.status import (
    ComponentOut,
    IncidentIn,
    IncidentOut,
    IncidentUpdateIn,
    IncidentUpdateOut,
    MinuteOut,
    StatusOut,
)
from modelkeep_server.interfaces.doorway import OPEN, Desk
from modelkeep_server.interfaces.standing import look
from modelkeep_server.kit import clock

router = make_router("status")


@router.get("/status", response_model=StatusOut)
@door.streams(OPEN)
async def show_standing(desk: Desk) -> StatusOut:
    """Is the registry up? Open to everyone: strangers get names and times, who is signed in also what was written."""
    standing = await look(desk)
    return StatusOut(
        state=standing.state,
        checked_at=standing.health.at,
        components=[
            ComponentOut(
                id=one.component, name=one.name, status="UP" if one.is_up else "DOWN", response_ms=_ms(one.seconds)
            )
            for one in standing.health.components
        ],
        response_times=[
            MinuteOut(
                at=clock.from_us(minute.began_at * 1_000_000),
                requests=minute.count,
                p50_ms=_ms(minute.p50_seconds) or 0.0,
                p95_ms=_ms(minute.p95_seconds) or 0.0,
            )
            for minute in standing.minutes
        ],
        incidents=[_draw(incident, in_full=standing.actor.is_known) for incident in standing.incidents],
    )


@router.get("/incidents", response_model=PageOut[IncidentOut])
@door.reads("me.read")
def list_incidents(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[IncidentOut]:
    """Every incident there ever was, newest first."""
    page = queries.list_incidents(work, limit=limit, cursor=cursor)
    return PageOut[IncidentOut](
        items=[_draw(incident, in_full=True) for incident in page.items], next_cursor=page.next_cursor
    )


@router.post("/incidents", status_code=201, response_model=IncidentOut)
@door.writes("incident.create")
def create_incident(work: Work, actor: Actor, body: IncidentIn, request: Request) -> Answer:
    """Report an incident. It stands on every page until it is resolved."""
    new = NewIncident(body.title, body.components, body.impact, body.text, body.status)
    incident = service.create_incident(work, actor, new)
    request.app.state.door.board.doubt()
    return Answer(_draw(incident, in_full=True), 201, {"Location": "/api/v1/incidents"})


@router.post("/incidents/{id}/updates", status_code=201, response_model=IncidentOut)
@door.writes("incident.update")
def update_incident(work: Work, actor: Actor, id: str, body: IncidentUpdateIn, request: Request) -> Answer:
    """Tell how an incident goes on, or that it is resolved."""
    incident = service.update_incident(work, actor, id, status=body.status, text=body.text)
    request.app.state.door.board.doubt()
    return Answer(_draw(incident, in_full=True), 201)


def _draw(incident: Incident, *, in_full: bool) -> IncidentOut:
    return IncidentOut(
        id=incident.id,
        title=incident.title,
        components=list(incident.components),
        impact=incident.impact,
        status=incident.status,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        updates=[
            IncidentUpdateOut(
                status=update.status,
                at=update.at,
                text=update.text if in_full else None,
                by=update.by if in_full else None,
            )
            for update in incident.updates
        ],
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
