"""
The lines of a picture: each edge that a version tells, but for what leads to it through something that took it in.

A walk goes from a dataset straight to the version: a pipeline that two versions share leads no dataset of the one to
the other. So a line leads from the dataset to the pipeline only where every version in the picture that the pipeline
was used for says so. Then all that lines lead to is what edges lead to.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from modelkeep_server.features.lineage.views import Edge, Graph, Node
from modelkeep_server.rules.lineage import INPUTS, KINDS, TAKEN_IN, Family, ItemKind, NodeKind, name_item


class Told(NamedTuple):
    """An edge as a version tells it, by the inside ids of nodes."""

    from_id: int
    to_id: int
    kind: ItemKind
    facts: Mapping[str, Any]
    version_id: int


class Joined(NamedTuple):
    """A line between two nodes, what stands on it, and of a dataset the role that a version says it had."""

    from_id: int
    to_id: int
    relation: str
    role: str | None = None


def join(told: Sequence[Told]) -> Iterator[Joined]:
    """The lines of a picture with these edges; one that several versions tell comes once for each."""
    steps = _find_steps(told)
    passed: dict[tuple[int, int], list[int]] = defaultdict(list)
    for version, start, end in steps:
        passed[version, start].append(end)
    for edge in told:
        through = () if edge.kind is ItemKind.CONSUMER else passed.get((edge.version_id, edge.from_id), ())
        ends, relation = (through, TAKEN_IN) if through else ((edge.to_id,), KINDS[edge.kind].relation)
        for end in ends:
            yield Joined(edge.from_id, end, relation, edge.facts.get("role"))


def keep_families(graph: Graph, families: frozenset[Family] | None) -> Graph:
    """A graph without the nodes of other families; its middle always stays, and for None all of it."""
    if families is None:
        return graph
    nodes = tuple(one for one in graph.nodes if one.family in families or one.id == graph.middle)
    edges = _lead_past(graph.edges, {one.id: one for one in nodes})
    return Graph(graph.middle, nodes, edges, graph.truncated)


def _lead_past(edges: Sequence[Edge], kept: Mapping[str, Node]) -> tuple[Edge, ...]:
    """Lines among what is kept of a picture: what went into something that is not leads on to where that led."""
    onward: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        onward[edge.from_id].append(edge)
    led: dict[Edge, None] = {}
    for edge in edges:
        ahead, passed = [edge] if edge.from_id in kept else [], {edge.to_id}
        while ahead:
            last = ahead.pop()
            if last.to_id in kept:
                relation = _name_way(kept[edge.from_id], edge, last)
                led[replace(edge, to_id=last.to_id, relation=relation)] = None
            elif edge.relation == TAKEN_IN:
                ahead += [one for one in onward[last.to_id] if one.to_id not in passed]
                passed.update(one.to_id for one in onward[last.to_id])
    return tuple(led)


def _name_way(start: Node, first: Edge, last: Edge) -> str:
    if first is last or last.relation == TAKEN_IN:
        return first.relation
    kind = ItemKind.BASE_MODEL if start.kind is NodeKind.VERSION else ItemKind(start.kind.value)
    return KINDS[kind].relation


def _find_steps(told: Sequence[Told]) -> list[tuple[int, int, int]]:
    """(version, what was taken in, what took it in), of those that every version tells that names the second."""
    say = {edge.version_id for edge in told if edge.facts.get(INPUTS)}
    made = [edge for edge in told if edge.kind is not ItemKind.CONSUMER]
    named = {
        (edge.version_id, name_item(edge.kind, edge.facts)): edge.from_id for edge in made if edge.version_id in say
    }
    users: dict[int, set[int]] = defaultdict(set)
    said: dict[tuple[int, int], set[int]] = defaultdict(set)
    for edge in made:
        users[edge.from_id].add(edge.version_id)
        for name in edge.facts.get(INPUTS) or ():
            start = named.get((edge.version_id, name))
            if start is not None:
                said[start, edge.from_id].add(edge.version_id)
    return [
        (version, start, end)
        for (start, end), versions in said.items()
        if versions == users[end]
        for version in sorted(versions)
    ]
