"""A drawn lineage graph as it is read: what stands in each box and on each line, cut to the room there is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelkeep_server.features.lineage.drawing.layout import BOX_HEIGHT, Box, Drawing, Line, Trace, draw, trace
from modelkeep_server.features.lineage.views import Direction, Graph, Impact, Node
from modelkeep_server.interfaces.marks import format_size
from modelkeep_server.kit.fitting import clean, clip, measure
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.lifecycle import STATES, Flag
from modelkeep_server.rules.lineage import KINDS, NODES, ItemKind, NodeKind

#: Where text begins in a box, and how near it comes to the right border.
TEXT_LEFT, TEXT_RIGHT = 34, 8
NAME_SIZE, DETAIL_SIZE = 13, 12
#: How wide the mark of a state is, with the space behind it, and that of a flag, with the space before it.
STATE_MARK, FLAG_MARK = 18, 18
#: What a flag beside a state is called, and its icon.
FLAG_MARKS = {Flag.CLOSED: ("Closed", "circle-x"), Flag.HOLD: ("On hold", "lock")}
NUMBER_WIDTH = 72
_OUTSIDE_ICON = "globe"
#: Where models from outside come from, by the schemes of their URIs.
_HUBS = {"hf": "Hugging Face", "huggingface": "Hugging Face"}
#: What begins the ids of models that are named by a URI.
_OUTSIDE = f"{KINDS[ItemKind.BASE_MODEL].prefix}:"


@dataclass(frozen=True)
class Standing:
    """How a version stands, for its box: `state_x` counts from the left border, `mark` is a flag's icon, or empty."""

    state: str
    state_x: float
    mark: str


@dataclass(frozen=True)
class Boxed:
    """
    A box with its words. `title` says all of it, as the accessible name does; `name` and `detail` may be cut.

    `is_on`: on a way from or to what is chosen. `standing` is a version's.
    """

    box: Box
    name: str
    detail: str
    title: str
    icon: str
    is_middle: bool
    is_chosen: bool
    is_on: bool
    standing: Standing | None = None

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.box.node

    @property
    def is_outside(self) -> bool:
        """Whether it is a model that is not registered here."""
        return self.node.kind is NodeKind.BASE_MODEL

    @property
    def top(self) -> float:
        """Where its words and marks begin: a box that is higher than others has them in its middle."""
        return self.box.y + (self.box.height - BOX_HEIGHT) / 2


@dataclass(frozen=True)
class Lined:
    """
    A line with its words: "reviews v7 is data of sentiment 3.1.0". `start` and `end` are the places of its boxes in the
    order of the drawing.
    """

    line: Line
    title: str
    is_on: bool
    start: int
    end: int


@dataclass(frozen=True)
class Worded:
    """A drawing with its words. Lines on the ways of what is chosen come last, so that they lie above the others."""

    drawing: Drawing
    boxes: tuple[Boxed, ...]
    lines: tuple[Lined, ...]

    @property
    def icons(self) -> frozenset[str]:
        """The icons of the boxes, without those of states."""
        marks = {box.standing.mark for box in self.boxes if box.standing and box.standing.mark}
        return frozenset(box.icon for box in self.boxes) | marks


def draw_lineage(graph: Graph, chosen: str | None = None) -> Worded:
    """The drawing of a graph with its words. `chosen` is a node's id; the middle, and one not in it, choose nothing."""
    drawing = draw(graph)
    labels = {node.id: clean(name_of(node)) for node in graph.nodes}
    if chosen not in labels or chosen == drawing.middle:
        chosen = None
    way = trace(graph, chosen) if chosen is not None else Trace()
    places = {box.node.id: place for place, box in enumerate(drawing.boxes)}
    lines = [_put_on(line, labels, way, places) for line in drawing.lines]
    return Worded(
        drawing,
        tuple(_put_in(box, drawing.middle, way, chosen) for box in drawing.boxes),
        tuple(sorted(lines, key=lambda one: one.is_on)),
    )


def say_depth(direction: Direction, depth: int | None) -> str:
    """How far a graph goes, None for as far as it can: "2 up, 2 down"."""
    steps = "all" if depth is None else str(depth)
    words = {Direction.UPSTREAM: f"{steps} up", Direction.DOWNSTREAM: f"{steps} down"}
    return words.get(direction) or ", ".join(words.values())


def icon_of_node(node: Node) -> str:
    """Its icon; a model from outside has not that of versions here."""
    return _OUTSIDE_ICON if node.kind is NodeKind.BASE_MODEL else NODES[node.kind][2]


