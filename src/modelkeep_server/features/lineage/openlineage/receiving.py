"""Taking an event of OpenLineage: what it tells of a version's lineage is added, as far as nobody told it yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import checks, queries, service
from modelkeep_server.features.lineage.items import IN_METADATA, find_told
from modelkeep_server.features.lineage.openlineage.reading import Read, RunEvent, find_made, read_items
from modelkeep_server.features.lineage.views import OWN_DATASET, Item, NewItem, Source
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.seen import find_hidden, is_hidden
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lineage import INPUTS, ItemKind, name_item

#: The most items of one event, over all versions that it names: nobody else writes to them meanwhile.
ITEMS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Received:
    """What an event added to the lineage of a version; `known` counts what was told already."""

    model: str
    version: str
    added: tuple[Item, ...]
    known: int


def receive(work: Work, actor: Actor, event: RunEvent) -> tuple[Received, ...]:
    """
    Add what an event tells of each version that it names (`tells_of_version`). One that comes twice adds nothing the
    second time, also where the version is frozen by then.

    Raises:
        Invalid: Fields of the event at fault, all of them at once.
        NotFound, NotPermitted, StateForbids, Conflict: as `service.add_item`; then nothing of the event is added.
    """
    made, faults = find_made(event)
    told = tuple(read_items(event))
    faults += [read.locate(fault) for read in told for fault in checks.find_faults(read.item.kind, read.item.facts)]
    if len(made) > 1 and len(made) * len(told) > ITEMS_AT_ONCE:
        why = f"{len(made)} versions at {len(told)} items each are more than the {ITEMS_AT_ONCE:,} of one event."
        faults.append(FieldError("outputs", f"{why} Send an event for each version."))
    if faults:
        raise Invalid.of(faults)
    told = _take_in(told)
    # All are locked before anything else, and in one order: who adds to one of them holds it when they wait for others
    # who write base models.
    in_order = sorted(made, key=lambda one: (one.group.lower(), one.name.lower(), one.version))
    opened = [service.open_version(work, actor, "lineage.add", one.group, one.name, one.version) for one in in_order]
    return tuple(_receive_of(work, actor, model, found, told) for model, found in opened)


def _take_in(told: Sequence[Read]) -> tuple[Read, ...]:
    """What an event tells, its run with all the rest as what it took in: it read the inputs, and ran the code."""
    nodes = [
        name_item(read.item.kind, checks.gather(read.item.facts))
        for read in told
        if read.item.kind is not ItemKind.TRAINING_RUN
    ]
    return tuple(
        replace(read, item=replace(read.item, facts={**read.item.facts, INPUTS: nodes}))
        if read.item.kind is ItemKind.TRAINING_RUN
        else read
        for read in told
    )


def _receive_of(work: Work, actor: Actor, model: Model, found: Version, told: Sequence[Read]) -> Received:
    present = list(queries.list_told(work, found))
    # What one may not see is known to them neither.
    hidden = find_hidden(work, actor, (item.facts for item in present))
    added: list[str] = []
    for read in told:
        new = read.item
        seen = (item for item in present if not is_hidden(item.facts, hidden))
        same = find_told(seen, new.kind, checks.gather(new.facts))
        if same is not None:
            if not found.is_editable or not _knows_more(same, new):
                continue
            new = _merge(same, new)
        found, item_id = _add(work, actor, model, found, present, read, new)
        added.append(item_id)
        if item_id in IN_METADATA or new.kind is ItemKind.BASE_MODEL or same is not None:
            present = list(queries.list_told(work, found))
        else:
            facts = checks.gather(new.facts)
            present.append(Item(item_id, new.kind, facts, name_item(new.kind, facts), new.source))
    items = queries.tell_again(work, actor, found, added)
    return Received(found.model, found.version, items, len(told) - len(added))


def _knows_more(same: Item, new: NewItem) -> bool:
    """Whether an event says more of a thing than is told: of the training dataset, and of what a run took in."""
    if same.kind is ItemKind.TRAINING_RUN:
        return not {one.lower() for one in new.facts[INPUTS]} <= {one.lower() for one in same.inputs}
    return same.id == OWN_DATASET and not new.facts.keys() <= same.facts.keys()


def _merge(same: Item, new: NewItem) -> NewItem:
    """What is told stays as it is; a field of the version itself takes what it does not say from the event."""
    known = {**new.facts, **same.facts} if same.source is Source.VERSION else dict(same.facts)
    return replace(new, facts={**known, INPUTS: new.facts[INPUTS]} if INPUTS in new.facts else known)


def _add(
    work: Work, actor: Actor, model: Model, found: Version, present: Sequence[Item], read: Read, new: NewItem
) -> tuple[Version, str]:
    try:
        return service.add_to(work, actor, model, found, present, new)
    except Invalid as refused:
        raise Invalid.of([read.locate(fault) for fault in refused.errors]) from refused
