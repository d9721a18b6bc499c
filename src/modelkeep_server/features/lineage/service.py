"""
Telling where a version comes from and what uses it, and taking that back.

The training dataset and the base model of a version are the same facts as their items (product R3): the first of each
is written to the metadata, and only others stand as rows. What says how a version was made is content, and changes only
where that may; consumers come and go as long as the model is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import lineage_items
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage import checks, inputs, queries
from modelkeep_server.features.lineage.items import IN_METADATA, find_told
from modelkeep_server.features.lineage.views import OWN_BASE, OWN_COMMIT, OWN_DATASET, OWN_JOB, Item, NewItem, Source
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions import service as version_service
from modelkeep_server.features.versions.bases import Derived, judge_base
from modelkeep_server.features.versions.checks import find_size_faults
from modelkeep_server.features.versions.own_lineage import (
    BASE,
    DATASET,
    as_commit,
    as_field,
    is_same_commit,
    is_same_dataset,
)
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound
from modelkeep_server.rules.lineage import INPUTS, ITEMS_MAX, KINDS, DatasetRole, ItemKind, label_node


def add_item(
    work: Work, actor: Actor, group: str, name: str, version: str, new: NewItem, *,
    unreadable: Sequence[FieldError] = (),
) -> Item:  # fmt: skip
    """
    Tell one more thing of where a version comes from, or of what uses it.

    Args:
        unreadable: What the door could not read of the input; told together with the other faults.
    Raises:
        NotFound, NotPermitted.
        StateForbids: The model is retired, or the item says how the version was made and its content is frozen.
        Invalid: Fields at fault, all of them at once; a base model that there is not, or that was made from this one;
            inputs that are no items of the version, or that would close a ring.
        Conflict: It is told already, or there are `ITEMS_MAX`.
    """
    model, found = open_version(work, actor, "lineage.add", group, name, version)
    found, item_id = add_to(work, actor, model, found, queries.list_told(work, found), new, unreadable=unreadable)
    (item,) = queries.tell_again(work, actor, found, [item_id])
    return item


def add_to(
    work: Work, actor: Actor, model: Model, found: Version, present: Sequence[Item], new: NewItem, *,
    unreadable: Sequence[FieldError] = (),
) -> tuple[Version, str]:  # fmt: skip
    """
    The same for a version that `open_version` gave and the items that it has (`queries.list_told`). Gives it as it is
    afterwards, with the id of the item; where the item is one of its own fields, it has another revision, and its own
    items are others.
    """
    facts = judge(work, actor, model, found, present, new, unreadable=unreadable)
    metadata = write_through(model, found, new.kind, facts)
    if metadata is not None:
        found = version_service.change_metadata(work, actor, model, found, metadata, act="lineage.add")
        return found, OWN_DATASET if new.kind is ItemKind.DATASET else OWN_BASE
    same = find_told(present, new.kind, facts)
    if same is not None and _says_more(same, facts):
        return found, _add_inputs(work, actor, found, present, same, facts[INPUTS])
    demand_place(found, present, new.kind, facts)
    public_id = ids.uuid7(clock.to_us(work.now))
    told = {"version_id": found.key, "kind": new.kind.value, "facts": facts, "source": new.source.value}
    work.insert(lineage_items, {"public_id": public_id, **told, "added_by": actor.user_id, "added_at": work.now})
    access.record(
        work, actor, name_act("lineage.add", new.kind), under="lineage.add",
        object_id=found.id, object_label=found.address,
        after={"item": public_id, "lineageKind": new.kind.value, "source": new.source.value,
               "lineage": veil(new.kind, facts)},
    )  # fmt: skip
    return found, public_id


def judge(
    work: Work, actor: Actor, model: Model, found: Version, present: Sequence[Item], new: NewItem, *,
    unreadable: Sequence[FieldError] = (),
) -> dict[str, Any]:  # fmt: skip
    """The facts of an item as they are kept, where it may be told of a version at all. Raises as `add_item`."""
    demand_active(model)
    if KINDS[new.kind].is_content:
        version_service.demand_editable(found)
    facts = checks.gather(new.facts)
    faults = [*checks.find_faults(new.kind, new.facts), *unreadable]
    if not faults and new.kind is ItemKind.BASE_MODEL:
        told, fault = judge_base(work, actor, Derived(model.address, found.version, found.key), facts)
        facts = dict(told)
        faults += [FieldError("model", fault)] if fault else []
    if not faults and INPUTS in facts:
        facts, faults = inputs.settle(present, queries.leave_hidden(work, actor, present), new.kind, facts)
    if faults:
        raise Invalid.of(faults)
    return facts


def name_act(act: str, kind: ItemKind) -> str:
    """
    What events call telling an item or taking it off: who uses a version is told under a name of its own, so that it is
    seen from the index of the log that nobody changed how the version was made.
    """
    return act if KINDS[kind].is_content else act.replace("lineage", "consumer")


def veil(kind: ItemKind, facts: Mapping[str, Any]) -> Veiled:
    """An item as events have it."""
    return Veiled(canonical.dumps({"kind": kind.value, **facts}))


def remove_item(
    work: Work, actor: Actor, group: str, name: str, version: str, item_id: str, *, reason: str | None = None
) -> str:
    """
    Take one thing back that was told of a version's lineage, and give the id by which `restoring.restore_item` puts it
    back. Where that was the training dataset or base model in the metadata and there is another, the other takes its
    place. It goes out of what others took in as well, as long as it is not told.

    Raises:
        NotFound, NotPermitted; StateForbids: as `add_item`; Invalid: the reason cannot be kept.
        Conflict: The item is the version's own commit or training job, which is changed by editing the version.
    """
    model, found = open_version(work, actor, "lineage.remove", group, name, version)
    demand_active(model)
    item = queries.get_seen_item(work, actor, found, item_id)
    if KINDS[item.kind].is_content:
        version_service.demand_editable(found)
    faults = find_reason_faults(reason)
    if faults:
        raise Invalid.of(faults)
    if item.id in (OWN_COMMIT, OWN_JOB):
        label = "Commit SHA" if item.id == OWN_COMMIT else "Training Job ID"
        raise Conflict(f"This is the {label} of the version itself.", remedy="Edit the version to change it.")
    gone = {"removed_by": actor.user_id, "removed_at": work.now}
    if item.id in IN_METADATA:
        metadata = {key: value for key, value in found.whole_metadata.items() if key != IN_METADATA[item.id]}
        metadata |= _find_heir(work, found, item)
        public_id = ids.uuid7(clock.to_us(work.now))
        told = {"version_id": found.key, "kind": item.kind.value, "facts": item.facts, "source": item.source.value}
        stood = {"added_by": actor.user_id, "added_at": work.now, **gone}
        work.insert(lineage_items, {"public_id": public_id, **told, **stood})
        version_service.change_metadata(work, actor, model, found, metadata, act="lineage.remove", reason=reason)
        return public_id
    try:
        work.change(lineage_items, queries.find_key(work, item.id), gone, expect={"removed_at": None})
    except NoSuchRow as error:
        raise NotFound("There is no such lineage item any more.") from error
    access.record(
        work, actor, name_act("lineage.remove", item.kind), under="lineage.remove",
        object_id=found.id, object_label=found.address,
        before={"item": item.id, "lineageKind": item.kind.value, "lineage": veil(item.kind, item.facts)},
        after={"item": None, "lineage": None}, reason=reason or None,
    )  # fmt: skip
    return item.id


def open_version(work: Work, actor: Actor, act: str, group: str, name: str, version: str) -> tuple[Model, Version]:
    """The model and version, locked, where the actor may do this."""
    model = model_queries.lock_model(work, actor, group, name)
    found = version_queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    return model, found


def write_through(model: Model, found: Version, kind: ItemKind, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The metadata with an item that is a fact of the version itself; None where the item stands beside it."""
    metadata = _merge_into(model, found, kind, facts)
    faults = [] if metadata is None else find_size_faults(metadata)
    if faults:
        raise Invalid.of(faults)
    return metadata