def name_of(node: Node) -> str:
    """What a node is called in a line of text: a version by its model's name and number, a dataset with its version."""
    if node.kind is NodeKind.VERSION and node.model and node.version:
        return f"{node.model.rpartition('/')[2]} {node.version}"
    if node.kind is NodeKind.DATASET:
        return f"{node.label} {node.id.partition('@')[2]}"
    return node.label


def describe(node: Node) -> str:
    """What stands under a node's name: what it is, and what that does not say of it."""
    word = NODES[node.kind][0]
    detail = node.detail
    if node.kind is NodeKind.VERSION:
        return f"{word} in {node.model.partition('/')[0]}" if node.model else word
    if node.kind is NodeKind.DATASET:
        detail = detail.removeprefix(node.id.partition("@")[2]).removeprefix(", ")
    return f"{word}, {detail}" if detail and not detail.startswith(word) else detail or word


def say_impact(impact: Impact) -> str:
    """What a change reaches, in numbers: "4 versions are reached, 3 are live on 7 endpoints; 5 consumers"."""
    if not impact.total:
        return "no version is reached"
    others = impact.total - impact.is_of_version
    if not impact.is_of_version:
        reached = f"{_count(others, 'version')} {_is(others)} reached"
    elif others:
        reached = f"this version and {others:,} more are reached"
    else:
        reached = "no other version is reached"
    if not impact.live_count:
        live = "none is live" if others else "it is not live"
    elif others:
        live = f"{impact.live_count:,} {_is(impact.live_count)} live on {_count(impact.endpoint_count, 'endpoint')}"
    else:
        live = f"it is live on {_count(impact.endpoint_count, 'endpoint')}"
    consumers = _count(impact.consumer_count, "consumer") if impact.consumer_count else "no consumers"
    return f"{reached}, {live}; {consumers}"


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _put_in(box: Box, middle: str, way: Trace, chosen: str | None) -> Boxed:
    node = box.node
    room = box.width - TEXT_LEFT - TEXT_RIGHT
    icon = icon_of_node(node)
    flags = (node.id == middle, node.id == chosen, node.id in way.nodes)
    title = ", ".join(_say_all(node))
    if node.kind is not NodeKind.VERSION or not node.model or not node.version:
        name, detail = _say_short(node, room)
        return Boxed(box, clip(name, room, NAME_SIZE), clip(detail, room, DETAIL_SIZE), title, icon, *flags)
    number = clip(node.version, NUMBER_WIDTH, DETAIL_SIZE)
    mark = next((FLAG_MARKS[flag][1] for flag in reversed(node.flags)), "")
    name = clip(node.model.rpartition("/")[2], room - (FLAG_MARK if mark else 0), NAME_SIZE)
    state_left = measure(number, DETAIL_SIZE) + 7
    state = clip(STATES[node.state].label, room - state_left - STATE_MARK, DETAIL_SIZE) if node.state else ""
    return Boxed(box, name, number, title, icon, *flags, Standing(state, round(TEXT_LEFT + state_left, 1), mark))


def _say_short(node: Node, room: float) -> tuple[str, str]:
    """What a thing is called in a box, and what stands below it: of most what everybody calls it, in few words."""
    name, detail = clean(node.label), clean(node.detail) or NODES[node.kind][0]
    size = node.facts.get("sizeBytes")
    if node.kind is NodeKind.DATASET and isinstance(size, int):
        longer = f"{detail}, {format_size(size)}"
        return name, longer if measure(longer, DETAIL_SIZE) <= room else detail
    if node.kind is NodeKind.BASE_MODEL and node.id.startswith(_OUTSIDE):
        scheme, _, path = node.label.partition(":")
        host = path[2:].partition("/")[0] if path.startswith("//") else ""
        last = path.rstrip("/").rpartition("/")[2]
        if last and last != host:
            return clean(last), clean(f"Outside: {_HUBS.get(scheme.lower()) or host or scheme}")
    return name, detail


def _say_all(node: Node) -> Iterator[str]:
    """A node's facts in words, the name first."""
    if node.kind is NodeKind.VERSION and node.model and node.version:
        yield f"{node.model} {node.version}"
    else:
        yield clean(name_of(node))
        yield clean(describe(node))
    if node.state:
        yield STATES[node.state].label
    yield from (FLAG_MARKS[flag][0] for flag in node.flags)
    if node.risk_tier:
        yield f"{TIERS[node.risk_tier].label} risk"
    if node.live:
        yield f"live in {clean(', '.join(node.live))}"


def _put_on(line: Line, labels: Mapping[str, str], way: Trace, places: Mapping[str, int]) -> Lined:
    start, end = line.edge.from_id, line.edge.to_id
    title = clean(f"{labels[start]} {line.edge.relation} {labels[end]}")
    return Lined(line, title, (start, end) in way.edges, places[start], places[end])
