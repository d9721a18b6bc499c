"""What the registry says of where versions come from and what uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import Flag, State
from modelkeep_server.rules.lineage import INPUTS, NODES, TAKEN_IN, DatasetRole, Family, ItemKind, NodeKind
from modelkeep_server.rules.permission_words import join


class Source(StrEnum):
    """
    How an item came: typed into a form, sent to the API or by OpenLineage, carried over from the version that this one
    began from, or told by the version's own fields.
    """

    FORM = "FORM"
    API = "API"
    OPENLINEAGE = "OPENLINEAGE"
    CARRIED = "CARRIED"
    VERSION = "VERSION"


class Direction(StrEnum):
    """Which way to go from a node."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


@dataclass(frozen=True)
class Item:
    """
    A lineage item of a version. `facts` are the fields of its kind (rules/lineage.py) that are provided.

    `node` is the id of the node it leads to. Items that stand in the version's own fields have the source VERSION and
    one of the ids of `OWN`; `added_by` and `added_at` are then of the last edit of that field.
    """

    id: str
    kind: ItemKind
    facts: Mapping[str, Any]
    node: str
    source: Source
    added_by: str | None = None
    added_at: datetime | None = None

    @property
    def inputs(self) -> Sequence[str]:
        """The nodes of other items of its version that it took in."""
        return tuple(self.facts.get(INPUTS) or ())


#: Ids of items that stand in the version's own fields.
OWN_DATASET, OWN_BASE, OWN_COMMIT, OWN_JOB = "training-dataset", "base-model", "commit", "training-job"


@dataclass(frozen=True)
class NewItem:
    """An item as sent, not judged yet."""

    kind: ItemKind
    facts: Mapping[str, Any]
    source: Source = Source.API


@dataclass(frozen=True)
class Node:
    """
    A node of the graph. `id` is a text that people can type; `detail` a few words beside the label.

    Of a version: its state with the flags beside it, tier, address and where it is live. `facts` are what the edges
    know of a thing, as the items have it, the same from several told once. `hidden_up` and `hidden_down` say how many
    neighbours are not in the picture, of those the reader may see. `distance` is counted from the middle: below 0
    upstream, above 0 downstream, 0 also for what stands beside both.
    """

    id: str
    kind: NodeKind
    label: str
    detail: str = ""
    state: State | None = None
    risk_tier: RiskTier | None = None
    model: str | None = None
    version: str | None = None
    flags: tuple[Flag, ...] = ()
    live: tuple[str, ...] = ()
    url: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    distance: int = 0
    hidden_up: int = 0
    hidden_down: int = 0

    @property
    def family(self) -> Family:
        """Which of the five families it belongs to."""
        return NODES[self.kind][1]


@dataclass(frozen=True)
class Edge:
    """
    An edge, pointing downstream, by node ids. `relation` is what stands on it: "is data of". `roles` are what a dataset
    was used for there.
    """

    from_id: str
    to_id: str
    relation: str
    roles: tuple[DatasetRole, ...] = ()

    @property
    def says(self) -> str:
        """The relation with the roles: "is training and validation data of"."""
        if not self.roles:
            return self.relation
        data = f"{join([role.lower() for role in self.roles], 'and')} data"
        return f"goes as {data} into" if self.relation == TAKEN_IN else f"is {data} of"


@dataclass(frozen=True)
class Graph:
    """A part of the lineage graph around its `middle`. `truncated`: the bound on nodes was met."""

    middle: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    truncated: bool = False


@dataclass(frozen=True)
class Live:
    """
    An endpoint: a version's share of what is live in an environment, in hundredths of a percent, and where it answers.
    """

    environment_key: int
    environment: str
    kind: str
    share: int
    region: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Reached:
    """
    A version that a change of a node reaches. `path` is a shortest way there, node ids from the node to the version: of
    the version that changes itself, its own id alone. `endpoints` are where it has a share of what is live.
    """

    model: str
    version: str
    state: State
    risk_tier: RiskTier
    owners: tuple[str, ...]
    endpoints: tuple[Live, ...]
    path: tuple[str, ...]
    model_key: int = 0
    version_key: int = 0

    @property
    def address(self) -> str:
        """How it is called: group/name:version."""
        return f"{self.model}:{self.version}"

    @property
    def steps(self) -> int:
        """How far it is from the node; 0 where it is the node itself."""
        return len(self.path) - 1

    @property
    def live_in(self) -> tuple[str, ...]:
        """The environments where it is live."""
        return tuple(one.environment for one in self.endpoints)


@dataclass(frozen=True)
class Use:
    """One of those who use a version that a change reaches. `node` is the id of their node."""

    node: str
    name: str
    url: str | None
    of: Reached


@dataclass(frozen=True)
class Impact:
    """
    What a change of a node reaches, all of it or a page: the node itself first where it is a version, then what is
    live, then by risk tier, the highest first, by steps, and by address. `uses` are of the versions in `items`, in
    their order.

    `total`, `live_count`, `endpoint_count`, `consumer_count` and `owners` are of all that was found; `truncated`: a
    bound was met, so there may be more.
    """

    node: Node
    items: tuple[Reached, ...]
    uses: tuple[Use, ...]
    total: int
    live_count: int
    endpoint_count: int
    consumer_count: int
    owners: tuple[str, ...]
    truncated: bool = False
    next_cursor: str | None = None

    @property
    def uses_by_version(self) -> Mapping[int, Sequence[Use]]:
        """Those who use versions, by the versions' inside ids."""
        found: dict[int, list[Use]] = {}
        for use in self.uses:
            found.setdefault(use.of.version_key, []).append(use)
        return found

    @property
    def is_of_version(self) -> bool:
        """Whether the node is a version, and so reached itself."""
        return self.node.kind is NodeKind.VERSION
