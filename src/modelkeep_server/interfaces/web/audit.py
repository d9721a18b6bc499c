"""The audit log as pages."""

from typing import Annotated

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import queries
from modelkeep_server.features.audit.queries import EventFilter
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.audit import AuditListContext, EventContext
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.render import Page

router = make_router()

PAGE_ROWS = 50

Word = Annotated[str, Query(max_length=400)]


@router.get("/audit")
@door.reads("audit.read")
def show_log(
    work: Work,
    actor: Actor,
    action: Word = "",
    person: Word = "",
    object: Word = "",
    outcome: Word = "",
    request_id: Annotated[str, Query(alias="request", max_length=400)] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Page:
    """Who did what?"""
    asked = EventFilter(
        action=action.strip(),
        person=person.strip(),
        object=object.strip(),
        outcome=outcome,
        request_id=request_id.strip(),
    )
    events = queries.list_events(work, actor, asked, limit=PAGE_ROWS, cursor=cursor or None)
    values = {"action": action, "person": person, "object": object, "outcome": outcome, "request": request_id}
    return Page.of(
        AuditListContext(
            events=events,
            checkpoint=queries.find_checkpoint(work, actor),
            cursor=cursor or None,
            values=values,
        )
    )


@router.get("/audit/{sequence}")
@door.reads("audit.read")
def show_event(work: Work, actor: Actor, sequence: Annotated[int, Path(ge=0, lt=2**63)]) -> Page:
    """One event, its before and after, and the proof of its place."""
    return Page.of(
        EventContext(
            event=queries.get_event(work, actor, sequence),
            proof=queries.get_proof(work, actor, sequence),
            checkpoint=queries.find_checkpoint(work, actor),
        )
    )
