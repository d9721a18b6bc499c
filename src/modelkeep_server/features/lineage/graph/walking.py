"""
Walking the lineage graph from a node, up or down, over what the reader may see and nothing else.

An edge is there for a reader who sees the version that tells of it and, where its ends are versions, those too. What
they may not see is not walked through either, so that no path tells of it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVarTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.views import Direction
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by

#: A walk goes no farther than this, also where no depth is asked for.
STEPS_MAX = 1_000
#: All the rest of a way is asked for each so many steps, where it is so narrow, and taken where it is of fewer edges.
_REST_TRIED_EVERY, _NARROW, _REST_MAX = 8, 50, 4_000
#: Where so many versions at most are hidden from a reader, they are left out by name: what everybody may see of a large
#: registry is otherwise asked anew at each step, which PostgreSQL reads all models for.
_HIDDEN_MAX = 10_000
_edges = lineage_edges
Ts = TypeVarTuple("Ts")


#: A node that is one step on, the one that it is a step from, and the version that it is, by inside ids.
_Step = tuple[int, int, int | None]


@dataclass(frozen=True)
class Walked:
    """
    Where a walk came, by the inside ids of nodes, nearest first: `steps` from where it began, and the node `before`
    each on a shortest way. `versions` are the inside ids of versions, of nodes beyond the first that are one. `is_cut`:
    a bound was met, so there may be more.
    """

    steps: Mapping[int, int]
    before: Mapping[int, int]
    versions: Mapping[int, int]
    is_cut: bool

    def way_to(self, key: int) -> list[int]:
        """The nodes from where it began to this one."""
        way = [key]
        while key in self.before:
            key = self.before[key]
            way.append(key)
        return way[::-1]


@dataclass(frozen=True)
class Horizon:
    """
    How far somebody sees, for walks of one request: everything that their sight lets them, but for the versions that
    `asked` leaves out by name where it `hides` any.
    """

    sight: Sight
    hides: bool
    asked: Mapping[str, Any]


@dataclass
class _Reader:
    """
    Reads where one comes to from some nodes. A way that is long and narrow would cost a statement for each of its
    steps: now and then all the rest of it is asked for at once, and kept where it is not much.
    """

    work: Work
    direction: Direction
    horizon: Horizon
    asked: Mapping[str, Any]
    rest: Mapping[int, Sequence[_Step]] | None = None

    def read_step(self, edge: Sequence[int], step: int) -> Iterable[_Step]:
        """The nodes that are one step from those at the edge, each with one that it is a step from, sorted."""
        if self.rest is None and step % _REST_TRIED_EVERY == 0 and len(edge) <= _NARROW:
            self._try_rest(edge)
        if self.rest is None:
            statement = _select_step(self.direction, self.horizon.sight, self.horizon.hides)
            rows = self.work.all(statement, {**self.asked, "edge": edge})
            return sorted((tuple(row) for row in rows), key=lambda step: step[:2])
        return sorted((step for here in edge for step in self.rest.get(here, ())), key=lambda step: step[:2])

    def _try_rest(self, edge: Sequence[int]) -> None:
        statement = _select_rest(self.direction, self.horizon.sight, self.horizon.hides)
        rows = self.work.all(statement, {**self.asked, "edge": edge, "most": _REST_MAX})
        if len(rows) < _REST_MAX:
            rest: dict[int, list[_Step]] = {}
            for row in rows:
                rest.setdefault(row.here, []).append(tuple(row))
            self.rest = rest


def walk(
    work: Work,
    horizon: Horizon,
    starts: Collection[int],
    direction: Direction,
    *,
    depth: int | None = None,
    limit: int,
) -> Walked:
    """
    Go from some nodes upstream or downstream, breadth first, so many steps at most and to so many nodes with those it
    began from. One statement a step; for a long way that is narrow about ten in all.
    """
    # As many as may be reached and one: even if all that were reached before are among them, one is too many.
    reader = _Reader(work, direction, horizon, {"most": limit + 1, **horizon.asked})
    steps = dict.fromkeys(starts, 0)
    before: dict[int, int] = {}
    versions_of: dict[int, int] = {}
    edge = list(starts)
    # One more than the bound: whether there is anything beyond it.
    for step in range(1, (STEPS_MAX + 1 if depth is None else min(depth, STEPS_MAX)) + 1):
        if not edge:
            break
        found = reader.read_step(edge, step)
        edge = []
        for there, here, version in found:
            if there in steps:
                continue
            if len(steps) >= limit or step > STEPS_MAX:
                return Walked(steps, before, versions_of, is_cut=True)
            steps[there], before[there] = step, here
            if version is not None:
                versions_of[there] = version
            edge.append(there)
    return Walked(steps, before, versions_of, is_cut=False)


def find_horizon(work: Work, actor: Actor) -> Horizon:
    """How far somebody sees. One statement for a reader who sees what is shared or theirs, else none."""
    sight, asked = sight_of(actor), values_of(actor)
    if sight is not Sight.SHARED_AND_OWN:
        return Horizon(sight, False, asked)
    hidden = [row.id for row in work.all(_select_hidden(sight), asked)]
    if len(hidden) > _HIDDEN_MAX:
        return Horizon(sight, False, asked)
    return Horizon(Sight.EVERYTHING, bool(hidden), {**asked, "hidden": hidden})


@cache
def _select_hidden(sight: Sight) -> Select[Any]:
    # As it stands in the index of these models.
    kept_back = models.c.visibility == literal_column(f"'{Visibility.RESTRICTED}'", models.c.visibility.type)
    hidden = select(versions.c.id).join(models, models.c.id == versions.c.model_id)
    return hidden.where(kept_back, ~visible_by(sight)).limit(_HIDDEN_MAX + 1)


@cache
def _select_step(direction: Direction, sight: Sight, hides: bool) -> Select[int, int, Any]:
    """The nodes one step from others, as `_Step`."""
    edges = edges_at(direction, "edge")
    here, there = ends_of(direction, edges)
    version = func.min(lineage_nodes.c.version_id)
    return (
        join_end(select(there, func.min(here), version).select_from(edges), there, sight, edges=edges)
        .where(sees_edge(sight, edges), *leave_out(hides, edges, lineage_nodes))
        .group_by(there)
        .limit(bindparam("most"))
    )


@cache
def _select_rest(direction: Direction, sight: Sight, hides: bool) -> Select[Any]:
    """All edges that lead on from some nodes, however far, as `_Step`."""
    here, there = ends_of(direction)
    # It begins with the nodes alone, which are few: PostgreSQL plans all the rest by how many it thinks these are.
    seeds: Select[Any] = select(
        lineage_nodes.c.id.label("there"),
        literal(0, _edges.c.from_id.type).label("here"),
        lineage_nodes.c.version_id.label("version_id"),
    )
    ways = seeds.where(in_keys(lineage_nodes.c.id, "edge")).cte("ways", recursive=True)
    steps: Select[Any] = select(there, here, lineage_nodes.c.version_id).select_from(_edges)
    steps = steps.where(sees_edge(sight), *leave_out(hides, _edges, lineage_nodes))
    ways = ways.union(join_end(steps.join(ways, ways.c.there == here), there, sight))
    return select(ways.c.there, ways.c.here, ways.c.version_id).limit(bindparam("most"))


def leave_out(hides: bool, edges: FromClause, node: FromClause | None = None) -> tuple[ColumnElement[bool], ...]:
    """
    Whether neither the version that tells of an edge nor, where `node` is told, the one at that end is among those of
    the parameter `hidden`.
    """
    if not hides:
        return ()
    telling = ~in_keys(edges.c.version_id, "hidden")
    if node is None:
        return (telling,)
    return telling, or_(node.c.version_id.is_(None), ~in_keys(node.c.version_id, "hidden"))


def edges_at(direction: Direction, name: str) -> CTE:
    """
    The edges that lead on, this way, from the nodes of the parameter with this name. They are read before anything else
    is looked at: PostgreSQL would else at times go through all nodes, where only a part of them is asked for.
    """
    here, _ = ends_of(direction)
    return select(_edges).where(in_keys(here, name)).cte("leading_on").prefix_with("MATERIALIZED", dialect="postgresql")


def ends_of(direction: Direction, edges: FromClause = _edges) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Of a row of `lineage_edges`: the end that one comes from, going this way, and the one that it leads to."""
    ends = (edges.c.from_id, edges.c.to_id)
    return ends if direction is Direction.DOWNSTREAM else ends[::-1]


