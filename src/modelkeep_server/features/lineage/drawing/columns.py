"""Which column of a drawn graph a node stands in, and what stands above the column."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from modelkeep_server.features.lineage.views import Edge, Node
from modelkeep_server.kit.layers import order_by_lines
from modelkeep_server.rules.lineage import NODES, Family, NodeKind

Side = Literal[-1, 1]

_SIDES: tuple[Side, Side] = (-1, 1)
_USES = {Family.DEPLOYMENTS, Family.CONSUMERS}


def find_columns(middle: str, known: Mapping[str, Node], edges: Sequence[Edge]) -> dict[str, int]:
    """
    The column of each node: 0 for the middle, which has it for itself, below 0 to its left. Every edge leads to the
    right, as far as edges make no ring.

    A node stands as many columns from the middle as the longest way between has steps. Left stands what leads to the
    middle, and what nothing in the graph leads to; right all the rest.
    """
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        before[edge.to_id].append(edge.from_id)
        after[edge.from_id].append(edge.to_id)
    upstream, ahead = {middle}, [middle]
    while ahead:
        for other in before[ahead.pop()]:
            if other not in upstream:
                upstream.add(other)
                ahead.append(other)
    ordered = order_by_lines(sorted(known), before)
    columns = {middle: 0}
    for node in ordered:
        if node not in upstream and before[node]:
            columns[node] = 1 + max(
                (columns.get(other, 0) for other in before[node] if other not in upstream), default=0
            )
    for node in reversed(ordered):
        if node not in columns:
            columns[node] = min(-1, -1 + min((columns.get(other, 0) for other in after[node]), default=0))
    for side, near in zip(_SIDES, (before, after), strict=True):
        _move_things_out(side, columns, known, near)
    return columns


def name_columns(
    middle: Node, columns: Mapping[str, int], known: Mapping[str, Node], edges: Sequence[Edge]
) -> dict[int, str]:
    """What stands above each column: a word where it is true of all there, or how many steps it is off."""
    inside: dict[int, list[Node]] = defaultdict(list)
    for id_, column in sorted(columns.items()):
        inside[column].append(known[id_])
    made = {edge.to_id for edge in edges}
    of_versions = {column for column, nodes in inside.items() if any(_is_version(one) for one in nodes)}
    named = {0: f"This {NODES[middle.kind][0].lower()}"}
    for column, nodes in inside.items():
        side = [other for other in of_versions if other * column > 0]
        if column and side == [column] and all(_is_version(one) for one in nodes) and _is_made_of(middle, column):
            named[column] = "Built on it" if column > 0 else "Base models"
        elif column < 0 and column not in of_versions and column == min(inside):
            named[column] = "Sources"
        elif column == -1 == min(inside) + 1 and all(one.id in made for one in nodes):
            named[column] = "Prepared"
        elif column > 0 and column == max(inside) and {one.family for one in nodes} <= _USES:
            named[column] = "Runs and uses"
        elif column and all(abs(one.distance) == abs(column) for one in nodes):
            named[column] = f"{abs(column)} {'step' if abs(column) == 1 else 'steps'} {'up' if column < 0 else 'down'}"
        elif column:
            named[column] = "Upstream" if column < 0 else "Downstream"
    return named


def _move_things_out(
    side: Side, columns: dict[str, int], known: Mapping[str, Node], near: Mapping[str, Sequence[str]]
) -> None:
    """
    Things at the very end of the ways that stand in the outermost column with others than such move a column outward,
    so that it holds nothing else: the sources at the left, what runs and uses at the right.
    """

    def is_end(id_: str) -> bool:
        return not _is_version(known[id_]) and not near[id_]

    outermost = max((side * columns[id_] for id_ in known if not is_end(id_)), default=0)
    for id_ in known:
        if outermost > 0 and side * columns[id_] == outermost and is_end(id_):
            columns[id_] += side


def _is_version(node: Node) -> bool:
    return node.kind is NodeKind.VERSION


def _is_made_of(middle: Node, column: int) -> bool:
    """Whether the versions of a column were made of the middle, or it of them: none is made of what runs or uses it."""
    return middle.family not in _USES and (column > 0 or _is_version(middle))


def count_longest(columns: Iterable[int]) -> int:
    """How many nodes stand in the fullest column."""
    counts: dict[int, int] = defaultdict(int)
    for column in columns:
        counts[column] += 1
    return max(counts.values(), default=0)
