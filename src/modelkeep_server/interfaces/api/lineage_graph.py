"""The lineage graph, and what a change reaches in it."""

from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import finding, suggesting
from modelkeep_server.features.lineage.impact import reaching
from modelkeep_server.features.lineage.views import Direction, Impact, Reached
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.lineage_graph import (
    DirectionName,
    FamilyName,
    GraphOut,
    ImpactOut,
    NodeOut,
    NodesOut,
)
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.lineage.files import MEDIA_TYPES, Format, Taken, send, take
from modelkeep_server.kit.sheets import csv_line
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lineage import DEPTH_DEFAULT, Family

router = make_router("lineage")

NODE = "dataset:NAME@VERSION, version:GROUP/NAME/VERSION, commit:SHA, or the id of any other node."
NodeId = Annotated[str, Query(alias="node", max_length=4_000, description=NODE)]
Way = Annotated[DirectionName, Query(description="Which way to go from the middle.")]
Depth = Annotated[str, Query(max_length=20, description="How many steps each way, from 1 on, or all.")]
Families = Annotated[list[FamilyName] | None, Query(alias="family", description="Only nodes of these; several times.")]
Typed = Annotated[str, Query(max_length=400, description="A part of a name; dataset: before it asks for one kind.")]

AskedFormat = Annotated[Format, Query(alias="format", description="json; or svg or png, the graph drawn, as a file.")]
_DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPES[Format.SVG]: {}, MEDIA_TYPES[Format.PNG]: {}},
        "description": "The graph.",
    }
}
COLUMNS = (
    "kind", "model", "version", "state", "riskTier", "live", "endpoints", "liveIn", "endpointUrls", "owners", "steps",
    "path", "consumer", "consumerUrl",
)  # fmt: skip


@router.get("/models/{group}/{name}/versions/{version}/lineage", response_model=GraphOut, responses=_DRAWN)
@door.streams("model.read")
async def show_lineage(
    desk: Desk,
    group: str,
    name: str,
    version: str,
    direction: Way = "both",
    depth: Depth = str(DEPTH_DEFAULT),
    family: Families = None,
    format_: AskedFormat = Format.JSON,
) -> Response | GraphOut:
    """
    The lineage graph around a version: what it comes from, and what uses it; as JSON, or drawn. At most 400 nodes, the
    nearest; what you may not see is not there, and not walked through.
    """
    way, steps, families = Direction(direction), _read_depth(depth), _read(family)

    def find(work: Work, actor: Actor) -> Taken:
        found = version_queries.get_version(work, actor, group, name, version)
        graph = finding.find_version_graph(work, actor, found, direction=way, depth=steps, families=families)
        return take(graph, direction=way, depth=steps, now=work.now)

    return await _answer(desk, await desk.read(find), format_)


@router.get("/lineage/graph", response_model=GraphOut, responses=_DRAWN)
@door.streams("model.read")
async def show_lineage_graph(
    desk: Desk,
    node: NodeId,
    direction: Way = "both",
    depth: Depth = str(DEPTH_DEFAULT),
    family: Families = None,
    format_: AskedFormat = Format.JSON,
) -> Response | GraphOut:
    """The lineage graph around any node, as of a version."""
    way, steps, families = Direction(direction), _read_depth(depth), _read(family)

    def find(work: Work, actor: Actor) -> Taken:
        graph = finding.find_graph(work, actor, node, direction=way, depth=steps, families=families)
        return take(graph, direction=way, depth=steps, now=work.now)

    return await _answer(desk, await desk.read(find), format_)


@router.get("/lineage/nodes", response_model=NodesOut)
@door.reads("model.read")
def find_lineage_nodes(work: Work, actor: Actor, q: Typed, limit: Limit = suggesting.SUGGESTED) -> NodesOut:
    """Nodes that a text may mean, those that begin with it first."""
    found = suggesting.suggest_nodes(work, actor, q, limit=limit)
    return NodesOut(items=[NodeOut.of(node) for node in found])


@router.get(
    "/lineage/impact",
    response_model=ImpactOut,
    responses={200: {"content": {"text/csv": {}}, "description": "What it reaches, as JSON or CSV."}},
)
@door.streams("model.read")
async def show_lineage_impact(
    desk: Desk, node: NodeId, format: Literal["json", "csv"] = "json", limit: Limit = 50, cursor: Cursor = None
) -> Response | ImpactOut:
    """
    What a change of a node reaches: every version downstream of it, how it stands, whose it is, where it is live, who
    uses it, and a shortest way there. A version that changes is among them itself, with a path of its own id alone. It
    comes first; then what is live, the highest risk tier, the fewest steps. As CSV it is all in one.
    """
    if format == "json":
        return await desk.read(
            lambda work, actor: ImpactOut.of(reaching.find_impact(work, actor, node, most=limit, cursor=cursor))
        )
    text = await desk.read(lambda work, actor: _write_csv(reaching.find_impact(work, actor, node)))
    return Response(
        text.encode("utf-8", "backslashreplace"),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="modelkeep-impact.csv"'},
    )


async def _answer(desk: Desk, taken: Taken, format_: Format) -> Response | GraphOut:
    return GraphOut.of(taken.graph) if format_ is Format.JSON else await send(desk, taken, format_)


def _read_depth(text: str) -> int | None:
    if text == "all":
        return None
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise Invalid.of([FieldError("depth", "Write a whole number of steps, 1 at least, or all.")])


def _read(families: list[FamilyName] | None) -> frozenset[Family]:
    return frozenset(Family(one) for one in families or Family)


def _write_csv(found: Impact) -> str:
    """
    A line for each version, and below it one for each of those who use it: with the same version, so that a sheet that
    is sorted or filtered still says what they use.
    """
    uses = found.uses_by_version
    lines = [csv_line(COLUMNS)]
    for item in found.items:
        lines.append(csv_line(("version", *_cells_of(item), item.steps, " > ".join(item.path), None, None)))
        lines += [
            csv_line(
                ("consumer", *_cells_of(item), item.steps + 1, " > ".join((*item.path, use.node)), use.name, use.url)
            )
            for use in uses.get(item.version_key, ())
        ]
    return "".join(lines)


def _cells_of(item: Reached) -> tuple[object, ...]:
    return (
        item.model, item.version, item.state.value, item.risk_tier.value, "yes" if item.endpoints else "no",
        len(item.endpoints), ", ".join(item.live_in), ", ".join(one.url for one in item.endpoints if one.url),
        ", ".join(item.owners),
    )  # fmt: skip