def _merge_into(model: Model, found: Version, kind: ItemKind, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    if kind is ItemKind.COMMIT and found.commit_sha:
        _demand_other_commit(model, found, facts)
    if kind is ItemKind.BASE_MODEL and not found.whole_metadata.get(BASE):
        return {**found.whole_metadata, BASE: dict(facts)}
    if kind is not ItemKind.DATASET or facts["role"] != DatasetRole.TRAINING:
        return None
    told = as_field(facts)
    own = found.whole_metadata.get(DATASET)
    if not own:
        return {**found.whole_metadata, DATASET: told}
    if not is_same_dataset(own, told):
        return None
    others = [key for key, value in told.items() if own.get(key) not in (None, "", value)]
    if others:
        raise Conflict(
            f"{label_node(kind, facts)} is the training dataset already, with another {', '.join(others)}.",
            remedy="Edit the version's Training Dataset, or remove it first.",
        )
    merged = {**own, **told}
    return None if merged == own else {**found.whole_metadata, DATASET: merged}


def _find_heir(work: Work, found: Version, gone: Item) -> dict[str, Any]:
    """What takes the place of a training dataset or base model in the metadata: the next one that is told, if any."""
    for item in queries.list_items(work, found):
        if item.kind is gone.kind and item.id != gone.id and item.facts.get("role") == gone.facts.get("role"):
            return {IN_METADATA[gone.id]: as_field(item.facts)}
    return {}


def _demand_other_commit(model: Model, found: Version, facts: Mapping[str, Any]) -> None:
    if is_same_commit(facts, as_commit(str(found.commit_sha), model.repository_url)):
        raise Conflict(
            f"{facts['commitSha'][:12]} is the version's own commit, in the repository of its model.",
            remedy="Nothing is left to add.",
        )


def demand_place(found: Version, present: Sequence[Item], kind: ItemKind, facts: Mapping[str, Any]) -> None:
    """Raises Conflict where an item says this already, or there are as many as may be."""
    same = find_told(present, kind, facts)
    # The training job of the version itself yields to a run that says more of it.
    if same is not None and not (same.id == OWN_JOB and INPUTS in facts):
        role = f" as {same.facts['role'].lower()} data" if "role" in same.facts else ""
        raise Conflict(
            f"{KINDS[kind].label} {_say(kind, facts)} is told already{role}.",
            remedy="Remove it first to tell it otherwise.",
        )
    if len(present) >= ITEMS_MAX:
        raise Conflict(f"{found.address} has {ITEMS_MAX} lineage items, the most there may be.",
                       remedy="Remove one that is not needed any more.")  # fmt: skip


def _says_more(told: Item, facts: Mapping[str, Any]) -> bool:
    """Whether the same is told with inputs that are new, and nothing else than before."""
    same = all(told.facts.get(key) == value for key, value in facts.items() if key != INPUTS)
    return told.source is not Source.VERSION and same and not set(facts.get(INPUTS) or ()) <= set(told.inputs)


def _add_inputs(
    work: Work, actor: Actor, found: Version, present: Sequence[Item], told: Item, more: Sequence[str]
) -> str:  # fmt: skip
    """Tell what more an item took in, as long as it is not too much with what it has, also of what was taken off."""
    facts = {**told.facts, INPUTS: sorted({*told.inputs, *more})}
    fault = inputs.find_fault(present, replace(told, facts=facts))
    if fault:
        raise Invalid.of([FieldError(INPUTS, fault)])
    work.change(lineage_items, queries.find_key(work, told.id), {"facts": facts}, expect={"removed_at": None})
    of = {"item": told.id, "lineageKind": told.kind.value}
    access.record(
        work, actor, "lineage.add", object_id=found.id, object_label=found.address,
        before={**of, "lineage": veil(told.kind, told.facts)}, after={**of, "lineage": veil(told.kind, facts)},
    )  # fmt: skip
    return told.id


def _say(kind: ItemKind, facts: Mapping[str, Any]) -> str:
    if kind is ItemKind.BASE_MODEL and "model" in facts:
        return f"{facts['model']}:{facts['version']}"
    return label_node(kind, facts)
