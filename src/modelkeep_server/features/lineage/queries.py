"""
Reading the lineage items of a version. Whoever sees the version sees what it tells of itself, but for base models that
they may not see.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from modelkeep_server.db.tables import lineage_items, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.items import Own, as_content, keep_inputs, read_item, tell_all
from modelkeep_server.features.lineage.tellers import find_tellers
from modelkeep_server.features.lineage.views import Item, Source
from modelkeep_server.features.versions.seen import find_hidden, is_hidden
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import NotFound


def list_items(work: Work, version: Version) -> tuple[Item, ...]:
    """The lineage items of a version, by kind, its own ones first, then as they were added. One statement."""
    return keep_inputs(list_told(work, version))


def list_told(work: Work, version: Version) -> tuple[Item, ...]:
    """The same with inputs as they were told, also of what was taken off since. One statement."""
    rows = work.all(_items_of(), {"version_id": version.key})
    told = tuple(
        read_item(row.public_id, row.kind, row.facts, row.source, row.email, row.added_at)
        for row in rows
        if row.public_id is not None
    )
    own = Own(version.whole_metadata, version.commit_sha, version.training_job_id, rows[0].repository_url)
    return tell_all(own, told)


def list_seen_items(work: Work, actor: Actor, version: Version) -> tuple[Item, ...]:
    """
    The same without the base models that the actor may not see; of what stands in the version's own fields as well who
    told it, and when. At most three statements.
    """
    items = leave_hidden(work, actor, list_items(work, version))
    tellers = find_tellers(work, version, [item.id for item in items if item.source is Source.VERSION])
    return tuple(
        replace(item, added_by=told.by, added_at=told.at) if (told := tellers.get(item.id)) else item for item in items
    )


def leave_hidden(work: Work, actor: Actor, items: Sequence[Item]) -> tuple[Item, ...]:
    """Items without base models that the actor may not see, also as inputs of others. At most one statement."""
    hidden = find_hidden(work, actor, (item.facts for item in items))
    return keep_inputs([item for item in items if not is_hidden(item.facts, hidden)])


def get_seen_item(work: Work, actor: Actor, version: Version, item_id: str) -> Item:
    """One item that the actor may see. Raises NotFound. At most three statements."""
    return _pick(version, list_seen_items(work, actor, version), item_id)


def tell_again(work: Work, actor: Actor, version: Version, ids: Sequence[str]) -> tuple[Item, ...]:
    """
    Items that this very transaction told, for its answer: the log has its events only when it ends. At most two
    statements.
    """
    items = {item.id: item for item in leave_hidden(work, actor, list_items(work, version))}
    return tuple(
        replace(item, added_by=actor.email, added_at=work.now) if item.source is Source.VERSION else item
        for item in (items[one] for one in ids)
    )


def _pick(version: Version, items: Sequence[Item], item_id: str) -> Item:
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        raise NotFound(f"{version.address} has no lineage item {item_id[:100]!r}.")
    return found


def find_key(work: Work, item_id: str) -> int:
    """The inside id of a row by its public id. One statement."""
    return int(work.scalar(select(lineage_items.c.id).where(lineage_items.c.public_id == item_id)) or 0)


def list_content(work: Work, version: Version) -> list[dict[str, Any]]:
    """The items beside a version that say how it was made, as its content has them. One statement."""
    return as_content(list_items(work, version))


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