def sees_edge(sight: Sight, edges: FromClause = _edges) -> ColumnElement[bool]:
    """Whether somebody who sees as far sees the version that tells of a row of `lineage_edges`."""
    return true() if sight is Sight.EVERYTHING else _sees(sight, edges.c.version_id)


def join_end(
    statement: Select[*Ts],
    end: ColumnElement[int],
    sight: Sight,
    node: FromClause = lineage_nodes,
    edges: FromClause = _edges,
) -> Select[*Ts]:
    """
    Of the edges of a statement, those of which somebody who sees as far sees the one end as well; `node` is that end.

    The version at it is joined, unless it is the one that tells of the edge: told as a condition, PostgreSQL would
    gather all versions that are seen to answer it.
    """
    statement = statement.join(node, node.c.id == end)
    if sight is Sight.EVERYTHING:
        return statement
    other = (versions.c.id == node.c.version_id) & (versions.c.id != edges.c.version_id)
    return (
        statement.outerjoin(versions, other)
        .outerjoin(models, models.c.id == versions.c.model_id)
        .where(or_(versions.c.id.is_(None), visible_by(sight)))
    )


def _sees(sight: Sight, version_key: ColumnElement[Any]) -> ColumnElement[bool]:
    seen = select(versions.c.id).join(models, models.c.id == versions.c.model_id)
    return exists(seen.where(versions.c.id == version_key, visible_by(sight)).correlate_except(versions, models))
