"""
Reading the lineage items of a version. Whoever sees the version sees what it tells of itself, but for base models that
they may not see.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from modelkeep_server.db.tables import lineage_items, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.items import Own, name_item, put_together
from modelkeep_server.features.lineage.views import Item, Source
from modelkeep_server.features.versions.seen import find_hidden, is_hidden
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lineage import KINDS, ItemKind


def list_items(work: Work, version: Version) -> tuple[Item, ...]:
    """The lineage items of a version, by kind, its own ones first, then as they were added. One statement."""
    rows = work.all(_items_of(), {"version_id": version.key})
    told = tuple(_to_item(row) for row in rows if row.public_id is not None)
    own = Own(version.whole_metadata, version.commit_sha, version.training_job_id, rows[0].repository_url)
    return put_together(own, told)


def list_seen_items(work: Work, actor: Actor, version: Version) -> tuple[Item, ...]:
    """The same without the base models that the actor may not see. At most two statements."""
    items = list_items(work, version)
    hidden = find_hidden(work, actor, (item.facts for item in items))
    return tuple(item for item in items if not is_hidden(item.facts, hidden))


def get_seen_item(work: Work, actor: Actor, version: Version, item_id: str) -> Item:
    """One item that the actor may see. Raises NotFound. At most two statements."""
    return _pick(version, list_seen_items(work, actor, version), item_id)


def get_item(work: Work, version: Version, item_id: str) -> Item:
    """One item of a version. Raises NotFound. One statement."""
    return _pick(version, list_items(work, version), item_id)


def _pick(version: Version, items: Sequence[Item], item_id: str) -> Item:
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        raise NotFound(f"{version.address} has no lineage item {item_id[:100]!r}.")
    return found


def find_key(work: Work, item_id: str) -> int:
    """The inside id of a row by its public id. One statement."""
    return int(work.scalar(select(lineage_items.c.id).where(lineage_items.c.public_id == item_id)) or 0)


def list_content(work: Work, version: Version) -> list[dict[str, Any]]:
    """
    The items beside a version that say how it was made, as its content has them: `{kind, ...fields}`, in an order that
    nothing but they themselves decide. One statement.
    """
    rows = work.all(_CONTENT_OF, {"version_id": version.key})
    return sorted(({"kind": row.kind, **row.facts} for row in rows), key=canonical.dumps)


_CONTENT_OF = select(lineage_items.c.kind, lineage_items.c.facts).where(
    lineage_items.c.version_id == bindparam("version_id"),
    lineage_items.c.removed_at.is_(None),
    lineage_items.c.kind.in_([info.kind.value for info in KINDS.values() if info.is_content]),
)


@cache
def _items_of() -> Select[Any]:
    """The items of a version that were not taken off, each beside the model's repository; where none is, that alone."""
    stands = (lineage_items.c.version_id == versions.c.id) & lineage_items.c.removed_at.is_(None)
    return (
        select(lineage_items, people.c.email, models.c.repository_url)
        .select_from(versions)
        .join(models, models.c.id == versions.c.model_id)
        .outerjoin(lineage_items, stands)
        .outerjoin(people, people.c.id == lineage_items.c.added_by)
        .where(versions.c.id == bindparam("version_id"))
        .order_by(lineage_items.c.id)
    )


def _to_item(row: Row[Any]) -> Item:
    kind = ItemKind(row.kind)
    return Item(
        row.public_id, kind, row.facts, name_item(kind, row.facts), Source(row.source), row.email, row.added_at
    )  # fmt: skip
