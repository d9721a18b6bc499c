"""What a change of a node reaches: every version downstream of it that the reader sees, and a shortest way there."""

from collections.abc import Collection

from sqlalchemy import select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import model_owners
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import nodes
from modelkeep_server.features.lineage.live import find_live
from modelkeep_server.features.lineage.nodes import Place
from modelkeep_server.features.lineage.views import Direction, Impact, Reached
from modelkeep_server.features.lineage.walking import walk
from modelkeep_server.rules.lineage import IMPACT_NODES

_OWNERS = (
    select(model_owners.c.model_id, model_owners.c.email)
    .where(in_keys(model_owners.c.model_id, "keys"), model_owners.c.removed_at.is_(None))
    .order_by(model_owners.c.model_id, model_owners.c.position)
)


def find_impact(work: Work, actor: Actor, node_id: str, *, limit: int = IMPACT_NODES) -> Impact:
    """
    What a change of a node reaches, over at most `limit` nodes, the nearest. The node itself is not among it. One
    statement a step and at most eight. Raises NotFound.
    """
    middle = nodes.locate(work, actor, node_id)
    starts = [] if middle.key is None else [middle.key]
    walked = walk(work, actor, starts, Direction.DOWNSTREAM, limit=limit)
    found = nodes.read_places(work, walked.steps)
    reached = {key: place for key, place in found.items() if place.version_key is not None and key != middle.key}
    live = find_live(work, [place.version_key or 0 for place in reached.values()])
    owners = _read_owners(work, {place.model_key or 0 for place in reached.values()})
    items = []
    for key, place in sorted(reached.items(), key=lambda pair: (walked.steps[pair[0]], *_address(pair[1]))):
        where = live.get(place.version_key or 0, ())
        items.append(
            _reach(place, [found[on].node.id for on in walked.way_to(key)], owners, [one.environment for one in where])
        )
    everybody = dict.fromkeys(owner for item in items for owner in item.owners)
    return Impact(
        nodes.find_node(work, actor, node_id), tuple(items), len(items), sum(bool(item.live) for item in items),
        tuple(everybody), walked.is_cut,
    )  # fmt: skip


def _reach(place: Place, path: list[str], owners: dict[int, tuple[str, ...]], live: Collection[str]) -> Reached:
    node, model_key = place.node, place.model_key or 0
    assert node.model is not None
    assert node.version is not None
    assert node.state is not None
    assert node.risk_tier is not None
    return Reached(
        node.model, node.version, node.state, node.risk_tier, owners.get(model_key, ()), tuple(live), tuple(path),
        model_key, place.version_key or 0,
    )  # fmt: skip


def _address(place: Place) -> tuple[str, str]:
    return (place.node.model or "").lower(), place.node.version or ""


def _read_owners(work: Work, model_keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The owners of models as they were sent. One statement, or none."""
    found: dict[int, list[str]] = {}
    if model_keys:
        for row in work.all(_OWNERS, {"keys": model_keys}):
            found.setdefault(row.model_id, []).append(row.email)
    return {key: tuple(emails) for key, emails in found.items()}
