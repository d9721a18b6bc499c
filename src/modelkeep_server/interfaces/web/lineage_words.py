"""A drawn lineage graph as it is read: what stands in each box and on each line, cut to the room there is."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelkeep_server.features.lineage.layout import THING_HEIGHT, Box, Drawing, Line, Trace, draw, trace
from modelkeep_server.features.lineage.views import Graph, Node
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.lifecycle import STATES
from modelkeep_server.rules.lineage import NODES, NodeKind

#: Where text begins in a box, and how near it comes to the right border.
TEXT_LEFT, TEXT_RIGHT = 34, 10
NAME_SIZE, DETAIL_SIZE, SMALL_SIZE = 13, 12, 11
#: How wide the marks of a state and of a risk are, with the space behind them.
STATE_MARK, RISK_MARK = 18, 17
NUMBER_WIDTH = 72
_ELLIPSIS = "…"
#: Widths of glyphs of the pages' font, in parts of the size of the type; what is not listed is as wide as "n".
_WIDTHS = {
    **dict.fromkeys("ijl.,:;'|!`", 0.27),
    **dict.fromkeys('ftrI()[]{}-/\\ "', 0.37),
    **dict.fromkeys("mwMW@%", 0.9),
    **dict.fromkeys("ABCDEGHKNOPQRSUVXYZ&", 0.68),
    **dict.fromkeys("0123456789", 0.61),
}
_WIDTH = 0.57
#: What joins a character to the one before it.
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


@dataclass(frozen=True)
class Boxed:
    """
    A box with its words. `title` says all of it, as the accessible name does; `name` and `detail` may be cut.

    `is_on`: on a way from or to what is chosen. `state_x` is where a version's state stands, beside its number, and
    `live_x` where it says where it is live, both from the left border.
    """

    box: Box
    name: str
    detail: str
    title: str
    icon: str
    is_middle: bool
    is_chosen: bool
    is_on: bool
    state: str = ""
    state_x: float = 0
    live: str = ""
    live_x: float = 0

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.box.node

    @property
    def is_outside(self) -> bool:
        """Whether it is a model that is not registered here."""
        return self.node.kind is NodeKind.BASE_MODEL

    @property
    def has_third_line(self) -> bool:
        """Whether there is room for a version's risk below its state."""
        return self.box.height > THING_HEIGHT


@dataclass(frozen=True)
class Lined:
    """A line with its words: "reviews v7 is data of sentiment 3.1.0"."""

    line: Line
    title: str
    is_on: bool


@dataclass(frozen=True)
class Worded:
    """A drawing with its words. Lines on the way of what is chosen come last, so that they lie above the others."""

    drawing: Drawing
    boxes: tuple[Boxed, ...]
    lines: tuple[Lined, ...]
    #: The families that are in it, and the icons that are used.
    icons: tuple[str, ...] = field(default=())


def draw_lineage(graph: Graph, chosen: str | None = None) -> Worded:
    """The drawing of a graph with its words. `chosen` is a node's id; the middle, and one that is not there, choose nothing."""
    drawing = draw(graph)
    labels = {node.id: name_of(node) for node in graph.nodes}
    chosen = chosen if chosen in labels and chosen != drawing.middle else None
    way = trace(graph, chosen) if chosen is not None else Trace()
    boxes = tuple(_put_in(box, drawing, way, chosen) for box in drawing.boxes)
    lines = [_put_on(line, labels, way) for line in drawing.lines]
    icons = dict.fromkeys(box.icon for box in boxes)
    return Worded(drawing, boxes, tuple(sorted(lines, key=lambda one: one.is_on)), tuple(icons))


def name_of(node: Node) -> str:
    """What a node is called in a line of text: a version by its model's name and number."""
    if node.kind is NodeKind.VERSION and node.model and node.version:
        return f"{node.model.rpartition('/')[2]} {node.version}"
    return clean(node.label)


def clean(text: str) -> str:
    """
    Text that may stand in XML and in one line: control characters and what is no character are replaced, and so are
    those that turn the direction of what follows.

    Source: XML 1.0, section 2.2.
    """
    return "".join(" " if c in "\t\r\n" else "\ufffd" if _is_unfit(c) else c for c in text)


