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
    neighbours that the answer leaves out. `flags`, CLOSED and HOLD, stand beside a version's state; `facts` are what
    versions tell of a thing, a list where they differ.
    """

    id: str
    kind: str
    label: str
    detail: str
    state: str | None = None
    risk_tier: str | None = None
    model: str | None = None
    version: str | None = None
    flags: tuple[str, ...] = ()
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
class Endpoint(Told):
    """A version's part of what is live in an environment; `share` is in percent."""

    environment: str
    kind: str
    share: float
    region: str | None = None
    endpoint_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReachedVersion(Told):
    """
    A version that a change reaches, and a shortest way there by the ids of nodes, `steps` long: 0 for the version that
    changes itself.
    """

    model: str
    version: str
    state: str
    risk_tier: str
    owners: tuple[str, ...]
    live: bool
    live_in: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    steps: int = 0
    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReachedConsumer(Told):
    """Somebody who uses a version that a change reaches; once for each version that they use."""

    node: str
    name: str
    url: str | None = None
    model: str
    version: str
    live: bool


@dataclass(frozen=True, kw_only=True)
class Impact(Told):
    """
    A page of what a change of `node` reaches: the version itself where the node is one, then what is live, the highest
    risk tier, the fewest steps. `consumers` are of the versions on the page; the counts and `owners` are of all of it;
    `truncated`: it reaches more than the registry looked at.
    """

    node: LineageNode
    items: tuple[ReachedVersion, ...]
    consumers: tuple[ReachedConsumer, ...] = ()
    next_cursor: str | None = None
    total: int
    live_count: int
    endpoint_count: int = 0
    consumer_count: int = 0
    owners: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class Recipient(Told):
    """
    Somebody who is told of a change, and of which of their versions. `told_today`: you told them of it today, so they
    are not told again; `names_node` is false where they may not see what changes.
    """

    email: str
    mailed: bool
    told_today: bool
    names_node: bool
    versions: tuple[str, ...]
    version_count: int


@dataclass(frozen=True, kw_only=True)
class Letter(Told):
    """What is written to somebody."""

    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TellPreview(Told):
    """
    Who would be told of a change now. `unheard` are versions of which nobody is told, since their owners have left;
    `left` is of how many nodes you can tell today; `reason` why nobody would be told.
    """

    node: LineageNode
    recipients: tuple[Recipient, ...]
    unheard: tuple[str, ...]
    left: int
    reason: str | None = None
    letter: Letter | None = None


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
        """Every version that a change of a node reaches, live ones first. Raises NotFound."""
        return self._list(_IMPACT, ReachedVersion, {"node": node})

    def export_impact(self, node: str, file: str | Path) -> int:
        """All that a change reaches, with who uses it, as CSV into a file; its bytes. Raises NotFound, BadFile."""
        return save_answer(self._transport, _IMPACT, {"node": node, "format": "csv"}, Path(file))

    def preview_lineage_tell(self, node: str) -> TellPreview:
        """Who would be told of a change of a node, and what; nothing is sent. Raises NotFound, Forbidden."""
        return read(TellPreview, self._transport.get(_TELL, {"node": node}))

    def tell_lineage_owners(self, node: str, message: str) -> int:
        """
        Tell the owners of every version that a change of a node reaches, and give how many were told.

        Raises:
            NotFound, Forbidden; Invalid: the message, or there is nobody to tell. TooManyRequests: all were told today.
        """
        answer = self._transport.post(_TELL, {"node": node, "message": message})
        return int(answer["told"])
