"""A lineage graph as plain data: what the API gives, and a file of it."""

from typing import Any

from modelkeep_server.features.lineage.views import Edge, Graph, Node


def to_document(graph: Graph) -> dict[str, Any]:
    """The graph as JSON values: `nodes`, `edges` that point downstream, and whether there is more."""
    return {
        "middle": graph.middle,
        "nodes": [write_node(node) for node in graph.nodes],
        "edges": [_write_edge(edge) for edge in graph.edges],
        "truncated": graph.truncated,
    }


def write_node(node: Node) -> dict[str, Any]:
    """A node as JSON values."""
    return {
        "id": node.id,
        "kind": node.kind.value,
        "label": node.label,
        "detail": node.detail,
        "state": node.state.value if node.state else None,
        "riskTier": node.risk_tier.value if node.risk_tier else None,
        "model": node.model,
        "version": node.version,
        "flags": [flag.value for flag in node.flags],
        "liveIn": list(node.live),
        "url": node.url,
        "facts": dict(node.facts),
        "distance": node.distance,
        "hiddenUp": node.hidden_up,
        "hiddenDown": node.hidden_down,
    }


def _write_edge(edge: Edge) -> dict[str, Any]:
    roles = [role.value for role in edge.roles]
    return {"from": edge.from_id, "to": edge.to_id, "relation": edge.relation, "roles": roles}
