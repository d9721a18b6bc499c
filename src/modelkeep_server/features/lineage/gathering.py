"""
All that versions were made from and what uses them, many versions at a time, for what judges them: their items, and
what their own fields tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select, tuple_

from modelkeep_server.db.tables import lineage_items, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage.items import Own, as_content, put_together, read_item
from modelkeep_server.features.lineage.views import Item
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import ItemKind, key_of_base

Facts = Mapping[str, Any]

_ITEMS = (
    select(*(lineage_items.c[name] for name in ("version_id", "public_id", "kind", "facts", "source")))
    .where(lineage_items.c.version_id.in_(bindparam("keys", expanding=True)), lineage_items.c.removed_at.is_(None))
    .order_by(lineage_items.c.id)
)
_STANDING = (
    select(models.c.path_key, models.c.risk_tier, versions.c.version, versions.c.state)
    .join(versions, versions.c.model_id == models.c.id)
    .where(tuple_(models.c.path_key, versions.c.version).in_(bindparam("names", expanding=True)))
)


@dataclass(frozen=True)
class Told:
    """
    What is told of one version: the facts of its items by their kind, its own first; and `content`, the items that are
    part of its content, as `lineage.queries.list_content` has them.
    """

    by_kind: Mapping[ItemKind, Sequence[Facts]]
    content: Sequence[Facts] = ()

    def of(self, kind: ItemKind) -> Sequence[Facts]:
        """Those of one kind."""
        return self.by_kind.get(kind, ())


def gather_told(work: Work, pairs: Sequence[tuple[Model, Version | Row[Any]]]) -> list[Told]:
    """
    What is told of these versions, in their order. A registered base model has its `state` and its `riskTier` of now.
    One statement, and one more where a base model is registered here.
    """
    kept = _read_items(work, [version.key for _, version in pairs])
    gathered: list[dict[ItemKind, list[Facts]]] = []
    contents = []
    for model, version in pairs:
        own = Own(version.whole_metadata, version.commit_sha, version.training_job_id, model.repository_url)
        told: dict[ItemKind, list[Facts]] = {}
        items = put_together(own, kept.get(version.key, ()))
        contents.append(as_content(items))
        for item in items:
            told.setdefault(item.kind, []).append(item.facts)
        gathered.append(told)
    bases = [base for told in gathered for base in told.get(ItemKind.BASE_MODEL, ())]
    known = _read_standing(work, bases)
    for told in gathered:
        if ItemKind.BASE_MODEL in told:
            told[ItemKind.BASE_MODEL] = [
                {**base, **known.get(key_of_base(base), {})} for base in told[ItemKind.BASE_MODEL]
            ]
    return [Told(told, content) for told, content in zip(gathered, contents, strict=True)]


def _read_items(work: Work, keys: Sequence[int]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = {}
    for row in work.all(_ITEMS, {"keys": list(keys)}):
        found.setdefault(row.version_id, []).append(read_item(row.public_id, row.kind, row.facts, row.source))
    return found


def _read_standing(work: Work, bases: Iterable[Facts]) -> dict[tuple[str, str] | None, Facts]:
    names = sorted({name for base in bases if (name := key_of_base(base)) is not None})
    if not names:
        return {}
    rows = work.all(_STANDING, {"names": names})
    return {(row.path_key, row.version): {"state": row.state, "riskTier": row.risk_tier} for row in rows}
