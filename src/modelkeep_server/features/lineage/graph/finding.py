"""The graph around a node, as far as it is asked for: nodes, the edges among them, and how much lies beyond."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, not_, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import lineage_nodes
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import labels, nodes
from modelkeep_server.features.lineage.graph.joining import Told, join
from modelkeep_server.features.lineage.graph.live import count_others, find_live, list_live_in
from modelkeep_server.features.lineage.graph.nodes import Place
from modelkeep_server.features.lineage.graph.walking import (
    Horizon,
    edges_at,
    ends_of,
    find_horizon,
    join_end,
    leave_out,
    sees_edge,
    walk,
)
from modelkeep_server.features.lineage.views import Direction, Edge, Graph, Live
from modelkeep_server.features.models.visibility import Sight
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import (
    DEPLOYED,
    DEPTH_DEFAULT,
    GRAPH_NODES,
    NODES,
    DatasetRole,
    Family,
    ItemKind,
)

_WAYS = {Direction.UPSTREAM: -1, Direction.DOWNSTREAM: 1}
_nodes = lineage_nodes


@dataclass(frozen=True)
class _Asked:
    """Which way, how many steps (None: all), nodes of which families, and how many nodes at most."""

    direction: Direction
    depth: int | None
    families: Collection[Family]
    limit: int
    expanded: Collection[str] = ()

    @property
    def kinds(self) -> list[str]:
        return [kind.value for kind, (_, family, _) in NODES.items() if family in self.families]

    @property
    def ways(self) -> list[Direction]:
        return [way for way in _WAYS if self.direction in (way, Direction.BOTH)]

    def reaches(self, steps: int) -> bool:
        """Whether something is drawn so many steps away."""
        return self.depth is None or steps <= self.depth


@dataclass
class _Picture:
    """
    What is drawn: places by inside keys, nearest first, and their `steps` from the middle, above 0 downstream. A key is
    that of `lineage_nodes`, or below 0 for a version or an environment that has none.
    """

    places: dict[int, Place] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    hidden: dict[Direction, dict[int, int]] = field(default_factory=lambda: {way: defaultdict(int) for way in _WAYS})
    is_cut: bool = False

    @property
    def keys(self) -> list[int]:
        """Those of `lineage_nodes`."""
        return [place.key for place in self.places.values() if place.key is not None]

    def add(self, key: int, place: Place, steps: int, limit: int) -> bool:
        """Draw a place, unless as many are drawn as may be; whether it is drawn now."""
        if key in self.places:
            return True
        if len(self.places) >= limit:
            self.is_cut = True
            return False
        self.places[key], self.steps[key] = place, steps
        return True


def find_graph(
    work: Work,
    actor: Actor,
    node_id: str,
    *,
    direction: Direction = Direction.BOTH,
    depth: int | None = DEPTH_DEFAULT,
    families: Collection[Family] = tuple(Family),
    limit: int = GRAPH_NODES,
    expanded: Collection[str] = (),
) -> Graph:
    """
    The graph around a node, so many steps each way, or all for None, and at most `limit` nodes, the nearest. Nodes of
    other families are walked through and not drawn; the neighbours of those in `expanded` are drawn as well. One
    statement a step and at most eleven, three more where something is expanded. Raises NotFound.
    """
    middle = nodes.locate(work, actor, node_id)
    return _draw(work, actor, middle, _Asked(direction, depth, families, limit, frozenset(expanded)))


def find_version_graph(
    work: Work,
    actor: Actor,
    version: Version,
    *,
    direction: Direction = Direction.BOTH,
    depth: int | None = DEPTH_DEFAULT,
    families: Collection[Family] = tuple(Family),
    limit: int = GRAPH_NODES,
) -> Graph:
    """The graph around a version at hand, as `find_graph`."""
    middle = nodes.locate_version(work, actor, version.key)
    return _draw(work, actor, middle, _Asked(direction, depth, families, limit))


def _draw(work: Work, actor: Actor, middle: Place, asked: _Asked) -> Graph:
    horizon = find_horizon(work, actor)
    picture = _gather(work, actor, horizon, middle, asked)
    facts, near = _join(work, horizon, picture, _key_of(middle))
    _count_hidden(work, horizon, picture, asked)
    live = _add_deployments(work, actor, middle, picture, asked)
    drawn = []
    for key, place in picture.places.items():
        node = replace(
            place.node,
            distance=picture.steps[key],
            live=tuple(one.environment for one in live.get(place.version_key or 0, ())),
            hidden_up=picture.hidden[Direction.UPSTREAM].get(key, 0),
            hidden_down=picture.hidden[Direction.DOWNSTREAM].get(key, 0),
        )
        is_thing = place.key is not None and place.version_key is None
        drawn.append(nodes.describe(node, labels.merge(facts[key]), labels.merge(near[key])) if is_thing else node)
    return Graph(middle.node.id, tuple(drawn), tuple(picture.edges), picture.is_cut)


def _gather(work: Work, actor: Actor, horizon: Horizon, middle: Place, asked: _Asked) -> _Picture:
    """The middle and what is reached from it, the nearest of both ways first."""
    picture = _Picture()
    picture.add(_key_of(middle), middle, 0, asked.limit)
    begins, known = {_key_of(middle): 0}, {_key_of(middle): middle}
    if middle.environment_key is not None:
        wanted = Direction.UPSTREAM in asked.ways and asked.reaches(1)
        keys = list_live_in(work, actor, middle.environment_key, asked.limit) if wanted else []
        known |= {_key_of(place): place for place in nodes.read_versions(work, actor, keys)}
        begins = {key: -1 for key in known if key != _key_of(middle)}
    reached = dict(begins)
    for way in asked.ways if middle.environment_key is None else [Direction.UPSTREAM]:
        first = next(iter(begins.values()), 0)
        depth = None if asked.depth is None else asked.depth - abs(first)
        starts = [key for key in begins if key > 0]
        walked = walk(work, horizon, starts, way, depth=depth, limit=max(asked.limit, len(starts)))
        picture.is_cut |= walked.is_cut
        for key, steps in walked.steps.items():
            reached.setdefault(key, first + steps * _WAYS[way])
    known |= nodes.read_places(work, [key for key in reached if key not in known])
    for key in sorted(reached, key=lambda key: abs(reached[key])):
        if known[key].node.family in asked.families:
            picture.add(key, known[key], reached[key], asked.limit)
    _expand(work, horizon, picture, asked)
    return picture


def _expand(work: Work, horizon: Horizon, picture: _Picture, asked: _Asked) -> None:
    """Draw the neighbours of what is expanded. What leads neither to the middle nor from it is 0 steps away."""
    chosen = [key for key, place in picture.places.items() if key > 0 and place.node.id in asked.expanded]
    if not chosen:
        return
    reached: dict[int, int] = {}
    for way, step in _WAYS.items():
        for key, before in walk(work, horizon, chosen, way, depth=1, limit=asked.limit + len(chosen)).before.items():
            at = picture.steps[before]
            reached.setdefault(key, at + step if at * step > 0 or at == 0 else 0)
    new = [key for key in reached if key not in picture.places]
    for key, place in nodes.read_places(work, new).items():
        if place.node.family in asked.families:
            picture.add(key, place, reached[key], asked.limit)


def _key_of(place: Place) -> int:
    if place.key is not None:
        return place.key
    # Both kinds of keys begin with 1, so that they never meet.
    return -2 * place.version_key if place.version_key is not None else -2 * (place.environment_key or 0) - 1


@cache
def _edges_among(sight: Sight, hides: bool) -> Select[Any]:
    edges = edges_at(Direction.DOWNSTREAM, "keys")
    return (
        select(edges.c.from_id, edges.c.to_id, edges.c.relation, edges.c.facts, edges.c.version_id)
        .where(in_keys(edges.c.to_id, "keys"), sees_edge(sight, edges), *leave_out(hides, edges))
        .order_by(edges.c.id)
    )


_Facts = Mapping[int, list[Mapping[str, Any]]]


def _join(work: Work, horizon: Horizon, picture: _Picture, middle: int) -> tuple[_Facts, _Facts]:
    """
    Draw the edges among what is drawn; gives what they know of its things, and what those at the middle do. One
    statement.
    """
    facts: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    near: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    if not (keys := picture.keys):
        return facts, near
    rows = work.all(_edges_among(horizon.sight, horizon.hides), {"keys": keys, **horizon.asked})
    told = [Told(row.from_id, row.to_id, ItemKind(row.relation), row.facts, row.version_id) for row in rows]
    for edge in told:
        for key, other in ((edge.from_id, edge.to_id), (edge.to_id, edge.from_id)):
            facts[key].append(edge.facts)
            if other == middle:
                near[key].append(edge.facts)
    drawn: dict[tuple[str, str, str], set[str | None]] = defaultdict(set)
    for line in join(told):
        begins, ends = (picture.places[key].node.id for key in (line.from_id, line.to_id))
        drawn[begins, ends, line.relation].add(line.role)
    picture.edges = [Edge(*edge, tuple(one for one in DatasetRole if one in roles)) for edge, roles in drawn.items()]
    return facts, near


@cache
def _beyond(way: Direction, sight: Sight, hides: bool) -> Select[int, int]:
    """How many neighbours a node has that are not drawn, of the kinds that are asked for."""
    edges = edges_at(way, "keys")
    here, there = ends_of(way, edges)
    counted = select(here.label("here"), func.count(there.distinct()).label("beyond")).select_from(edges)
    return (
        join_end(counted, there, sight, edges=edges)
        .where(
            not_(in_keys(there, "keys")),
            _nodes.c.kind.in_(bindparam("kinds", expanding=True)),
            sees_edge(sight, edges),
            *leave_out(hides, edges, _nodes),
        )
        .group_by(here)
    )


def _count_hidden(work: Work, horizon: Horizon, picture: _Picture, asked: _Asked) -> None:
    """Two statements."""
    told = {"keys": picture.keys, "kinds": asked.kinds, **horizon.asked}
    for way in _WAYS if told["keys"] else ():
        for row in work.all(_beyond(way, horizon.sight, horizon.hides), told):
            picture.hidden[way][row.here] = row.beyond


def _add_deployments(
    work: Work, actor: Actor, middle: Place, picture: _Picture, asked: _Asked
) -> Mapping[int, list[Live]]:
    """Draw where versions are live, and count where that is not drawn; gives it by version. Two statements."""
    versions = {place.version_key: key for key, place in picture.places.items() if place.version_key is not None}
    live = find_live(work, list(versions))
    shares: dict[int, list[int]] = defaultdict(list)
    for version_key, found in live.items():
        at = versions[version_key]
        may_draw = (
            Direction.DOWNSTREAM in asked.ways and picture.steps[at] >= 0 and asked.reaches(picture.steps[at] + 1)
        )
        for one in found if Family.DEPLOYMENTS in asked.families or middle.environment_key is not None else ():
            place = Place(nodes.environment_node(one.environment, one.kind), environment_key=one.environment_key)
            key = _key_of(place)
            if key not in picture.places and not (
                may_draw and picture.add(key, place, picture.steps[at] + 1, asked.limit)
            ):
                picture.hidden[Direction.DOWNSTREAM][at] += 1
                continue
            shares[key].append(one.share)
            picture.edges.append(Edge(picture.places[at].node.id, place.node.id, DEPLOYED))
            if key != _key_of(middle):
                said = nodes.environment_node(one.environment, one.kind, labels.say_shares(shares[key]))
                picture.places[key] = replace(place, node=said)
    drawn = {place.environment_key: key for key, place in picture.places.items() if place.environment_key is not None}
    for environment_key, count in count_others(work, actor, list(drawn), list(versions)).items():
        picture.hidden[Direction.UPSTREAM][drawn[environment_key]] = count
    return live
