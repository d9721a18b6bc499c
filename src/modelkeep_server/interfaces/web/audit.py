"""The audit log as pages."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import queries
from modelkeep_server.features.audit.views import Event
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.audit_steps import guess_seconds, prove_event, verify_whole_log
from modelkeep_server.interfaces.door import Door
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.query_strings import EVENT_FILTERS, read_event_filter
from modelkeep_server.interfaces.web.contexts.audit import (
    AuditListContext,
    EventContext,
    VerdictContext,
)
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.forms import ask_what_can_be, read_filters
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.kit.paging import Page as Rows

router = make_router()

PAGE_ROWS = 50

Sequence = Annotated[int, Path(ge=0, lt=2**63)]


@router.get("/audit")
@door.reads("audit.read")
def show_log(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Who did what?"""

    def find(asked: Mapping[str, str]) -> Rows[Event]:
        return queries.list_events(work, actor, read_event_filter(asked), limit=PAGE_ROWS, cursor=cursor or None)

    values = read_filters(request.query_params, EVENT_FILTERS)
    events, errors = ask_what_can_be(values, find)
    extent = queries.get_extent(work, actor)
    served: Door = request.app.state.door
    return Page.of(
        AuditListContext(
            events=events,
            extent=extent,
            checkpoint=queries.find_checkpoint(work, actor),
            verified=served.verified,
            seconds=guess_seconds(extent.size, served.verified),
            people=queries.list_people(work, actor, values["person"]),
            cursor=cursor or None,
            values=values,
            errors=errors,
        )
    )


@router.get("/audit/verify")
@door.streams("audit.read")
async def verify_log(desk: Desk) -> Page:
    """Does the whole log hold?"""
    return Page.of(VerdictContext(verified=await verify_whole_log(desk)))


@router.get("/audit/{sequence}")
@door.streams("audit.read")
async def show_event(desk: Desk, sequence: Sequence) -> Page:
    """One event, its before and after, and the proof of its place."""
    proven = await prove_event(desk, sequence)
    extent = await desk.read(queries.get_extent)
    return Page.of(EventContext(proven=proven, last=extent.size - 1))
