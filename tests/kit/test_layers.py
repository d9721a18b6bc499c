"""Graphs arranged in columns: nothing overlaps, few lines cross, the same comes out of the same."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.layers import Arranged, Bend, Spacing, arrange, order_by_lines

SPACING = Spacing(boxes=20, line_and_box=14, lines=9)


@st.composite
def layered_graphs(draw: st.DrawFn) -> tuple[dict[str, int], list[tuple[str, str]], dict[str, int]]:
    """Nodes with columns and heights, and lines from lower columns to higher ones."""
    columns = {f"n{number}": draw(st.integers(-3, 3)) for number in range(draw(st.integers(1, 25)))}
    pairs = combinations(sorted(columns, key=lambda one: (columns[one], one)), 2)
    rising = [(start, end) for start, end in pairs if columns[start] < columns[end]]
    lines = draw(st.lists(st.sampled_from(rising), max_size=60)) if rising else []
    heights = {node: draw(st.sampled_from((52, 72))) for node in columns}
    return columns, lines, heights


def count_crossings(arranged: Arranged) -> int:
    """Pairs of steps between the same columns that cross, counted one by one."""
    ranks = {place: rank for column in arranged.columns.values() for rank, place in enumerate(column)}
    steps: dict[int, set[tuple[int, int]]] = {}
    for way in arranged.ways.values():
        for start, end in pairwise(way):
            key = next(key for key, column in arranged.columns.items() if start in column)
            steps.setdefault(key, set()).add((ranks[start], ranks[end]))
    return sum((a - c) * (b - d) < 0 for found in steps.values() for (a, b), (c, d) in combinations(found, 2))


@given(layered_graphs())
def test_places_of_a_column_keep_their_distance(
    graph: tuple[dict[str, int], list[tuple[str, str]], dict[str, int]],
) -> None:
    """Whatever the lines ask for, boxes and bends stand apart in the order of their column, and no node is lost."""
    columns, lines, heights = graph

    arranged = arrange(list(columns), lines, columns, heights, SPACING)

    for column in arranged.columns.values():
        for upper, lower in pairwise(column):
            bends = isinstance(upper, Bend) + isinstance(lower, Bend)
            halves = sum(heights[place] for place in (upper, lower) if isinstance(place, str)) / 2
            apart = arranged.middles[lower] - arranged.middles[upper]
            assert apart >= halves + (SPACING.boxes, SPACING.line_and_box, SPACING.lines)[bends]
    assert {place for column in arranged.columns.values() for place in column if isinstance(place, str)} == set(columns)
    assert set(arranged.ways) == set(lines)
    for (start, end), way in arranged.ways.items():
        assert (way[0], way[-1], len(way)) == (start, end, columns[end] - columns[start] + 1)


@given(layered_graphs())
def test_the_same_graph_is_arranged_the_same_way(
    graph: tuple[dict[str, int], list[tuple[str, str]], dict[str, int]],
) -> None:
    """Twice the same, also where lines come in another order or twice."""
    columns, lines, heights = graph

    once = arrange(list(columns), lines, columns, heights, SPACING)
    again = arrange(list(columns), [*reversed(lines), *lines], columns, heights, SPACING)

    assert once.middles == again.middles
    assert once.columns == again.columns


def test_lines_that_need_not_cross_do_not() -> None:
    """Two pairs given crosswise, and a ladder given upside down, come out without a crossing."""
    columns = {f"{side}{rung}": column for column, side in enumerate("abc") for rung in range(6)}
    lines = [(f"{start}{rung}", f"{end}{5 - rung}") for start, end in ("ab", "bc") for rung in range(6)]

    arranged = arrange(list(columns), lines, columns, dict.fromkeys(columns, 50), SPACING)

    assert count_crossings(arranged) == 0
    assert all(len({arranged.middles[place] for place in way}) == 1 for way in arranged.ways.values())


def test_a_long_line_passes_between_the_boxes_of_a_column() -> None:
    """It has a place of its own there, which lines from the same node share."""
    columns = {"a": 0, "b": 1, "c": 1, "d": 2, "e": 2}
    lines = [("a", "b"), ("a", "c"), ("a", "d"), ("a", "e"), ("b", "d"), ("c", "e")]

    arranged = arrange(list(columns), lines, columns, dict.fromkeys(columns, 50), SPACING)

    assert arranged.ways["a", "d"][1] == arranged.ways["a", "e"][1] == Bend("a", 1)
    assert len(arranged.columns[1]) == 3


def test_what_stands_in_a_ring_is_ordered_all_the_same() -> None:
    """Each comes once; the rest comes after what it is near to."""
    near = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}

    ordered = order_by_lines("abcd", near)

    assert sorted(ordered) == list("abcd")
    assert ordered.index("d") > ordered.index("a")


def test_a_chain_that_takes_in_the_same_things_all_along_is_arranged_in_a_moment() -> None:
    """Its lines would take tens of thousands of bends: the longest run straight across, the short ones as ever."""
    steps = [f"s{place}" for place in range(199)]
    things = [f"d{place}" for place in range(200)]
    columns = {**dict.fromkeys(things, -200), **{step: place - 199 for place, step in enumerate(steps)}}
    lines = [*pairwise(steps), *((thing, step) for thing in things for step in (steps[0], steps[-1]))]

    arranged = arrange(list(columns), lines, columns, dict.fromkeys(columns, 50), SPACING)

    assert sum(isinstance(place, Bend) for place in arranged.middles) <= 4_000
    assert set(arranged.ways) >= {*pairwise(steps), *((thing, steps[0]) for thing in things)}
    assert any(len(way) > 100 for way in arranged.ways.values())
    assert len(arranged.ways) < len(lines)
