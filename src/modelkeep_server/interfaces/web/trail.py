"""The compliance trail of a version as a page, and the same with all its rows, for paper."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.trail.queries import TrailAsked
from modelkeep_server.features.trail.views import TrailKind
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.trails import read_trail
from modelkeep_server.interfaces.web.contexts.trail import TrailContext
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.versions import BASE, facts_of
from modelkeep_server.rules.events import Outcome

router = make_router()

ROWS = 50
#: So many events stand on one sheet for paper; a longer trail takes several.
SHEET_ROWS = 1000

Choice = Annotated[str, Query(max_length=40)]


@router.get(BASE + "/{version}/trail")
@door.streams("trail.read")
async def show_trail(
    desk: Desk,
    group: str,
    name: str,
    version: str,
    kind: Choice = "",
    outcome: Choice = "",
    rows: Choice = "",
    cursor: Cursor = "",
) -> Page:
    """
    What happened to it, from the first day, and how is that proven? A filter that is none of those on the page filters
    nothing; `rows=all` is for paper.
    """
    of_kind = next((one for one in TrailKind if one == kind), None)
    of_outcome = next((one for one in Outcome if one == outcome), None)
    sheet = rows == "all"
    asked = TrailAsked(
        group, name, version, of_kind, of_outcome, SHEET_ROWS if sheet else ROWS, cursor or None
    )  # fmt: skip
    trail = await read_trail(desk, asked)

    def find(work: Work, actor: Actor) -> TrailContext:
        facts = facts_of(work, actor, group, name, version) | {"tab": "trail"}
        filters = {"kind": of_kind or "", "outcome": of_outcome or ""}
        kept = {name: str(value) for name, value in filters.items() if value}
        return TrailContext(
            **facts, trail=trail, filters=kept, is_sheet=sheet, cursor=cursor or None, drawn_at=work.now
        )  # fmt: skip

    return Page.of(await desk.read(find))
