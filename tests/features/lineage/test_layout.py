"""Lineage graphs as they are drawn: boxes that do not overlap, lines that join them, columns that say what is true."""

import random
import re
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.features.lineage.drawing.layout import Box, Drawing, draw, trace
from modelkeep_server.features.lineage.views import Edge, Graph, Node
from modelkeep_server.rules.lineage import NodeKind
from tests.support.graphs import join, make_family, make_node, make_star, make_version

GRAPHS = {
    "alone": Graph("version:nlp/one/1.0.0", (make_version("one"),), ()),
    "small": make_family(20, depth=2),
    "deep": make_family(120, depth=5),
    "large": make_family(400, depth=4),
    "star": make_star([make_version(f"model-{number}") for number in range(399)]),
}


@st.composite
def graphs(draw_: st.DrawFn) -> Graph:
    """Any nodes and any edges, rings and edges to themselves among them."""
    kinds = draw_(st.lists(st.sampled_from(NodeKind), min_size=1, max_size=14))
    nodes = [
        make_version(str(number)) if kind is NodeKind.VERSION else make_node(kind, str(number))
        for number, kind in enumerate(kinds)
    ]
    ids = st.sampled_from([node.id for node in nodes])
    pairs = draw_(st.lists(st.tuples(ids, ids), max_size=30))
    return Graph(draw_(ids), tuple(nodes), tuple(Edge(*pair, "is base of") for pair in pairs))


def columns_of(drawing: Drawing) -> dict[str, int]:
    """The columns by node."""
    return {box.node.id: box.column for box in drawing.boxes}


