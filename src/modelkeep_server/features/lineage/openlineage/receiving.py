"""Taking an event of OpenLineage: what it tells of a version's lineage is added, as far as nobody told it yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import checks, queries, service
from modelkeep_server.features.lineage.items import name_item
from modelkeep_server.features.lineage.openlineage.reading import Made, Read, RunEvent, find_made, read_items
from modelkeep_server.features.lineage.views import OWN_DATASET, Item, NewItem
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.own_lineage import is_same_base, is_same_commit
from modelkeep_server.rules.errors import Invalid
from modelkeep_server.rules.lineage import ItemKind

_SAME: dict[ItemKind, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    ItemKind.BASE_MODEL: is_same_base,
    ItemKind.COMMIT: is_same_commit,
}


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
    if faults:
        raise Invalid.of(faults)
    # In one order, so that of two events that name the same versions none waits for the other.
    in_order = sorted(made, key=lambda one: (one.group.lower(), one.name.lower(), one.version))
    return tuple(_receive_of(work, actor, one, told) for one in in_order)


def _receive_of(work: Work, actor: Actor, made: Made, told: Sequence[Read]) -> Received:
    model = model_queries.get_model(work, actor, made.group, made.name)
    found = version_queries.get_version(work, actor, made.group, made.name, made.version)
    access.require(work, actor, "lineage.add", model_queries.relations_of(actor, model), owners=model.owners)
    added: list[Item] = []
    for read in told:
        new = read.item
        same = _find_same(queries.list_seen_items(work, actor, found), new)
        if same is not None:
            # What the version itself says of its training data may be less than the run knows.
            more = same.id == OWN_DATASET and found.is_editable and not new.facts.keys() <= same.facts.keys()
            if not more:
                continue
            new = replace(new, facts={**new.facts, **same.facts})
        added.append(_add(work, actor, made, read, new))
        found = version_queries.get_version(work, actor, made.group, made.name, made.version)
    return Received(found.model, found.version, tuple(added), len(told) - len(added))


def _find_same(present: Sequence[Item], new: NewItem) -> Item | None:
    """The item that names the same thing in the same role already, whatever else it says."""
    facts, node = checks.gather(new.facts), name_item(new.kind, new.facts)
    for item in present:
        if item.kind is new.kind and item.facts.get("role") == facts.get("role"):
            same = _SAME.get(new.kind)
            if same(item.facts, facts) if same else item.node == node:
                return item
    return None


def _add(work: Work, actor: Actor, made: Made, read: Read, new: NewItem) -> Item:
    try:
        return service.add_item(work, actor, made.group, made.name, made.version, new)
    except Invalid as refused:
        raise Invalid.of([read.locate(fault) for fault in refused.errors]) from refused
