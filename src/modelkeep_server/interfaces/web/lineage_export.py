"""A drawn graph to take along: as SVG, as PNG, and as JSON for a program."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated

from fastapi import Query, Request
from markupsafe import Markup
from starlette.responses import Response

from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.drawing.printing import print_png
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.views import Direction, Graph
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.lineage_documents import to_document
from modelkeep_server.interfaces.sending import headers_of_file
from modelkeep_server.interfaces.web import drawing
from modelkeep_server.interfaces.web.contexts.lineage_picture import Asked, keep_families
from modelkeep_server.interfaces.web.face import door, make_router
from modelkeep_server.interfaces.web.lineage import BASE, NODE_CHARS, read_asked
from modelkeep_server.interfaces.web.lineage_words import draw_lineage, name_of
from modelkeep_server.interfaces.web.render import environment, read_asset
from modelkeep_server.kit import canonical
from modelkeep_server.kit.fitting import clip
from modelkeep_server.rules.lineage import name_version

router = make_router()

#: The band above the graph that says what it is, and the least width it needs.
BAND, WIDTH_LEAST = 64, 640
TITLE_ROOM, TITLE_SIZE = 600, 16
_NAME_CHARS = 80
_SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)".*?</symbol>', re.DOTALL)
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Format(StrEnum):
    """What a graph is taken along as, by the names of `?format=`."""

    SVG = "svg"
    PNG = "png"
    JSON = "json"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.SVG: "image/svg+xml",
    Format.PNG: "image/png",
    Format.JSON: "application/json",
}

AskedFormat = Annotated[Format, Query(alias="format")]


@dataclass(frozen=True)
class Taken:
    """A graph as it is taken along: with a node of it chosen, or none, and a line that says what is in it, and when."""

    graph: Graph
    chosen: str
    says: str

    @property
    def name(self) -> str:
        """What its middle is called."""
        return next(name_of(node) for node in self.graph.nodes if node.id == self.graph.middle)


@dataclass(frozen=True)
class Svg:
    """A drawing as a file."""

    text: str
    width: int
    height: int


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

    return await _send(desk, find, format_)


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
    return await _send(desk, lambda work, actor: _find(work, actor, node, asked), format_)


def _find(work: Work, actor: Actor, middle: str, asked: Asked) -> Taken:
    found = finding.find_graph(
        work, actor, middle, direction=asked.direction, depth=asked.depth, expanded=asked.expanded
    )  # fmt: skip
    shown = keep_families(found, asked.families)
    return Taken(shown, asked.chosen, _say(shown, asked, work))


def _say(graph: Graph, asked: Asked, work: Work) -> str:
    ways = {
        Direction.BOTH: f"{asked.depth} up, {asked.depth} down",
        Direction.UPSTREAM: f"{asked.depth} up",
        Direction.DOWNSTREAM: f"{asked.depth} down",
    }
    count = f"{len(graph.nodes)} {'node' if len(graph.nodes) == 1 else 'nodes'}"
    more = ", more than one picture holds" if graph.truncated else ""
    return f"Steps: {ways[asked.direction]}. {count}{more}. As of {work.now:%-d %B %Y, %H:%M} UTC."


async def _send(desk: Desk, find: Callable[[Work, Actor], Taken], format_: Format) -> Response:
    taken = await desk.read(find)
    run = desk.door.print if format_ is Format.PNG else desk.door.hop
    content = await run(lambda: make_file(taken, format_, desk.door.parts))
    headers = headers_of_file(f"{_name_file(taken.name)}-lineage.{format_}", len(content))
    return Response(content, media_type=MEDIA_TYPES[format_], headers=headers)


def make_file(taken: Taken, format_: Format, parts: Parts) -> bytes:
    """The graph as a file. Raises Unavailable where no picture can be made now."""
    match format_:
        case Format.SVG:
            return draw_svg(taken).text.encode()
        case Format.PNG:
            svg = draw_svg(taken)
            return print_png(parts.printer, svg.text, area=svg.width * svg.height, of=taken.graph.middle)
        case Format.JSON:
            return canonical.dumps(to_document(taken.graph)).encode()


def draw_svg(taken: Taken) -> Svg:
    """The graph as an SVG that needs nothing beside itself. The same graph gives the same file."""
    drawn = draw_lineage(taken.graph, taken.chosen)
    states = {drawing.icon_of(node.state) for node in taken.graph.nodes if node.state}
    title = f"Lineage of {taken.name}"
    symbols = [_symbols()[name] for name in sorted(drawn.icons | states)]
    width, height = max(drawn.drawing.width, WIDTH_LEAST), drawn.drawing.height + BAND
    text = environment().get_template("lineage/export.svg").render(
        drawn=drawn,
        width=width,
        height=height,
        band=BAND,
        title=title,
        title_cut=clip(title, TITLE_ROOM, TITLE_SIZE),
        says=taken.says,
        symbols=Markup("").join(symbols),
    )  # fmt: skip
    return Svg(text, width, height)


@cache
def _symbols() -> Mapping[str, Markup]:
    """The icons by name, as the built sprite has them."""
    found = _SYMBOL.finditer(read_asset("icons.svg"))
    return {one[1]: Markup(one[0]) for one in found}  # noqa: S704 - a file of the package


def _name_file(name: str) -> str:
    """A name with what every system of files takes."""
    return _NO_NAME.sub("-", name)[:_NAME_CHARS].strip("-.") or "graph"
