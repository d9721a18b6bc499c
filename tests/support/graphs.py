"""Lineage graphs to draw, without a registry."""

import random
from collections.abc import Sequence

from modelkeep_server.features.lineage.views import Edge, Graph, Node
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.lineage import NodeKind

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</text></svg><script>alert(1)</script>",
    "]]><!--",
    "&amp;&lt;&#x3c;",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "مجموعة بيانات العملاء",
    "データセット顧客",
    "\N{FAMILY}\u200d\N{ROCKET}" * 40,
    "a\0b\x01c\x1b[31m\x7f\ufffe",
    "x" * 2000,
    "line one\nline two\ttabbed",
    "{{ 7 * 7 }}{% raw %}",
    "#set page(width: 1pt)",
)


def make_node(kind: NodeKind, name: str, **more: object) -> Node:
    """A thing of the graph."""
    return Node(f"{kind.value.lower()}:{name}", kind, name, **more)  # type: ignore[arg-type]


def make_version(name: str, version: str = "1.0.0", **more: object) -> Node:
    """A version of the graph, in production and of medium risk where nothing else is said."""
    facts = {"state": State.PRODUCTION, "risk_tier": RiskTier.MEDIUM, **more}
    node_id, label = f"version:nlp/{name}/{version}", f"{name} {version}"
    return Node(node_id, NodeKind.VERSION, label, model=f"nlp/{name}", version=version, **facts)  # type: ignore[arg-type]


def join(*pairs: tuple[Node, Node], relation: str = "is base of") -> tuple[Edge, ...]:
    """Edges between nodes."""
    return tuple(Edge(start.id, end.id, relation) for start, end in pairs)


def make_star(others: Sequence[Node]) -> Graph:
    """A dataset that others are built on."""
    middle = make_node(NodeKind.DATASET, "churn 1")
    return Graph(middle.id, (middle, *others), join(*((middle, one) for one in others), relation="is data of"))


def make_family(size: int, *, depth: int, seed: int = 1) -> Graph:
    """Versions upstream and downstream of one, each with things of its own, some of which they share."""
    chance = random.Random(seed)
    middle = make_version("fraud-detector", "2.0.0")
    nodes, edges, layers = {middle.id: middle}, set[tuple[str, str]](), {0: [middle]}
    while len(nodes) < size:
        side, step = chance.choice((-1, 1)), chance.randint(1, depth)
        near = [one for one in layers.get(side * (step - 1), []) if one.kind is NodeKind.VERSION]
        if not near:
            continue
        number = len(nodes)
        kinds = (NodeKind.DATASET, NodeKind.COMMIT) if side < 0 else (NodeKind.CONSUMER, NodeKind.DEPLOYMENT)
        thing = make_node(chance.choice(kinds), f"thing {number}", distance=side * step)
        version = make_version(f"model-{number}", state=chance.choice(list(State)), distance=side * step)
        new = version if chance.random() < 0.5 else thing
        nodes[new.id] = new
        layers.setdefault(side * step, []).append(new)
        for anchor in chance.sample(near, min(len(near), chance.randint(1, 2))):
            edges.add((new.id, anchor.id) if side < 0 else (anchor.id, new.id))
    return Graph(middle.id, tuple(nodes.values()), tuple(Edge(*pair, "is base of") for pair in sorted(edges)))
