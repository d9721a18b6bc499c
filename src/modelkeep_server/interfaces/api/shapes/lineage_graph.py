"""The JSON of the lineage graph, and of what a change reaches."""

from typing import Any, Literal, Self

from pydantic import Field

from modelkeep_server.features.lineage.views import Edge, Graph, Impact, Node, Reached
from modelkeep_server.interfaces.api.shapes.base import Input, Shape, StateName, TierName
from modelkeep_server.interfaces.api.shapes.lineage import RoleName

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
FamilyName = Literal["DATA", "CODE", "MODELS", "DEPLOYMENTS", "CONSUMERS"]


class NodeOut(Shape):
    """
    A node. `id` can be typed as it is; `facts` are what versions tell of a thing, each a list where they differ.
    `distance` counts steps from the middle, below 0 upstream; `hiddenUp` and `hiddenDown` the neighbours that are not
    in this answer.
    """

    id: str
    kind: NodeKindName
    label: str
    detail: str
    state: StateName | None = None
    risk_tier: TierName | None = None
    model: str | None = None
    version: str | None = None
    live_in: list[str]
    url: str | None = None
    facts: dict[str, Any]
    distance: int
    hidden_up: int
    hidden_down: int

    @classmethod
    def of(cls, node: Node) -> Self:
        """From the feature's view."""
        return cls(
            id=node.id,
            kind=node.kind.value,
            label=node.label,
            detail=node.detail,
            state=node.state.value if node.state else None,
            risk_tier=node.risk_tier.value if node.risk_tier else None,
            model=node.model,
            version=node.version,
            live_in=list(node.live),
            url=node.url,
            facts=dict(node.facts),
            distance=node.distance,
            hidden_up=node.hidden_up,
            hidden_down=node.hidden_down,
        )


class EdgeOut(Shape):
    """
    An edge, which points downstream, by the ids of its ends. `relation` reads between them: "is data of"; `roles` are
    what a dataset was used for there.
    """

    from_: str = Field(alias="from")
    to: str
    relation: str
    roles: list[RoleName]

    @classmethod
    def of(cls, edge: Edge) -> Self:
        """From the feature's view."""
        return cls.model_validate(
            {"from": edge.from_id, "to": edge.to_id, "relation": edge.relation, "roles": list(edge.roles)}
        )


class GraphOut(Shape):
    """A part of the graph around its middle. `truncated`: there is more than one answer holds."""

    middle: str
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    truncated: bool

    @classmethod
    def of(cls, graph: Graph) -> Self:
        """From the feature's view."""
        return cls(
            middle=graph.middle,
            nodes=[NodeOut.of(node) for node in graph.nodes],
            edges=[EdgeOut.of(edge) for edge in graph.edges],
            truncated=graph.truncated,
        )


class NodesOut(Shape):
    """Nodes that a text may mean."""

    items: list[NodeOut]


class ReachedOut(Shape):
    """
    A version that a change reaches. `path` is a shortest way there, ids of nodes from the one that changes; `live`: it
    has a share of what is live somewhere, in the environments `liveIn`.
    """

    model: str
    version: str
    state: StateName
    risk_tier: TierName
    owners: list[str]
    live: bool
    live_in: list[str]
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
            live=bool(reached.live),
            live_in=list(reached.live),
            path=list(reached.path),
        )


class ImpactOut(Shape):
    """
    What a change of a node reaches, nearest first. `total`, `liveCount` and `owners` are of all of it; `truncated`: it
    reaches more than was looked at.
    """

    node: NodeOut
    items: list[ReachedOut]
    next_cursor: str | None
    total: int
    live_count: int
    owners: list[str]
    truncated: bool

    @classmethod
    def of(cls, impact: Impact) -> Self:
        """From the feature's view."""
        return cls(
            node=NodeOut.of(impact.node),
            items=[ReachedOut.of(item) for item in impact.items],
            next_cursor=impact.next_cursor,
            total=impact.total,
            live_count=impact.live_count,
            owners=list(impact.owners),
            truncated=impact.truncated,
        )


class TellIn(Input):
    """What to tell the owners of what a change reaches."""

    node: str = Field(
        max_length=4_000, description="The node that changes, by its id.", examples=["dataset:churn-events@2026-02"]
    )
    message: str = Field(
        description="What changes, and what to do about it; at most 1,000 characters.",
        examples=["This dataset was recalled. Train again with 2026-03."],
    )


class ToldOut(Shape):
    """How many owners were told."""

    told: int
