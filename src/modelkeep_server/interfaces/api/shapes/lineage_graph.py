"""The JSON of the lineage graph, and of what a change reaches."""

from typing import Any, Literal, Self

from pydantic import Field

from modelkeep_server.features.deployments.views import Kind
from modelkeep_server.features.lineage.views import Graph, Impact, Live, Node, Reached, Use
from modelkeep_server.interfaces.api.shapes.base import Shape, StateName, TierName
from modelkeep_server.interfaces.api.shapes.deployments import KindName
from modelkeep_server.interfaces.api.shapes.lineage import RoleName
from modelkeep_server.interfaces.lineage.documents import to_document, write_node

NodeKindName = Literal[
    "VERSION",
    "DATASET",
    "FEATURE_PIPELINE",
    "COMMIT",
    "TRAINING_SCRIPT",
    "PREPROCESSING",
    "BASE_MODEL",
    "TRAINING_RUN",
    "CONSUMER",
    "DEPLOYMENT",
]
DirectionName = Literal["upstream", "downstream", "both"]
FlagName = Literal["CLOSED", "HOLD"]
FamilyName = Literal["DATA", "CODE", "MODELS", "DEPLOYMENTS", "CONSUMERS"]


class NodeOut(Shape):
    """
    A node. `id` can be typed as it is; `flags` stand beside a version's state; `facts` are what versions tell of a
    thing, each a list where they differ. `distance` counts steps from the middle, below 0 upstream; `hiddenUp` and
    `hiddenDown` the neighbours that are not in this answer.
    """

    id: str
    kind: NodeKindName
    label: str
    detail: str
    state: StateName | None = None
    risk_tier: TierName | None = None
    model: str | None = None
    version: str | None = None
    flags: list[FlagName]
    live_in: list[str]
    url: str | None = None
    facts: dict[str, Any]
    distance: int
    hidden_up: int
    hidden_down: int

    @classmethod
    def of(cls, node: Node) -> Self:
        """From the feature's view."""
        return cls.model_validate(write_node(node))


class EdgeOut(Shape):
    """
    An edge, which points downstream, by the ids of its ends. `relation` reads between them: "is data of"; `roles` are
    what a dataset was used for there. What a pipeline, a program or a run of a version took in "goes into" that, and
    leads to the version through it.
    """

    from_: str = Field(alias="from")
    to: str
    relation: str
    roles: list[RoleName]


class GraphOut(Shape):
    """A part of the graph around its middle. `truncated`: there is more than one answer holds."""

    middle: str
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    truncated: bool

    @classmethod
    def of(cls, graph: Graph) -> Self:
        """From the feature's view."""
        return cls.model_validate(to_document(graph))


class NodesOut(Shape):
    """Nodes that a text may mean."""

    items: list[NodeOut]


class EndpointOut(Shape):
    """A version's part of what is live in an environment. `share` is in percent."""

    environment: str
    kind: KindName
    share: float
    region: str | None = None
    endpoint_url: str | None = None

    @classmethod
    def of(cls, live: Live) -> Self:
        """From the feature's view."""
        return cls(
            environment=live.environment,
            kind=Kind(live.kind).value,
            share=live.share / 100,
            region=live.region,
            endpoint_url=live.url,
        )


class ReachedOut(Shape):
    """
    A version that a change reaches. `path` is a shortest way there, ids of nodes from the one that changes, and `steps`
    its length; the version that changes itself is 0 steps away, and its path is its own id alone. `live`: it has a
    share of what is live somewhere, in the environments `liveIn`; `endpoints` has more of each.
    """

    model: str
    version: str
    state: StateName
    risk_tier: TierName
    owners: list[str]
    live: bool
    live_in: list[str]
    endpoints: list[EndpointOut]
    steps: int
    path: list[str]

    @classmethod
    def of(cls, reached: Reached) -> Self:
        """From the feature's view."""
        return cls(
            model=reached.model,
            version=reached.version,
            state=reached.state.value,
            risk_tier=reached.risk_tier.value,
            owners=list(reached.owners),
            live=bool(reached.endpoints),
            live_in=list(reached.live_in),
            endpoints=[EndpointOut.of(one) for one in reached.endpoints],
            steps=reached.steps,
            path=list(reached.path),
        )


class ConsumerOut(Shape):
    """Somebody who uses a version that a change reaches. `node` is the id of their node; `url` where to find them."""

    node: str
    name: str
    url: str | None = None
    model: str
    version: str
    live: bool = Field(description="Whether the version that they use is live.")

    @classmethod
    def of(cls, use: Use) -> Self:
        """From the feature's view."""
        return cls(
            node=use.node,
            name=use.name,
            url=use.url,
            model=use.of.model,
            version=use.of.version,
            live=bool(use.of.endpoints),
        )


class ImpactOut(Shape):
    """
    What a change of a node reaches: the version itself first, where the node is one, then what is live, the highest
    risk tier, the fewest steps. `consumers` are those of the versions in `items`, in their order, one entry for each
    version that somebody uses. `total`, `liveCount`, `endpointCount`, `consumerCount` and `owners` are of all of it;
    `truncated`: it reaches more than was looked at.
    """

    node: NodeOut
    items: list[ReachedOut]
    consumers: list[ConsumerOut]
    next_cursor: str | None
    total: int
    live_count: int
    endpoint_count: int = Field(description="The endpoints of all that is live: a version counts once in each.")
    consumer_count: int
    owners: list[str]
    truncated: bool

    @classmethod
    def of(cls, impact: Impact) -> Self:
        """From the feature's view."""
        return cls(
            node=NodeOut.of(impact.node),
            items=[ReachedOut.of(item) for item in impact.items],
            consumers=[ConsumerOut.of(use) for use in impact.uses],
            next_cursor=impact.next_cursor,
            total=impact.total,
            live_count=impact.live_count,
            endpoint_count=impact.endpoint_count,
            consumer_count=impact.consumer_count,
            owners=list(impact.owners),
            truncated=impact.truncated,
        )
