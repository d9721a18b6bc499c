"""
The lines of a picture: each edge that a version tells, but for what leads to it through something that took it in.

A walk goes from a dataset straight to the version: a pipeline that two versions share leads no dataset of the one to
the other. So a line leads from the dataset to the pipeline only where every version in the picture that the pipeline
was used for says so. Then all that lines lead to is what edges lead to.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modelkeep_server.rules.lineage import INPUTS, KINDS, TAKEN_IN, ItemKind, name_item


class Told(NamedTuple):
    """An edge as a version tells it, by the inside ids of nodes."""

    from_id: int
    to_id: int
    kind: ItemKind
    facts: Mapping[str, Any]
    version_id: int


class Joined(NamedTuple):
    """A line between two nodes, what stands on it, and the role of a dataset that it leads from."""

    from_id: int
    to_id: int
    relation: str
    role: str


def join(told: Sequence[Told]) -> Iterator[Joined]:
    """The lines of a picture with these edges; one that several versions tell comes once for each."""
    passed: dict[tuple[int, int], list[int]] = defaultdict(list)
    for version, start, end in _find_steps(told):
        passed[version, start].append(end)
    for edge in told:
        ends = passed.get((edge.version_id, edge.from_id), ()) if edge.kind is not ItemKind.CONSUMER else ()
        role = str(edge.facts.get("role", ""))
        yield from (Joined(edge.from_id, end, TAKEN_IN, role) for end in ends)
        if not ends:
            yield Joined(edge.from_id, edge.to_id, KINDS[edge.kind].relation, role)


def _find_steps(told: Sequence[Told]) -> list[tuple[int, int, int]]:
    """(version, what was taken in, what took it in), of those that every version tells that names the second."""
    saying = {edge.version_id for edge in told if edge.facts.get(INPUTS)}
    named = {
        (edge.version_id, name_item(edge.kind, edge.facts)): edge.from_id
        for edge in told
        if edge.version_id in saying and edge.kind is not ItemKind.CONSUMER
    }
    users: dict[int, set[int]] = defaultdict(set)
    said: dict[tuple[int, int], set[int]] = defaultdict(set)
    for edge in told:
        if edge.kind is ItemKind.CONSUMER:
            continue
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
