"""A drawn graph to take along: as SVG, as PNG, and as JSON for a program."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup
from starlette.responses import Response

from modelkeep_server.db.work import Parts
from modelkeep_server.features.lineage.drawing.printing import print_png
from modelkeep_server.features.lineage.views import Direction, Graph
from modelkeep_server.interfaces.assets import read_asset
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.lineage.documents import to_document
from modelkeep_server.interfaces.lineage.words import Worded, draw_lineage, name_of, say_depth
from modelkeep_server.interfaces.marks import icon_of
from modelkeep_server.interfaces.printing import print_file
from modelkeep_server.interfaces.sending import headers_of_file
from modelkeep_server.interfaces.templating import make_environment
from modelkeep_server.kit import canonical
from modelkeep_server.kit.fitting import clean, clip

TEMPLATES = Path(__file__).parent / "templates"
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


def take(graph: Graph, *, direction: Direction, depth: int | None, now: datetime, chosen: str = "") -> Taken:
    """A graph to take along, with words that say how far it goes; `now` is when it was read."""
    count = f"{len(graph.nodes)} {'node' if len(graph.nodes) == 1 else 'nodes'}"
    more = ", more than one picture holds" if graph.truncated else ""
    says = f"Steps: {say_depth(direction, depth)}. {count}{more}. As of {now:%-d %B %Y, %H:%M} UTC."
    return Taken(graph, chosen, says)


async def send(desk: Desk, taken: Taken, format_: Format) -> Response:
    """The graph as a file to keep. Raises Unavailable where no picture can be made now."""

    def make() -> bytes:
        return make_file(taken, format_, desk.door.parts)

    content = await (print_file(desk, make) if format_ is Format.PNG else desk.make(make))
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
    title = clean(f"Lineage of {taken.name}")
    width, height = max(drawn.drawing.width, WIDTH_LEAST), drawn.drawing.height + BAND
    text = _environment().get_template("lineage/file.svg").render(
        drawn=drawn,
        width=width,
        height=height,
        band=BAND,
        title=title,
        title_cut=clip(title, TITLE_ROOM, TITLE_SIZE),
        says=taken.says,
        icons=draw_symbols(drawn),
    )  # fmt: skip
    return Svg(text, width, height)


@cache
def _environment() -> jinja2.Environment:
    env = make_environment(TEMPLATES)
    env.globals |= {"icon_of": icon_of}
    return env


def draw_symbols(drawn: Worded) -> Markup:
    """The icons of a drawing, each as a symbol once: a page with hundreds of boxes fetches none of them from a file."""
    states = {icon_of(boxed.node.state) for boxed in drawn.boxes if boxed.node.state}
    return Markup("").join(_symbols()[name] for name in sorted(drawn.icons | states))


@cache
def _symbols() -> Mapping[str, Markup]:
    """The icons by name, as the built sprite has them, with ids that a page has for nothing else."""
    found = _SYMBOL.finditer(read_asset("icons.svg"))
    return {one[1]: Markup(one[0].replace('id="', 'id="i-', 1)) for one in found}  # noqa: S704 - a file of the package


def _name_file(name: str) -> str:
    """A name with what every system of files takes."""
    return _NO_NAME.sub("-", name)[:_NAME_CHARS].strip("-.") or "graph"