def heads_of(drawing: Drawing) -> list[str]:
    """What stands above the columns."""
    return [head.words for head in drawing.heads]


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share a point."""
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)


def check(drawing: Drawing, graph: Graph) -> None:
    """Every node has a box, within the drawing and apart from the others, and every line joins the borders of two."""
    boxes = {box.node.id: box for box in drawing.boxes}
    assert boxes.keys() == {node.id for node in graph.nodes}
    assert not any(overlap(one, other) for one, other in combinations(drawing.boxes, 2))
    assert all(0 <= box.x and box.x + box.width <= drawing.width for box in drawing.boxes)
    assert all(0 <= box.y and box.y + box.height <= drawing.height for box in drawing.boxes)
    assert [box.node.id for box in drawing.boxes if box.column == 0] == [graph.middle]
    pairs = {(edge.from_id, edge.to_id) for edge in graph.edges if edge.from_id != edge.to_id}
    assert sorted((line.edge.from_id, line.edge.to_id) for line in drawing.lines) == sorted(pairs)
    for line in drawing.lines:
        source, target = boxes[line.edge.from_id], boxes[line.edge.to_id]
        assert line.start[0] == source.x + source.width
        assert source.y < line.start[1] < source.y + source.height
        assert line.end[0] == target.x
        assert target.y < line.end[1] < target.y + target.height
        assert line.path.startswith(f"M{line.start[0]:g} {line.start[1]:g}")
        assert f"L{line.end[0]:g} {line.end[1]:g}" in line.path
        assert re.fullmatch(r"[MLHC0-9. -]+", line.path)


@given(graphs())
def test_any_graph_is_drawn(graph: Graph) -> None:
    """Nothing overlaps and every edge joins its boxes, whatever is joined to what."""
    check(draw(graph), graph)


@pytest.mark.parametrize("which", GRAPHS)
def test_graphs_as_they_are_met_are_drawn(which: str) -> None:
    """From one node to as many as a picture has, upstream at the left."""
    drawing = draw(GRAPHS[which])

    check(drawing, GRAPHS[which])
    columns = columns_of(drawing)
    assert all(columns[line.edge.from_id] < columns[line.edge.to_id] for line in drawing.lines)


def test_the_same_graph_is_drawn_the_same_way() -> None:
    """Also where its nodes and edges come in another order."""
    graph = GRAPHS["deep"]
    nodes, edges = list(graph.nodes), list(graph.edges)
    random.Random(3).shuffle(nodes)
    random.Random(4).shuffle(edges)

    again = draw(replace(graph, nodes=tuple(nodes), edges=tuple(edges)))

    assert again.boxes == draw(graph).boxes
    assert sorted(line.path for line in again.lines) == sorted(line.path for line in draw(graph).lines)


def test_columns_say_what_stands_in_them() -> None:
    """Sources, base models, this version, what is built on it, what runs and uses it: where each word is true."""
    middle, base, built = make_version("middle"), make_version("base"), make_version("built")
    dataset, own = make_node(NodeKind.DATASET, "reviews"), make_node(NodeKind.COMMIT, "8c41f0e")
    place, team = make_node(NodeKind.DEPLOYMENT, "eu-west"), make_node(NodeKind.CONSUMER, "Help desk")
    edges = join((dataset, base), (base, middle), (own, middle), (middle, built), (middle, place), (built, team))

    drawing = draw(Graph(middle.id, (middle, base, built, dataset, own, place, team), edges))

    assert heads_of(drawing) == ["Sources", "Base models", "This version", "Built on it", "Runs and uses"]
    assert {columns_of(drawing)[one.id] for one in (dataset, own)} == {-2}
    assert {columns_of(drawing)[one.id] for one in (place, team)} == {2}


def test_what_was_made_of_the_sources_is_prepared() -> None:
    """Pipelines and base models between sources and this version; data that it takes itself is a source still."""
    middle, base = make_version("middle"), make_version("base")
    raw, clean = make_node(NodeKind.DATASET, "raw"), make_node(NodeKind.DATASET, "clean")
    corpus, pipeline = make_node(NodeKind.DATASET, "corpus"), make_node(NodeKind.FEATURE_PIPELINE, "normaliser")
    edges = join((raw, pipeline), (pipeline, middle), (clean, middle), (corpus, base), (base, middle))

    drawing = draw(Graph(middle.id, (middle, base, raw, clean, corpus, pipeline), edges))
    without_base = draw(Graph(middle.id, (middle, raw, clean, pipeline), edges[:3]))

    for drawn in (drawing, without_base):
        assert heads_of(drawn) == ["Sources", "Prepared", "This version"]
        assert {columns_of(drawn)[one.id] for one in (raw, clean)} == {-2}
        assert columns_of(drawn)[pipeline.id] == -1


def test_lines_run_level_from_the_sources() -> None:
    """They bend where they reach what they lead to, not where they begin."""
    middle, base, corpus = make_version("middle"), make_version("base"), make_node(NodeKind.DATASET, "corpus")
    data = [make_node(NodeKind.DATASET, str(number)) for number in range(4)]
    edges = join((corpus, base), (base, middle), *((one, middle) for one in data))

    drawing = draw(Graph(middle.id, (middle, base, corpus, *data), edges))

    boxes = {box.node.id: box for box in drawing.boxes}
    for line in drawing.lines:
        if line.edge.from_id in {one.id for one in data}:
            heights = [float(one) for one in re.findall(r"[ C](-?[0-9.]+)H", line.path)] or [line.start[1]]
            source = boxes[line.edge.from_id]
            assert source.y < heights[0] < source.y + source.height, line.path


def test_columns_of_mixed_content_say_the_steps() -> None:
    """No word that is false of something below it."""
    first, second = make_version("first", distance=-2), make_version("second", distance=-1)
    near, far = make_node(NodeKind.DATASET, "near", distance=-1), make_node(NodeKind.DATASET, "far", distance=-3)
    middle = make_version("middle")
    edges = join((far, first), (first, second), (second, middle), (near, middle))

    assert heads_of(draw(Graph(middle.id, (first, second, middle, near, far), edges))) == [
        "Sources", "2 steps up", "1 step up", "This version",
    ]  # fmt: skip


def test_a_column_farther_off_than_its_steps_does_not_count_them() -> None:
    """What is one step off by one way and two by another stands in the second column, and tables say one step."""
    data = make_node(NodeKind.DATASET, "data")
    first, second = make_version("first", distance=1), make_version("second", distance=1)
    edges = join((data, first), (first, second), (data, second))

    assert heads_of(draw(Graph(data.id, (data, first, second), edges))) == ["This dataset", "1 step down", "Downstream"]


@pytest.mark.parametrize(
    ("middle", "head"),
    [(make_node(NodeKind.DATASET, "a"), "This dataset"), (make_node(NodeKind.CONSUMER, "a"), "This consumer")],
)
def test_any_node_stands_in_the_middle(middle: Node, head: str) -> None:
    """It is called by its kind."""
    assert heads_of(draw(Graph(middle.id, (middle,), ()))) == [head]


def test_what_leads_neither_to_the_middle_nor_from_it_stands_aside() -> None:
    """Other data of what is built on it: to the left of it, and not in the middle's column."""
    middle, built, other = make_version("middle"), make_version("built"), make_node(NodeKind.DATASET, "other")

    drawing = draw(Graph(middle.id, (middle, built, other), join((middle, built), (other, built))))

    assert columns_of(drawing) == {middle.id: 0, built.id: 1, other.id: -1}


def test_several_edges_between_two_nodes_are_one_line() -> None:
    """It says all of them."""
    data, middle = make_node(NodeKind.DATASET, "data"), make_version("middle")
    edges = (*join((data, middle), relation="is data of"), *join((data, middle), relation="trains"))

    assert [line.edge.relation for line in draw(Graph(middle.id, (data, middle), edges)).lines] == [
        "is data of and trains"
    ]


def test_the_ways_of_a_node_are_all_that_leads_to_it_and_from_it() -> None:
    """And not what is beside it."""
    a, b, c, d = (make_version(name) for name in "abcd")
    graph = Graph(b.id, (a, b, c, d), join((a, b), (b, c), (a, d)))

    found = trace(graph, b.id)

    assert found.nodes == {a.id, b.id, c.id}
    assert found.edges == {(a.id, b.id), (b.id, c.id)}
