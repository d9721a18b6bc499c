"""The lineage graph and what a change reaches in it, from Python: a part of the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelkeep.asking import Asking
from modelkeep.exports import save_answer
from modelkeep.listing import PAGE_LIMIT, Listing
from modelkeep.reading import read, read_page
from modelkeep.told import Told

_GRAPH, _NODES, _IMPACT, _TELL = (f"/lineage/{part}" for part in ("graph", "nodes", "impact", "tell"))


@dataclass(frozen=True, kw_only=True)
class LineageNode(Told):
    """
    A node of the graph. `distance` counts steps from the middle, below 0 upstream; `hidden_up` and `hidden_down` the
    neighbours that the answer leaves out. `facts` are what versions tell of a thing, a list where they differ.
    """

    id: str
    kind: str
    label: str
    detail: str
    state: str | None = None
    risk_tier: str | None = None
    model: str | None = None
    version: str | None = None
    live_in: tuple[str, ...] = ()
    url: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    distance: int = 0
    hidden_up: int = 0
    hidden_down: int = 0


@dataclass(frozen=True, kw_only=True)
class LineageEdge(Told):
    """
    An edge by the ids of its ends; it points downstream. `relation` reads between them: "is data of"; `roles` are what
    a dataset was used for there: TRAINING, VALIDATION, TEST.
    """

    from_id: str = field(metadata={"key": "from"})
    to_id: str = field(metadata={"key": "to"})
    relation: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LineageGraph(Told):
    """A part of the graph around `middle`. `truncated`: there is more than one answer holds."""

    middle: str
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class ReachedVersion(Told):
    """A version that a change reaches, and a shortest way there by the ids of nodes."""

    model: str
    version: str
    state: str
    risk_tier: str
    owners: tuple[str, ...]
    live: bool
    live_in: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Impact(Told):
    """
    A page of what a change of `node` reaches, the nearest first. `total`, `live_count` and `owners` are of all of it;
    `truncated`: it reaches more than the registry looked at.
    """

    node: LineageNode
    items: tuple[ReachedVersion, ...]
    next_cursor: str | None = None
    total: int
    live_count: int
    owners: tuple[str, ...]
    truncated: bool


class Impacts(Asking):
    """
    Where things come from and what a change of them reaches. `node` is a node's id everywhere, as
    `dataset:NAME@VERSION` or `commit:SHA`, or a version's address.
    """

    def get_lineage(self, node: str, *, direction: str = "both", depth: int | None = 2) -> LineageGraph:
        """
        The graph around a node.

        Args:
            direction: upstream, downstream or both.
            depth: How many steps each way; None for all.
        Raises:
            NotFound: There is nothing of that name that you can see.
        """
        steps = "all" if depth is None else depth
        return read(LineageGraph, self._transport.get(_GRAPH, {"node": node, "direction": direction, "depth": steps}))

    def export_lineage(
        self,
        node: str,
        file: str | Path,
        *,
        format: str = "svg",  # noqa: A002 - the query parameter's name
        direction: str = "both",
        depth: int | None = 2,
    ) -> int:
        """
        The graph around a node into a file; gives its bytes.

        Args:
            format: svg or png, the graph drawn, or json.
            direction: upstream, downstream or both.
            depth: How many steps each way; None for all.
        Raises:
            NotFound: There is nothing of that name that you can see. BadFile: It cannot be written. Unavailable: The
            registry can make no picture now; svg it can always.
        """
        steps = "all" if depth is None else str(depth)
        params = {"node": node, "direction": direction, "depth": steps, "format": format}
        return save_answer(self._transport, _GRAPH, params, Path(file))

    def find_lineage_nodes(self, text: str, *, limit: int = 20) -> tuple[LineageNode, ...]:
        """Nodes that a text may mean, those that begin with it first."""
        return read_page(LineageNode, self._transport.get(_NODES, {"q": text, "limit": limit})).items

    def get_impact(self, node: str, *, limit: int = PAGE_LIMIT, cursor: str | None = None) -> Impact:
        """A page of what a change of a node reaches. Raises NotFound."""
        more = {"cursor": cursor} if cursor is not None else {}
        return read(Impact, self._transport.get(_IMPACT, {"node": node, "limit": limit, **more}))

    def list_impact(self, node: str) -> Listing[ReachedVersion]:
        """Every version that a change of a node reaches, the nearest first. Raises NotFound."""
        return self._list(_IMPACT, ReachedVersion, {"node": node})

    def export_impact(self, node: str, file: str | Path) -> int:
        """All that a change of a node reaches, as CSV, into a file; gives its bytes. Raises NotFound, BadFile."""
        return save_answer(self._transport, _IMPACT, {"node": node, "format": "csv"}, Path(file))

    def tell_lineage_owners(self, node: str, message: str) -> int:
        """
        Tell the owners of every version that a change of a node reaches, and give how many were told.

        Raises:
            NotFound, Forbidden; Invalid: the message, or there is nobody to tell. TooManyRequests: all were told today.
        """
        answer = self._transport.post(_TELL, {"node": node, "message": message})
        return int(answer["told"])
