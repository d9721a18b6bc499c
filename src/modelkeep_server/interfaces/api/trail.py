"""The compliance trail of a version."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.features.trail.queries import TrailAsked
from modelkeep_server.features.trail.views import TrailKind
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.trail import TrailOut
from modelkeep_server.interfaces.api.versions import BASE
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.trails import read_trail
from modelkeep_server.rules.events import Outcome

router = make_router("versions")


@router.get(BASE + "/{version}/trail", response_model=TrailOut)
@door.streams("trail.read")
async def show_trail(
    desk: Desk,
    group: str,
    name: str,
    version: str,
    kind: Annotated[TrailKind | None, Query(description="Only events of this kind.")] = None,
    outcome: Annotated[Outcome | None, Query(description="ALLOWED or REFUSED only.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> TrailOut:
    """
    Every event about a version, its files, rounds, findings, exceptions, evaluations and deployments, and what was done
    to its model meanwhile, from its creation to now, each with the proof of its place in the log. Owners of the model,
    Auditor, MRC, Security Architect and Admin.
    """
    return TrailOut.of_trail(await read_trail(desk, TrailAsked(group, name, version, kind, outcome, limit, cursor)))
