"""The datasets and base models that most versions tell of, of those that the reader sees."""

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from modelkeep_server.db.tables import lineage_edges, lineage_nodes
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import nodes
from modelkeep_server.features.lineage.graph.walking import find_horizon, join_end, leave_out, sees_edge
from modelkeep_server.features.lineage.views import Node
from modelkeep_server.features.models.visibility import Sight
from modelkeep_server.rules.lineage import ItemKind

#: So many edges are looked at, the newest: what is used now, whatever the size of the graph.
_EDGES_READ = 5_000
_KINDS = (ItemKind.DATASET.value, ItemKind.BASE_MODEL.value)


def list_most_used(work: Work, actor: Actor, *, limit: int) -> tuple[tuple[Node, int], ...]:
    """Nodes with how many versions tell of them, the most first. Three statements at most."""
    horizon = find_horizon(work, actor)
    statement = _most_used(horizon.sight, horizon.hides)
    rows = [tuple(row) for row in work.all(statement, {"most": limit, **horizon.asked})]
    places = nodes.read_places(work, [key for key, _ in rows])
    return tuple((places[key].node, count) for key, count in rows)


@cache
def _most_used(sight: Sight, hides: bool) -> Select[Any]:
    newest = (
        select(lineage_edges)
        .where(lineage_edges.c.relation.in_(_KINDS))
        .order_by(lineage_edges.c.id.desc())
        .limit(_EDGES_READ)
        .with_only_columns(lineage_edges.c.id)
        .subquery()
    )
    count = func.count(lineage_edges.c.version_id.distinct())
    edges = select(lineage_edges.c.from_id, count).join(newest, newest.c.id == lineage_edges.c.id)
    return (
        join_end(edges, lineage_edges.c.from_id, sight)
        .where(sees_edge(sight), *leave_out(hides, lineage_edges, lineage_nodes))
        .group_by(lineage_edges.c.from_id)
        .order_by(count.desc(), lineage_edges.c.from_id)
        .limit(bindparam("most"))
    )
