"""What a change of a node reaches: every version downstream of it that the reader sees, and a shortest way there."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import lineage_nodes, model_owners, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import nodes
from modelkeep_server.features.lineage.live import Live, find_live
from modelkeep_server.features.lineage.views import Direction, Impact, Reached
from modelkeep_server.features.lineage.walking import Walked, walk
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.lineage import IMPACT_NODES

#: No more than what puts versions in order: thousands of them may be reached.
_REACHED = (
    select(lineage_nodes.c.id, versions.c.id, versions.c.model_id, models.c.path_key, versions.c.version)
    .join(versions, versions.c.id == lineage_nodes.c.version_id)
    .join(models, models.c.id == versions.c.model_id)
    .where(in_keys(lineage_nodes.c.id, "keys"))
)
_OWNERS = (
    select(model_owners.c.model_id, model_owners.c.email)
    .where(in_keys(model_owners.c.model_id, "keys"), model_owners.c.removed_at.is_(None))
    .order_by(model_owners.c.model_id, model_owners.c.position)
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
    from the cursor on. The node itself is not among them. One statement a step and at most eight.

    Raises NotFound; CursorRefused.
    """
    place = nodes.locate(work, actor, node_id)
    filters = {"list": "impact", "of": place.node.id}
    after = tuple(work.parts.cursors.read(cursor, filters)) if cursor else ()
    starts = [] if place.key is None else [place.key]
    walked = walk(work, actor, starts, Direction.DOWNSTREAM, limit=limit)
    found = [tuple(row) for row in work.all(_REACHED, {"keys": walked.steps})] if walked.before else []
    reached = sorted(
        (walked.steps[key], path, version, key, version_key, model_key)
        for key, version_key, model_key, path, version in found
        if key != place.key
    )
    live = find_live(work, [version_key for *_, version_key, _ in reached])
    owners = _read_owners(work, {model_key for *_, model_key in reached})
    rest = [row for row in reached if row[:3] > after]
    shown = rest[:most]
    has_more = len(shown) < len(rest)
    return Impact(
        nodes.tell_more(work, actor, place), _tell(work, [row[3] for row in shown], walked, live, owners),
        len(reached), len(live), tuple(sorted({owner for found in owners.values() for owner in found})),
        walked.is_cut, work.parts.cursors.make(shown[-1][:3], filters) if has_more else None,
    )  # fmt: skip


def _tell(
    work: Work,
    shown: Sequence[int],
    walked: Walked,
    live: Mapping[int, Sequence[Live]],
    owners: Mapping[int, tuple[str, ...]],
) -> tuple[Reached, ...]:
    """What is shown of it, and the ways there. One statement."""
    ways = {key: walked.way_to(key) for key in shown}
    rows = {row.id: row for row in nodes.read_rows(work, {key for way in ways.values() for key in way})}
    names = {key: nodes.name_row(row) for key, row in rows.items()}
    return tuple(
        Reached(
            model=f"{row.group_name}/{row.model_name}",
            version=row.version,
            state=State(row.state),
            risk_tier=RiskTier(row.risk_tier),
            owners=owners.get(row.model_key, ()),
            live=tuple(one.environment for one in live.get(row.version_key, ())),
            path=tuple(names[on] for on in way),
            model_key=row.model_key,
            version_key=row.version_key,
        )
        for row, way in ((rows[key], way) for key, way in ways.items())
    )


def _read_owners(work: Work, model_keys: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The owners of models as they were sent. One statement, or none."""
    found: dict[int, list[str]] = {}
    if model_keys:
        for row in work.all(_OWNERS, {"keys": model_keys}):
            found.setdefault(row.model_id, []).append(row.email)
    return {key: tuple(emails) for key, emails in found.items()}
