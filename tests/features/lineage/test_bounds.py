"""Graphs of sizes that no picture holds: bounded, and told so."""

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import insert

from modelkeep_server.db.tables import lineage_edges, lineage_nodes
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.graph.walking import STEPS_MAX
from modelkeep_server.features.lineage.impact import reaching
from modelkeep_server.features.lineage.views import Direction
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import GRAPH_NODES, digest_name
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted


def _plant(registry: Registry, version: Version, names: Sequence[str], edges: Sequence[tuple[str, str]]) -> None:
    """Things and edges as a version would tell of them; the version's own node is called as its address."""
    with registry.writing() as work:
        rows = [
            {"kind": "DATASET", "name": name, "name_digest": digest_name(name), "label": name, "label_key": name}
            for name in names
        ]
        work.keep(lineage_nodes, insert(lineage_nodes), rows)
    keys = {row.name: row.id for row in registry.look("SELECT id, name FROM lineage_nodes WHERE version_id IS NULL")}
    own = registry.look("SELECT id FROM lineage_nodes WHERE version_id = :key", key=version.key)[0].id
    told = [
        {"from_id": keys.get(begins, own), "to_id": keys.get(ends, own), "relation": "DATASET",
         "version_id": version.key, "facts": {"role": "TRAINING"}}
        for begins, ends in edges
    ]  # fmt: skip
    with registry.writing() as work:
        work.keep(lineage_edges, insert(lineage_edges), told)


def test_a_star_of_ten_thousand_is_drawn_in_part(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """A version with 10,000 datasets is drawn with as many as a picture holds, says so, and how many are not drawn."""
    version = fresh_make.version()
    names = [f"dataset:d{number}@1" for number in range(10_000)]
    _plant(fresh_registry, version, names, [(name, version.address) for name in names])
    owner = fresh_make.owner_of(version)

    with fresh_registry.reading() as work:
        found = finding.find_graph(work, owner.actor, version.address, depth=None)
        around = finding.find_graph(work, owner.actor, names[0], depth=2)
        of_one = reaching.find_impact(work, owner.actor, names[0])
    told = fresh_api.as_(owner).get("/api/v1/lineage/graph", params={"node": version.address}).json()
    page = fresh_api.browser(owner).get("/lineage", params={"node": version.address, "view": "graph"}).text

    assert (len(found.nodes), found.truncated) == (GRAPH_NODES, True)
    assert found.nodes[0].hidden_up == len(names) - GRAPH_NODES + 1
    assert (len(told["nodes"]), told["truncated"]) == (GRAPH_NODES, True)
    assert (len(around.nodes), around.truncated, around.nodes[1].hidden_up) == (2, False, len(names) - 1)
    assert [item.version for item in of_one.items] == [version.version]
    assert "There is more than one picture holds" in page
    assert f"{len(names) - GRAPH_NODES + 1:,} more upstream of {version.model}" in page
    assert "data-expand" not in page


def test_a_long_chain_is_followed_to_its_end_or_to_the_bound(fresh_registry: Registry, fresh_make: Make) -> None:
    """A chain of 1,000 is followed to its end; of one that is longer, and of a ring, the bound is told."""
    version = fresh_make.version()
    names = [f"dataset:d{number}@1" for number in range(STEPS_MAX + 10)]
    chain = [*names, version.address]
    _plant(fresh_registry, version, names, list(pairwise(chain)))
    actor = fresh_make.owner_of(version).actor

    with fresh_registry.reading() as work:
        near = reaching.find_impact(work, actor, names[-1])
        with counted() as sent:
            far = reaching.find_impact(work, actor, names[10])
        beyond = reaching.find_impact(work, actor, names[0])
        bounded = reaching.find_impact(work, actor, names[10], limit=500)
        drawn = finding.find_graph(work, actor, version.address, direction=Direction.UPSTREAM, depth=None)

    assert [len(item.path) for item in near.items] == [2]
    assert ([len(item.path) for item in far.items], far.truncated) == ([STEPS_MAX + 1], False)
    assert (beyond.items, beyond.truncated) == ((), True)
    assert (bounded.items, bounded.truncated) == ((), True)
    assert (len(drawn.nodes), drawn.truncated) == (GRAPH_NODES, True)
    assert min(node.distance for node in drawn.nodes) == 1 - GRAPH_NODES
    assert len(sent) <= 16


def test_a_ring_ends(fresh_registry: Registry, fresh_make: Make) -> None:
    """Things that lead back to each other, which no act allows, are each reached once."""
    version = fresh_make.version()
    names = ["dataset:a@1", "dataset:b@1"]
    ring = [*names, version.address, names[0]]
    _plant(fresh_registry, version, names, list(pairwise(ring)))
    actor = fresh_make.owner_of(version).actor

    with fresh_registry.reading() as work:
        found = finding.find_graph(work, actor, names[0], depth=None)
        reached = reaching.find_impact(work, actor, version.address)

    assert len(found.nodes) == 3
    assert len(found.edges) == 3
    assert ([item.path for item in reached.items], reached.truncated) == ([(reached.node.id,)], False)
