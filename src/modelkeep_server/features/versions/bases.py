"""
Base models that are versions of this registry: there is one, whoever names it sees it, and nothing comes from itself.

Told in the metadata and as lineage items, they are judged here for both. Source: product R8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Row, Select, bindparam, exists, or_, select

from modelkeep_server.db.tables import lineage_edges, lineage_nodes, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.rules.lineage import ItemKind, digest_name, name_version

#: Who writes base models waits for others who do, so that two edges never close a ring that neither of them sees.
LOCK = "lineage.bases"
_OUTSIDE = "Name a model from outside by `uri`, for instance hf:org/name."
_UNSEEN = "a version that you cannot see"
_IS_BASE = lineage_edges.c.relation == ItemKind.BASE_MODEL.value


@dataclass(frozen=True)
class Derived:
    """The version that is to come from a base: its model's address, its number, and its inside id once it has one."""

    model: str
    version: str
    key: int | None = None

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"


def judge_base(
    work: Work, actor: Actor, derived: Derived, base: Mapping[str, Any]
) -> tuple[Mapping[str, Any], str | None]:
    """
    A base model as it is spelled in the registry, and what is wrong with it, as a sentence, or None.

    It holds the lock on base models until the transaction ends. Three statements, four where it is a ring; none for one
    from outside.
    """
    if "model" not in base:
        return base, None
    work.take_turn(LOCK)
    asked = Derived(base["model"], base["version"])
    row = work.first(
        select(versions.c.id, models.c.group_name, models.c.name)
        .join(models, models.c.id == versions.c.model_id)
        .where(
            models.c.path_key == str(base["model"]).lower(),
            versions.c.version == base["version"],
            visible_to(actor),
        )
    )
    is_itself = (asked.model.lower(), asked.version) == (derived.model.lower(), derived.version)
    if is_itself:
        return base, "A version is not its own base model. Name the one that it was made from."
    if row is None:
        return base, f"There is no version {asked.address[:300]} that you can see. {_OUTSIDE}"
    spelled = {**base, "model": f"{row.group_name}/{row.name}"}
    ring = _find_ring(work, actor, derived, row.id)
    if ring:
        told = " → ".join([*ring, derived.address])
        return spelled, f"It was made from this version in turn, and that would be a ring: {told}."
    return spelled, None


def find_derived(work: Work, actor: Actor, key: int) -> str | None:
    """A version that names this one as its base model, by its address, or in words where the actor may not see it."""
    work.take_turn(LOCK)
    base, tells = lineage_nodes.alias("base"), versions.alias("tells")
    row = work.first(
        select(tells.c.version, models.c.group_name, models.c.name, visible_to(actor).label("is_seen"))
        .select_from(base)
        .join(lineage_edges, (lineage_edges.c.from_id == base.c.id) & _IS_BASE)
        .join(tells, tells.c.id == lineage_edges.c.version_id)
        .join(models, models.c.id == tells.c.model_id)
        .where(base.c.version_id == key)
        .order_by(visible_to(actor).desc(), tells.c.id)
        .limit(1)
    )
    return None if row is None else _say(row)


def _find_ring(work: Work, actor: Actor, derived: Derived, base: int) -> Sequence[str]:
    """
    Addresses from the derived version down to the base, each made from the one before; empty where none leads. One
    statement where none does, two where one does: what a version was made from may be thousands.
    """
    named = digest_name(_name_before(derived))
    if not work.scalar(_IS_BELOW, {"key": derived.key, "named": named, "base": base}):
        return ()
    rows = work.all(_ancestry(actor), {"base": base})
    nodes = {row.id: row for row in rows}
    above: dict[int, list[int]] = {}
    for row in rows:
        above.setdefault(row.id, []).extend([] if row.above_id is None else [row.above_id])
    waiting = [row.id for row in rows if row.version_id == base][:1]
    below: dict[int, int] = {}
    for here in waiting:
        if _is_derived(nodes[here], derived):
            return [derived.address, *(_say(nodes[one]) for one in _walk_down(here, below)[1:])]
        for one in above[here]:
            if one not in below and one != waiting[0]:
                below[one] = here
                waiting.append(one)
    return ()


def _is_derived(row: Row[Any], derived: Derived) -> bool:
    if row.version_id is not None:
        return bool(row.version_id == derived.key)
    return bool(row.node_name == _name_before(derived))


def _name_before(derived: Derived) -> str:
    """The node of a version that was named as a base before there was one of that number."""
    return name_version(derived.model.lower(), derived.version)


def _below() -> Select[Any]:
    """What was made from a version, and from that, to the end: whether a base is among it."""
    is_derived = or_(
        lineage_nodes.c.version_id == bindparam("key", type_=BigInteger),
        lineage_nodes.c.name_digest == bindparam("named"),
    )
    line = select(lineage_nodes.c.id).where(is_derived).cte("line", recursive=True)
    line = line.union(select(lineage_edges.c.to_id).join(line, line.c.id == lineage_edges.c.from_id).where(_IS_BASE))
    found = select(line.c.id).join(lineage_nodes, lineage_nodes.c.id == line.c.id)
    return select(exists(found.where(lineage_nodes.c.version_id == bindparam("base"))))


_IS_BELOW = _below()


def _walk_down(start: int, below: Mapping[int, int]) -> list[int]:
    steps = [start]
    while steps[-1] in below:
        steps.append(below[steps[-1]])
    return steps


def _say(row: Row[Any]) -> str:
    return f"{row.group_name}/{row.name}:{row.version}" if row.is_seen else _UNSEEN


def _ancestry(actor: Actor) -> Select[Any]:
    """What a version was made from, and what that was, to the end: a row a node, or a row each node above it."""
    above = lineage_edges.alias("above")
    start = select(lineage_nodes.c.id).where(lineage_nodes.c.version_id == bindparam("base"))
    line = start.cte("line", recursive=True)
    line = line.union(select(lineage_edges.c.from_id).join(line, line.c.id == lineage_edges.c.to_id).where(_IS_BASE))
    return (
        select(line.c.id, lineage_nodes.c.version_id, lineage_nodes.c.name.label("node_name"), versions.c.version,
               models.c.group_name, models.c.name, above.c.from_id.label("above_id"),
               visible_to(actor).label("is_seen"))
        .select_from(line)
        .join(lineage_nodes, lineage_nodes.c.id == line.c.id)
        .outerjoin(versions, versions.c.id == lineage_nodes.c.version_id)
        .outerjoin(models, models.c.id == versions.c.model_id)
        .outerjoin(above, (above.c.to_id == line.c.id) & (above.c.relation == ItemKind.BASE_MODEL.value))
    )  # fmt: skip
