"""
What a change of a node reaches: every version downstream of it that the reader sees, a shortest way there, where it is
live, and who uses it. Where the node is a version, that one is among them, since what is wrong with it is wrong there
first.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Row, bindparam, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import lineage_nodes, model_owners, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import nodes
from modelkeep_server.features.lineage.graph.live import find_live
from modelkeep_server.features.lineage.graph.nodes import Place
from modelkeep_server.features.lineage.graph.walking import Walked, edges_at, find_horizon, walk
from modelkeep_server.features.lineage.views import Direction, Impact, Live, Node, Reached, Use
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.lineage import IMPACT_NODES, ItemKind

#: So many uses of versions are told in one answer.
USES_MAX = 20_000
#: How a version stands in the list, before its address: 0 the node itself, 0 live, the tier, steps. Of several that
#: are told apart only so far, the beginning of it.
_Rank = tuple[int, ...]
#: Where something stands in the list: its rank, the model's address in lower case, the version.
_Place = tuple[int | str, ...]
_TIERS = tuple(tier.value for tier in reversed(RiskTier))
_OWNERS = (
    select(model_owners.c.model_id, model_owners.c.email)
    .where(in_keys(model_owners.c.model_id, "keys"), model_owners.c.removed_at.is_(None))
    .order_by(model_owners.c.model_id, model_owners.c.position)
)
_EVERYBODY = (
    select(model_owners.c.email)
    .distinct()
    .join(versions, versions.c.model_id == model_owners.c.model_id)
    .where(in_keys(versions.c.id, "keys"), model_owners.c.removed_at.is_(None))
)
_OF_TIER = (
    select(versions.c.id)
    .join(models, models.c.id == versions.c.model_id)
    .where(in_keys(versions.c.id, "keys"), models.c.risk_tier == bindparam("tier"))
)
_leading_on = edges_at(Direction.DOWNSTREAM, "keys")
#: Who uses versions is told by these themselves: whoever sees one sees that.
_USES = (
    select(_leading_on.c.from_id, _leading_on.c.facts, lineage_nodes.c.name, lineage_nodes.c.label)
    .join(lineage_nodes, lineage_nodes.c.id == _leading_on.c.to_id)
    .where(_leading_on.c.relation == ItemKind.CONSUMER.value)
    .limit(USES_MAX + 1)
)


def find_impact(
    work: Work,
    actor: Actor,
    node_id: str,
    *,
    most: int | None = None,
    cursor: str | None = None,
    limit: int = IMPACT_NODES,
) -> Impact:
    """
    What a change of a node reaches, over at most `limit` nodes, the nearest; of the versions among them at most `most`,
    from the cursor on. One statement a step and at most fourteen.

    Raises NotFound; CursorRefused.
    """
    place = nodes.locate(work, actor, node_id)
    filters = {"list": "impact", "of": place.node.id, "by": "live"}
    after = tuple(work.parts.cursors.read(cursor, filters)) if cursor else ()
    found = _follow(work, actor, place, limit)
    rows, beyond = _read_page(work, found, after, most)
    shown = rows[:most]
    items = _tell(work, [row for _, row in shown], found)
    uses = _read_uses(work, dict(zip((row.id for _, row in shown), items, strict=True))) if found.consumers else ()
    has_more = beyond or len(shown) < len(rows)
    return Impact(
        node=_tell_node(work, actor, place, found),
        items=items,
        uses=uses[:USES_MAX],
        total=len(found.versions),
        live_count=len(found.live),
        endpoint_count=sum(map(len, found.live.values())),
        consumer_count=found.consumers,
        owners=_read_everybody(work, found, items),
        truncated=found.walked.is_cut or len(uses) > USES_MAX,
        next_cursor=work.parts.cursors.make(shown[-1][0], filters) if has_more else None,
    )


@dataclass(frozen=True)
class _Found:
    """
    All that is reached, before it is read: `versions` by the inside ids of their nodes, with the node itself where it
    is one; `live` where they are live, by version; how many `consumers`.
    """

    walked: Walked
    versions: Mapping[int, int]
    live: Mapping[int, Sequence[Live]]
    consumers: int

    def rank(self, row: Row[Any]) -> _Rank:
        """How a version that was read stands in the list."""
        steps = self.walked.steps[row.id]
        return int(steps > 0), int(row.version_key not in self.live), _TIERS.index(row.risk_tier), steps

    def groups(self, work: Work, after: tuple[int | str, ...]) -> Iterator[tuple[_Rank, list[int]]]:
        """
        The nodes in the order of the list, in groups that stand alike; none that is wholly before a place. What is live
        is one group. One statement for each tier that is come to.
        """
        steps = self.walked.steps
        yield (0,), [key for key in self.versions if not steps[key]]
        yield (1, 0), [key for key, version in self.versions.items() if steps[key] and version in self.live]
        # Nearest first, as they were walked to.
        others = {version: key for key, version in self.versions.items() if steps[key] and version not in self.live}
        for place, tier in enumerate(_TIERS):
            if after[:3] <= (1, 1, place):
                found = {row.id for row in work.all(_OF_TIER, {"keys": list(others), "tier": tier})}
                keys = [key for version, key in others.items() if version in found]
                yield from (((1, 1, place, away), list(alike)) for away, alike in groupby(keys, steps.__getitem__))


def _follow(work: Work, actor: Actor, place: Place, limit: int) -> _Found:
    starts = [] if place.key is None else [place.key]
    walked = walk(work, find_horizon(work, actor), starts, Direction.DOWNSTREAM, limit=limit)
    reached = dict(walked.versions)
    if place.key is not None and place.version_key is not None:
        reached[place.key] = place.version_key
    # All that is downstream and no version is somebody who uses one.
    consumers = len(walked.steps) - len(walked.versions) - len(starts)
    return _Found(walked, reached, find_live(work, list(reached.values())), consumers)


def _read_page(
    work: Work, found: _Found, after: tuple[int | str, ...], most: int | None
) -> tuple[list[tuple[_Place, Row[Any]]], bool]:
    """
    What comes after a place in the list, in order, `most` at least where there are as many; and whether there is more
    than that. Four statements at most.
    """
    if most is None or len(found.versions) <= most:
        rows, beyond = nodes.read_rows(work, list(found.versions)), False
    else:
        wanted, beyond = _choose(work, found, after, most)
        rows = nodes.read_rows(work, wanted)
    places = (((*found.rank(row), f"{row.group_name}/{row.model_name}".lower(), row.version), row) for row in rows)
    return sorted((pair for pair in places if pair[0] > after), key=lambda pair: pair[0]), beyond


def _choose(work: Work, found: _Found, after: tuple[int | str, ...], most: int) -> tuple[list[int], bool]:
    """
    The nodes among which the page is, and whether there are others behind it. Thousands may be reached: those that
    stand too far behind are not read. Three statements at most.
    """
    wanted: list[int] = []
    counted = 0
    for rank, alike in found.groups(work, after):
        begun = after[: len(rank)]
        if begun > rank:
            continue
        if counted > most:
            return wanted, True
        wanted += alike
        # Of the first some may stand before the page.
        counted += 0 if begun == rank else len(alike)
    return wanted, False


def _tell_node(work: Work, actor: Actor, place: Place, found: _Found) -> Node:
    if place.version_key is None:
        return nodes.tell_more(work, actor, place)
    return replace(place.node, live=tuple(one.environment for one in found.live.get(place.version_key, ())))


def _read_everybody(work: Work, found: _Found, items: Collection[Reached]) -> tuple[str, ...]:
    """The owners of all that is reached. One statement, or none where all of it is at hand."""
    if len(items) == len(found.versions):
        return tuple(sorted({email for item in items for email in item.owners}))
    return tuple(sorted(row.email for row in work.all(_EVERYBODY, {"keys": list(found.versions.values())})))


def _tell(work: Work, shown: Sequence[Row[Any]], found: _Found) -> tuple[Reached, ...]:
    """What is shown of it, and the ways there. Two statements at most."""
    ways = {row.id: found.walked.way_to(row.id) for row in shown}
    names = {row.id: nodes.name_row(row) for row in shown}
    others = {key for way in ways.values() for key in way} - set(names)
    names |= {row.id: nodes.name_row(row) for row in nodes.read_rows(work, others)}
    owners = _read_owners(work, {row.model_key for row in shown})
    return tuple(
        Reached(
            model=f"{row.group_name}/{row.model_name}",
            version=row.version,
            state=State(row.state),
            risk_tier=RiskTier(row.risk_tier),
            owners=owners.get(row.model_key, ()),
            endpoints=tuple(found.live.get(row.version_key, ())),
            path=tuple(names[on] for on in ways[row.id]),
            model_key=row.model_key,
            version_key=row.version_key,
        )
        for row in shown
    )


def _read_uses(work: Work, shown: Mapping[int, Reached]) -> tuple[Use, ...]:
    """Who uses versions, by inside ids of nodes, in the order of these; at most one more than told. One statement."""
    found: dict[int, list[Use]] = {key: [] for key in shown}
    for row in work.all(_USES, {"keys": list(shown)}):
        found[row.from_id].append(Use(row.name, row.label, row.facts.get("url") or None, shown[row.from_id]))
    return tuple(
        use for uses in found.values() for use in sorted(uses, key=lambda use: (use.name.casefold(), use.node))
    )


def _read_owners(work: Work, model_keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The owners of models as they were sent. One statement, or none."""
    found: dict[int, list[str]] = {}
    if model_keys:
        for row in work.all(_OWNERS, {"keys": model_keys}):
            found.setdefault(row.model_id, []).append(row.email)
    return {key: tuple(emails) for key, emails in found.items()}
