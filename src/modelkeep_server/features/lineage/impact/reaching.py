"""What a change of a node reaches: every version downstream of it that the reader sees, and a shortest way there."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import model_owners, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import nodes
from modelkeep_server.features.lineage.graph.live import Live, find_live
from modelkeep_server.features.lineage.graph.walking import Walked, find_horizon, walk
from modelkeep_server.features.lineage.views import Direction, Impact, Reached
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.lineage import IMPACT_NODES

#: Where something stands in the list: steps, the model's address in lower case, the version.
_Place = tuple[int, str, str]
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
    from the cursor on. The node itself is not among them. One statement a step and at most ten.

    Raises NotFound; CursorRefused.
    """
    place = nodes.locate(work, actor, node_id)
    filters = {"list": "impact", "of": place.node.id}
    after = tuple(work.parts.cursors.read(cursor, filters)) if cursor else ()
    starts = [] if place.key is None else [place.key]
    walked = walk(work, find_horizon(work, actor), starts, Direction.DOWNSTREAM, limit=limit)
    keys = list(walked.versions.values())
    live = find_live(work, keys)
    everybody = sorted(row.email for row in work.all(_EVERYBODY, {"keys": keys})) if keys else []
    rows, beyond = _read_page(work, walked, after, most)
    shown = rows[:most]
    has_more = beyond or len(shown) < len(rows)
    return Impact(
        nodes.tell_more(work, actor, place), _tell(work, [row for _, row in shown], walked, live), len(keys),
        len(live), tuple(everybody), walked.is_cut,
        work.parts.cursors.make(shown[-1][0], filters) if has_more else None,
    )  # fmt: skip


def _read_page(
    work: Work, walked: Walked, after: tuple[int | str, ...], most: int | None
) -> tuple[list[tuple[_Place, Row[Any]]], bool]:
    """
    What comes after a place in the list, in order, `most` at least where there are as many; and whether there is more
    than that. Thousands may be reached: those that are too far for the page are not read. One statement, or none.
    """
    wanted: list[int] = []
    counted = 0
    beyond = False
    for steps, level in groupby(walked.versions, key=lambda key: walked.steps[key]):
        if after and steps < int(after[0]):
            continue
        if most is not None and counted > most:
            beyond = True
            break
        found = list(level)
        wanted += found
        # Of the first some may stand before the page.
        counted += 0 if after and steps == after[0] else len(found)
    rows = nodes.read_rows(work, wanted)
    places = (((walked.steps[row.id], f"{row.group_name}/{row.model_name}".lower(), row.version), row) for row in rows)
    return sorted((pair for pair in places if pair[0] > after), key=lambda pair: pair[0]), beyond


def _tell(
    work: Work, shown: Sequence[Row[Any]], walked: Walked, live: Mapping[int, Sequence[Live]]
) -> tuple[Reached, ...]:
    """What is shown of it, and the ways there. Two statements at most."""
    ways = {row.id: walked.way_to(row.id) for row in shown}
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
            live=tuple(one.environment for one in live.get(row.version_key, ())),
            path=tuple(names[on] for on in ways[row.id]),
            model_key=row.model_key,
            version_key=row.version_key,
        )
        for row in shown
    )


def _read_owners(work: Work, model_keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The owners of models as they were sent. One statement, or none."""
    found: dict[int, list[str]] = {}
    if model_keys:
        for row in work.all(_OWNERS, {"keys": model_keys}):
            found.setdefault(row.model_id, []).append(row.email)
    return {key: tuple(emails) for key, emails in found.items()}
