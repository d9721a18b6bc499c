"""
What the lineage items of a version are: what was told beside it, and what stands in its own fields, each fact once.

A version's own facts are its `trainingDataset`, its `baseModel`, its commit and its training job (product R3).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from modelkeep_server.features.lineage.views import OWN_BASE, OWN_COMMIT, OWN_DATASET, OWN_JOB, Item, Source
from modelkeep_server.features.versions.own_lineage import BASE, DATASET, as_commit, is_same_base, is_same_commit
from modelkeep_server.kit import canonical
from modelkeep_server.rules.lineage import JOB_SYSTEM, KINDS, DatasetRole, ItemKind, name_item, with_inputs

_ORDER = {kind: place for place, kind in enumerate(KINDS)}
#: What in the metadata is which item, by that item's id.
IN_METADATA: Mapping[str, str] = {OWN_DATASET: DATASET, OWN_BASE: BASE}
#: What of two items of a kind says that they are of the same thing, where that is not the id of their node.
_SAME: dict[ItemKind, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    ItemKind.BASE_MODEL: is_same_base,
    ItemKind.COMMIT: is_same_commit,
}


@dataclass(frozen=True)
class Own:
    """What a version says in its own fields, and the repository of its model."""

    metadata: Mapping[str, Any]
    commit_sha: str | None
    training_job_id: str | None
    repository_url: str | None


def read_item(
    id_: str, kind: str, facts: Mapping[str, Any], source: str, added_by: str | None = None,
    added_at: datetime | None = None,
) -> Item:  # fmt: skip
    """An item from what a row of `lineage_items` holds, and who told it and when where that is asked for."""
    of = ItemKind(kind)
    return Item(id_, of, facts, name_item(of, facts), Source(source), added_by, added_at)


def put_together(own: Own, rows: Sequence[Item]) -> tuple[Item, ...]:
    """All items of a version in the order of `KINDS`, its own ones first; `rows` are those that stand beside it."""
    return keep_inputs(tell_all(own, rows))


def tell_all(own: Own, rows: Sequence[Item]) -> tuple[Item, ...]:
    """The same with inputs as they were told, also of what was taken off since."""
    return tuple(sorted([*_tell_own(own, rows), *rows], key=lambda item: _ORDER[item.kind]))


def keep_inputs(items: Sequence[Item]) -> tuple[Item, ...]:
    """
    Items without the inputs that none of them leads to: what was taken off goes out of them with it, and comes back
    with it.
    """
    nodes = {item.node for item in items}
    return tuple(
        item
        if nodes.issuperset(item.inputs)
        else replace(item, facts=with_inputs(item.facts, [one for one in item.inputs if one in nodes]))
        for item in items
    )


def find_told(items: Iterable[Item], kind: ItemKind, facts: Mapping[str, Any]) -> Item | None:
    """The item that names the same thing already, whatever else it says of it; of a dataset in the same role."""
    same = _SAME.get(kind)
    for item in items:
        if item.kind is not kind or item.facts.get("role") != facts.get("role"):
            continue
        if same(item.facts, facts) if same else item.node == name_item(kind, facts):
            return item
    return None


def as_content(items: Iterable[Item]) -> list[dict[str, Any]]:
    """
    Those that stand beside a version and say how it was made, as its content has them: `{kind, ...fields}`, in an order
    that nothing but they themselves decide.
    """
    beside = (item for item in items if item.source is not Source.VERSION and KINDS[item.kind].is_content)
    return sorted(({"kind": item.kind.value, **item.facts} for item in beside), key=canonical.dumps)


def as_dataset(told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dataset item that the metadata's `trainingDataset` is."""
    return {**_given(told), "role": DatasetRole.TRAINING.value}


def _tell_own(own: Own, rows: Sequence[Item]) -> Iterable[Item]:
    dataset, base = own.metadata.get(DATASET), own.metadata.get(BASE)
    if dataset:
        yield _own(OWN_DATASET, ItemKind.DATASET, as_dataset(dataset))
    if base:
        yield _own(OWN_BASE, ItemKind.BASE_MODEL, _given(base))
    if own.commit_sha:
        commit = as_commit(own.commit_sha, own.repository_url)
        if not any(row.kind is ItemKind.COMMIT and is_same_commit(row.facts, commit) for row in rows):
            yield _own(OWN_COMMIT, ItemKind.COMMIT, commit)
    runs = {row.facts["runId"] for row in rows if row.kind is ItemKind.TRAINING_RUN}
    if own.training_job_id and own.training_job_id not in runs:
        yield _own(OWN_JOB, ItemKind.TRAINING_RUN, {"system": JOB_SYSTEM, "runId": own.training_job_id})


def _own(id_: str, kind: ItemKind, facts: Mapping[str, Any]) -> Item:
    return Item(id_, kind, facts, name_item(kind, facts), Source.VERSION)


def _given(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value not in (None, "")}
