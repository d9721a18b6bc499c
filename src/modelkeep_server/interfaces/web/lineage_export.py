"""What a page shows of the lineage graph, to take along."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.graph.joining import keep_families
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.lineage.files import Format, Taken, send, take
from modelkeep_server.interfaces.web.contexts.lineage_picture import Asked
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.lineage import BASE, NODE_CHARS, read_asked
from modelkeep_server.rules.lineage import name_version

router = make_router()

AskedFormat = Annotated[Format, Query(alias="format")]


@router.get(BASE + "/export")
@door.streams("model.read")
async def export_lineage(
    desk: Desk, request: Request, group: str, name: str, version: str, format_: AskedFormat = Format.SVG
) -> Response:
    """The graph around a version, as the page with the same query shows it."""
    asked = read_asked(request.query_params, "node")

    def find(work: Work, actor: Actor) -> Taken:
        found = version_queries.get_version(work, actor, group, name, version)
        return _find(work, actor, name_version(found.model, found.version), asked)

    return await send(desk, await desk.read(find), format_)


@router.get("/lineage/export")
@door.streams("model.read")
async def export_node(
    desk: Desk,
    request: Request,
    node: Annotated[str, Query(max_length=NODE_CHARS)] = "",
    format_: AskedFormat = Format.SVG,
) -> Response:
    """The graph around any node, as the page with the same query shows it."""
    asked = read_asked(request.query_params, "chosen")
    return await send(desk, await desk.read(lambda work, actor: _find(work, actor, node, asked)), format_)


def _find(work: Work, actor: Actor, middle: str, asked: Asked) -> Taken:
    found = finding.find_graph(
        work, actor, middle, direction=asked.direction, depth=asked.depth, expanded=asked.expanded
    )
    shown = keep_families(found, asked.families)
    return take(shown, direction=asked.direction, depth=asked.depth, now=work.now, chosen=asked.chosen)