def clip(text: str, width: float, size: float) -> str:
    """As much of a text as fits into a width, by how wide its glyphs are likely to be, with an ellipsis if it was cut."""
    if measure(text[:400], size) <= width and len(text) <= 400:
        return text
    room, kept = width - _advance(_ELLIPSIS) * size, 0
    for c in text:
        room -= _advance(c) * size
        if room < 0:
            break
        kept += 1
    while kept and (text[kept - 1] in _JOINERS or (kept < len(text) and (_advance(text[kept]) == 0))):
        kept -= 1
    return text[:kept].rstrip() + _ELLIPSIS


def measure(text: str, size: float) -> float:
    """How wide a text is likely to be."""
    return sum(map(_advance, text)) * size


def _put_in(box: Box, drawing: Drawing, way: Trace, chosen: str | None) -> Boxed:
    node = box.node
    room = box.width - TEXT_LEFT - TEXT_RIGHT
    icon = "globe" if node.kind is NodeKind.BASE_MODEL else NODES[node.kind][2]
    flags = (node.id == drawing.middle, node.id == chosen, node.id in way.nodes)
    title = ", ".join(_say_all(node))
    if node.kind is NodeKind.VERSION and node.model and node.version:
        number = clip(node.version, NUMBER_WIDTH, DETAIL_SIZE)
        state_left = measure(number, DETAIL_SIZE) + 8
        state = STATES[node.state].label if node.state else ""
        risk = measure(f"{TIERS[node.risk_tier].label} risk", SMALL_SIZE) + RISK_MARK + 8 if node.risk_tier else 0
        return Boxed(
            box,
            clip(node.model.rpartition("/")[2], room, NAME_SIZE),
            number,
            title,
            icon,
            *flags,
            state=clip(state, room - state_left - STATE_MARK, DETAIL_SIZE),
            state_x=round(TEXT_LEFT + state_left, 1),
            live=_say_live(node.live, room - risk),
            live_x=round(TEXT_LEFT + risk, 1),
        )
    detail = clean(node.detail) or NODES[node.kind][0]
    return Boxed(
        box, clip(clean(node.label), room, NAME_SIZE), clip(detail, room, DETAIL_SIZE), title, icon, *flags
    )  # fmt: skip


def _say_live(places: Sequence[str], room: float) -> str:
    """Where a version is live, or in how many places where there is no room for their names."""
    if not places:
        return ""
    whole = f"live in {clean(', '.join(places))}"
    return (
        f"live in {len(places)}"
        if len(places) > 1 and measure(whole, SMALL_SIZE) > room
        else clip(whole, room, SMALL_SIZE)
    )


def _say_all(node: Node) -> Iterator[str]:
    """A node's facts in words, the name first."""
    if node.kind is NodeKind.VERSION and node.model and node.version:
        yield f"{node.model} {node.version}"
    else:
        yield clean(node.label)
        yield NODES[node.kind][0]
    if node.detail and node.kind is not NodeKind.VERSION:
        yield clean(node.detail)
    if node.kind is NodeKind.BASE_MODEL:
        yield "not registered here"
    if node.state:
        yield STATES[node.state].label
    if node.risk_tier:
        yield f"{TIERS[node.risk_tier].label} risk"
    if node.live:
        yield f"live in {clean(', '.join(node.live))}"


def _put_on(line: Line, labels: dict[str, str], way: Trace) -> Lined:
    edge = line.edge
    title = f"{labels[edge.from_id]} {edge.relation} {labels[edge.to_id]}"
    return Lined(line, clean(title), (edge.from_id, edge.to_id) in way.edges)


def _is_unfit(c: str) -> bool:
    if unicodedata.category(c) in ("Cc", "Cs", "Cn"):
        return True
    return c in "\ufffe\uffff\u2028\u2029" or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"


def _advance(c: str) -> float:
    """The width of a character, in parts of the size of the type."""
    if c.isascii():
        return _WIDTHS.get(c, _WIDTH)
    if c in _JOINERS or unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 1.05 if unicodedata.east_asian_width(c) in "WF" else 0.68
