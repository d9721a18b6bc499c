"""
Where everything of a lineage graph stands when it is drawn: boxes in columns, upstream at the left, the middle in a
column of its own, and lines between them. Lengths are units of the drawing, a pixel at its natural size.

Pure: the same graph gives the same drawing, on pages and in files.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelkeep_server.features.lineage.drawing.columns import count_longest, find_columns, name_columns
from modelkeep_server.features.lineage.views import Edge, Graph, Node
from modelkeep_server.kit.layers import Arranged, Bend, Place, Spacing, arrange
from modelkeep_server.rules.lineage import Family

BOX_WIDTH, BOX_HEIGHT, MIDDLE_HEIGHT = 208, 52, 62
MARGIN, HEAD_HEIGHT = 15, 40
#: Where more than these stand in a column, they stand close.
CROWDED = 40
#: Five columns at the least gap are as wide as a page. A drawing of fewer has wider gaps, up to a bound.
WIDTH_WANTED, GAP_MIN, GAP_MAX = 1214, 36, 128
#: Many lines in a gap make it wider, so that they can be told apart.
LINES_AT_EASE, GAP_A_LINE, GAP_CROWDED = 6, 2, 110
#: How near lines come to the corners of a box, and how far apart they stand where there is room.
PORT_MARGIN, PORT_PITCH = 12, 13
ARROW = 6

Point = tuple[float, float]
_NUMBERS = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class Box:
    """A node in its place; `x` and `y` are its upper left corner. `column` is 0 for the middle, below 0 upstream."""

    node: Node
    x: int
    y: int
    width: int
    height: int
    column: int


@dataclass(frozen=True)
class Line:
    """An edge as the `path` of an SVG, from the right border of a box to the left one of another, with an arrow."""

    edge: Edge
    path: str
    start: Point
    end: Point


@dataclass(frozen=True)
class Head:
    """What stands above a column that begins at `x`."""

    column: int
    x: int
    words: str


@dataclass(frozen=True)
class Drawing:
    """A whole drawing. `boxes` stand in the order in which they are walked through: by columns, from the top."""

    width: int
    height: int
    middle: str
    heads: tuple[Head, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Trace:
    """What lies on the ways to a node and from it: ids of nodes, and edges as pairs of them."""

    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()


def draw(graph: Graph) -> Drawing:
    """
    The drawing of a graph. Edges between the same two nodes are one line; those of which an end is not in it, and those
    from a node to itself, are left out.
    """
    known = {node.id: node for node in graph.nodes}
    edges = list(_merge(one for one in graph.edges if {one.from_id, one.to_id} <= known.keys()))
    columns = find_columns(graph.middle, known, edges)
    nodes = sorted(known.values(), key=_order_of)
    longest = count_longest(columns.values())
    heights = {node.id: MIDDLE_HEIGHT if node.id == graph.middle else BOX_HEIGHT for node in nodes}
    arranged = arrange(
        list(heights),
        [(edge.from_id, edge.to_id) for edge in edges],
        columns,
        heights,
        _spacing_of(longest),
    )
    sheet = _Sheet(arranged, columns, heights)
    boxes = {node.id: sheet.box(node) for node in nodes}
    heads = name_columns(known[graph.middle], columns, known, edges)
    return Drawing(
        max(sheet.lefts.values()) + BOX_WIDTH + MARGIN,
        sheet.bottom + MARGIN,
        graph.middle,
        tuple(Head(column, sheet.lefts[column], heads[column]) for column in sorted(heads)),
        tuple(sorted(boxes.values(), key=lambda box: (box.column, box.y))),
        tuple(sheet.draw_lines(edges, boxes)),
    )


def trace(graph: Graph, node: str) -> Trace:
    """All that leads to a node and all that it leads to, within the graph."""
    nodes: set[str] = set()
    edges: set[tuple[str, str]] = set()
    for forward in (True, False):
        near: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            near[edge.from_id if forward else edge.to_id].append(edge)
        seen, ahead = {node}, [node]
        while ahead:
            for edge in near[ahead.pop()]:
                edges.add((edge.from_id, edge.to_id))
                other = edge.to_id if forward else edge.from_id
                if other not in seen:
                    seen.add(other)
                    ahead.append(other)
        nodes |= seen
    return Trace(frozenset(nodes), frozenset(edges))


def _merge(edges: Iterable[Edge]) -> Iterator[Edge]:
    relations: dict[tuple[str, str], set[str]] = defaultdict(set)
    for edge in edges:
        if edge.from_id != edge.to_id:
            relations[edge.from_id, edge.to_id].add(edge.says)
    for (start, end), words in sorted(relations.items()):
        yield Edge(start, end, " and ".join(sorted(words)))


def _order_of(node: Node) -> tuple[int, str, list[tuple[int, str]], str]:
    """In a column, families stand together as they are listed, where the lines do not ask for something else."""
    return list(Family).index(node.family), node.kind.value, _by_numbers(node.label.casefold()), node.id


def _by_numbers(text: str) -> list[tuple[int, str]]:
    """For sorting: 1.10.0 comes after 1.9.0. Numbers compare by how long they are, then by their digits."""
    parts = _NUMBERS.split(text)
    return [(len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part) for at, part in enumerate(parts)]


def _spacing_of(longest: int) -> Spacing:
    """Full columns stand closer."""
    boxes = 36 if longest <= 5 else 24 if longest <= 12 else 14 if longest <= CROWDED else 8
    return Spacing(boxes, line_and_box=14, lines=9)


class _Sheet:
    """What was arranged, in the lengths of the drawing."""

    def __init__(self, arranged: Arranged, columns: Mapping[str, int], heights: Mapping[str, int]) -> None:
        self._arranged, self._columns, self._heights = arranged, columns, heights
        self._top = HEAD_HEIGHT - min(self._edge_of(place, -1) for place in arranged.middles)
        self.bottom = self._top + max(self._edge_of(place, 1) for place in arranged.middles)
        self._joined_left: dict[Place, set[Place]] = defaultdict(set)
        self._joined_right: dict[Place, set[Place]] = defaultdict(set)
        for way in arranged.ways.values():
            for start, end in itertools.pairwise(way):
                self._joined_right[start].add(end)
                self._joined_left[end].add(start)
        self._ports_left, self._ports_right = self._rank(self._joined_left), self._rank(self._joined_right)
        self.lefts = self._find_lefts()

    def _rank(self, joined: Mapping[Place, set[Place]]) -> Mapping[Place, Mapping[Place, int]]:
        """Which of the lines that a place has on one side is the first from the top, the second and so on."""
        middles = self._arranged.middles
        in_order = {at: sorted(others, key=lambda one: (middles[one], repr(one))) for at, others in joined.items()}
        return {at: {other: rank for rank, other in enumerate(others)} for at, others in in_order.items()}

    def box(self, node: Node) -> Box:
        """A node where it stands."""
        column, height = self._columns[node.id], self._heights[node.id]
        return Box(node, self.lefts[column], self._edge_of(node.id, -1) + self._top, BOX_WIDTH, height, column)

    def draw_lines(self, edges: Sequence[Edge], boxes: Mapping[str, Box]) -> Iterator[Line]:
        """All edges. One that leads back, which only a ring of edges does, is drawn straight across."""
        for edge in edges:
            source, target = boxes[edge.from_id], boxes[edge.to_id]
            way = self._arranged.ways.get((edge.from_id, edge.to_id), (edge.from_id, edge.to_id))
            start = (source.x + source.width, self._port(edge.from_id, way[1], self._ports_right))
            end = (target.x, self._port(edge.to_id, way[-2], self._ports_left))
            bends = [one for one in way[1:-1] if isinstance(one, Bend)]
            yield Line(edge, self._path(start, bends, end), start, end)

    def _path(self, start: Point, bends: Sequence[Bend], end: Point) -> str:
        drawn = [f"M{start[0]:g} {start[1]:g}"]
        at = start
        for bend in bends:
            left, height = self.lefts[bend.column], self._arranged.middles[bend] + self._top
            drawn += [_curve(at, (left, height)), f"H{left + BOX_WIDTH:g}"]
            at = (left + BOX_WIDTH, height)
        x, y = end
        drawn += [_curve(at, end), f"M{x - ARROW:g} {y - ARROW + 1.5:g}L{x:g} {y:g}L{x - ARROW:g} {y + ARROW - 1.5:g}"]
        return "".join(drawn)

    def _port(self, node: str, other: Place, ports: Mapping[Place, Mapping[Place, int]]) -> float:
        """How high a line leaves or reaches a box: in the order of where the lines lead, around the box's middle."""
        middle = self._arranged.middles[node] + self._top
        ranks = ports.get(node, {})
        if other not in ranks or len(ranks) < 2:
            return middle
        room = (self._heights[node] - 2 * PORT_MARGIN) / (len(ranks) - 1)
        return round(middle + min(PORT_PITCH, room) * (ranks[other] - (len(ranks) - 1) / 2), 1)

    def _find_lefts(self) -> dict[int, int]:
        keys = sorted(self._arranged.columns)
        passing: dict[int, int] = defaultdict(int)
        for start, ends in self._joined_right.items():
            passing[start.column if isinstance(start, Bend) else self._columns[start]] += len(ends)
        spare = (WIDTH_WANTED - 2 * MARGIN - len(keys) * BOX_WIDTH) // max(1, len(keys) - 1)
        lefts, at = {}, MARGIN
        for key in keys:
            lefts[key] = at
            crowded = GAP_MIN + GAP_A_LINE * max(0, passing[key] - LINES_AT_EASE)
            at += BOX_WIDTH + max(GAP_MIN, min(GAP_MAX, spare), min(GAP_CROWDED, crowded))
        return lefts

    def _edge_of(self, place: Place, side: int) -> int:
        """The upper (-1) or lower (1) edge of a box, or the height of a bend, before it is moved below the heads."""
        half = 0 if isinstance(place, Bend) else self._heights[place] // 2
        return self._arranged.middles[place] + side * half


def _curve(start: Point, end: Point) -> str:
    """From one point to another, leaving and arriving level."""
    if start[1] == end[1]:
        return f"H{end[0]:g}"
    half = (start[0] + end[0]) / 2
    return f"C{half:g} {start[1]:g} {half:g} {end[1]:g} {end[0]:g} {end[1]:g}"
