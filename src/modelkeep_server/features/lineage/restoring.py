"""Putting lineage back that was taken off, as it was: the same item, with who told it first and when."""

from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.tables import lineage_items
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import inputs, queries, service
from modelkeep_server.features.lineage.items import read_item
from modelkeep_server.features.lineage.views import Item, NewItem, Source
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import service as version_service
from modelkeep_server.features.versions.own_lineage import BASE, DATASET, as_field
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import Conflict, NotFound
from modelkeep_server.rules.lineage import ItemKind, with_inputs

_FIELDS = {ItemKind.DATASET: DATASET, ItemKind.BASE_MODEL: BASE}


def find_removed(work: Work, actor: Actor, version: Version, item_id: str) -> Item | None:
    """An item that was taken off a version, where the actor may see it. Two statements at most."""
    row = _find_row(work, version, item_id)
    return None if row is None or not queries.leave_hidden(work, actor, [_to_item(row)]) else _to_item(row)


def restore_item(work: Work, actor: Actor, group: str, name: str, version: str, item_id: str) -> None:
    """
    Put an item back that was taken off. Where it stood in the metadata and the next one took its place, that one stands
    beside it again.

    Raises:
        NotFound: Nothing was taken off by this id, or it is back.
        NotPermitted, StateForbids, Invalid, Conflict: as `service.add_item`.
    """
    model, found = service.open_version(work, actor, "lineage.add", group, name, version)
    row = _find_row(work, found, item_id)
    if row is None or not queries.leave_hidden(work, actor, [_to_item(row)]):
        raise NotFound(f"Nothing that was taken off {found.address} has the id {item_id[:100]!r}.")
    item, present = _to_item(row), queries.list_told(work, found)
    # What it took in is judged below: some of that may be off as well, and comes back with its own item.
    facts = with_inputs(item.facts, ())
    facts = service.judge(work, actor, model, found, present, NewItem(item.kind, facts))
    if item.source is Source.VERSION:
        if not _swap_back(work, actor, model, found, row):
            service.add_to(work, actor, model, found, present, NewItem(item.kind, facts, Source.FORM))
        return
    service.demand_place(found, present, item.kind, item.facts)
    fault = inputs.find_fault(present, item)
    if fault:
        raise Conflict(f"It cannot be put back as it was. {fault}", remedy="Tell it anew, with other inputs.")
    metadata = service.write_through(model, found, item.kind, facts)
    if metadata is not None:
        version_service.change_metadata(work, actor, model, found, metadata, act="lineage.add")
        return
    _revive(work, row)
    access.record(
        work, actor, service.name_act("lineage.add", item.kind), under="lineage.add",
        object_id=found.id, object_label=found.address,
        after={"item": item.id, "lineageKind": item.kind.value, "source": item.source.value, "restored": True,
               "lineage": service.veil(item.kind, item.facts)},
    )  # fmt: skip


def _swap_back(work: Work, actor: Actor, model: Model, found: Version, row: Row[Any]) -> bool:
    """Give a fact its place in the metadata back, where what took it then still stands there as it was."""
    field = _FIELDS[ItemKind(row.kind)]
    heirs = work.all(
        select(lineage_items).where(
            lineage_items.c.version_id == found.key,
            lineage_items.c.kind == row.kind,
            lineage_items.c.removed_at == row.removed_at,
            lineage_items.c.source != Source.VERSION.value,
        )
    )
    heir = next((one for one in heirs if as_field(one.facts) == found.metadata.get(field)), None)
    if heir is None:
        return False
    _revive(work, heir)
    metadata = {**found.whole_metadata, field: as_field(row.facts)}
    version_service.change_metadata(work, actor, model, found, metadata, act="lineage.add")
    return True


def _revive(work: Work, row: Row[Any]) -> None:
    work.change(lineage_items, row.id, {"removed_by": None, "removed_at": None}, expect={"removed_at": row.removed_at})


def _find_row(work: Work, version: Version, item_id: str) -> Row[Any] | None:
    named = (lineage_items.c.public_id == item_id, lineage_items.c.version_id == version.key)
    return work.first(select(lineage_items).where(*named, lineage_items.c.removed_at.is_not(None)))


def _to_item(row: Row[Any]) -> Item:
    return read_item(row.public_id, row.kind, row.facts, row.source)
