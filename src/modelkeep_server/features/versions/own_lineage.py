"""
What a version's own fields say of where it comes from, against the lineage items that stand beside it: a fact stands
once. Source: product R3.

Items are rows of `lineage_items`, by the keys of rules/lineage.py; features/lineage, which is above, writes the others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import lineage_items
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.bases import Derived, judge_base
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.lineage import INPUTS, DatasetRole, ItemKind, name_item, with_inputs

#: What a version that begins from another takes over from it.
CARRIED = (
    ItemKind.DATASET,
    ItemKind.FEATURE_PIPELINE,
    ItemKind.TRAINING_SCRIPT,
    ItemKind.PREPROCESSING,
    ItemKind.BASE_MODEL,
)
DATASET, BASE = "trainingDataset", "baseModel"


def is_same_dataset(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both name the same version of a dataset."""
    return (one["name"], one["version"]) == (other["name"], other["version"])


def is_same_base(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both name the same base model."""
    if "uri" in one or "uri" in other:
        return one.get("uri") == other.get("uri")
    return (one["model"].lower(), one["version"]) == (other["model"].lower(), other["version"])


def is_same_commit(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both are the same commit of the same repository, however the digits are written."""
    repositories = [str(facts.get("repositoryUrl") or "").rstrip("/") for facts in (one, other)]
    return repositories[0] == repositories[1] and one["commitSha"].lower() == other["commitSha"].lower()


def as_commit(commit_sha: str, repository_url: str | None) -> dict[str, Any]:
    """The fields of the commit item that a version's own commit is."""
    return {**({"repositoryUrl": repository_url} if repository_url else {}), "commitSha": commit_sha}


def as_field(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the metadata says of a training dataset or a base model, by the fields of its item."""
    return {key: value for key, value in facts.items() if key != "role"}


def keep_beside(kept: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as forms send it, with what they have no control for: what is kept of the same training dataset."""
    old, new = kept.get(DATASET), metadata.get(DATASET)
    if not isinstance(new, Mapping) or not old or any(old.get(key) != new.get(key) for key in ("name", "version")):
        return dict(metadata)
    beside = {key: value for key, value in old.items() if key not in ("name", "version", "uri")}
    return {**metadata, DATASET: {**beside, **new}}


def fold_in(
    work: Work, actor: Actor, version_key: int, metadata: Mapping[str, Any], commit: Mapping[str, Any] | None
) -> dict[str, Any]:
    """
    Take off the items that say what the version now says itself, and give the metadata with what they knew more.
    One statement, and one for each such item.
    """
    folded = dict(metadata)
    rows = work.all(
        select(lineage_items.c.id, lineage_items.c.kind, lineage_items.c.facts).where(
            lineage_items.c.version_id == version_key, lineage_items.c.removed_at.is_(None)
        )
    )
    for row in rows:
        if not _says_same(ItemKind(row.kind), row.facts, metadata, commit):
            continue
        if row.kind == ItemKind.DATASET:
            folded[DATASET] = {**as_field(row.facts), **folded[DATASET]}
        gone = {"removed_by": actor.user_id, "removed_at": work.now}
        work.change(lineage_items, row.id, gone, expect={"removed_at": None})
    return folded


def carry_over(
    work: Work, actor: Actor, origin: Version, key: int, derived: Derived, new: NewVersion
) -> list[dict[str, Any]]:
    """
    Have the items of an earlier version beside a new one too: what it is made from, and by which programs. Commits and
    runs are each version's own, consumers too. Gives back what was carried. One statement, and one for each item.

    A base model that the actor does not see, or that would close a ring, stays where it is. Items keep of what they
    took in what the new version has as well.
    """
    rows = work.all(
        select(lineage_items.c.kind, lineage_items.c.facts)
        .where(lineage_items.c.version_id == origin.key, lineage_items.c.removed_at.is_(None))
        .where(lineage_items.c.kind.in_([kind.value for kind in CARRIED]))
        .order_by(lineage_items.c.id)
    )
    chosen = []
    for row in rows:
        kind = ItemKind(row.kind)
        if _says_same(kind, row.facts, new.metadata, None):
            continue
        if kind is ItemKind.BASE_MODEL and judge_base(work, actor, derived, row.facts)[1] is not None:
            continue
        chosen.append((kind, row.facts))
    nodes = {name_item(kind, facts) for kind, facts in (*chosen, *_list_own(new)) if facts}
    carried = []
    for kind, told in chosen:
        facts = with_inputs(told, [node for node in told.get(INPUTS) or () if node in nodes])
        _add_row(work, actor, key, kind, facts)
        carried.append({"kind": kind.value, **facts})
    return carried


def keep_unseen(
    work: Work, actor: Actor, found: Version, metadata: Mapping[str, Any]
) -> tuple[Mapping[str, Any], dict[str, Any] | None]:
    """
    Metadata as an editor leaves it, with the base model that they may not see, so that nobody takes off what they do
    not know of. Where they tell another one, it stands beside that as an item, which is given back as well. No
    statement, or one.
    """
    unseen = None if BASE in found.metadata else found.whole_metadata.get(BASE)
    if not unseen or metadata.get(BASE) == unseen:
        return metadata, None
    if not metadata.get(BASE):
        return {**metadata, BASE: unseen}, None
    _add_row(work, actor, found.key, ItemKind.BASE_MODEL, unseen)
    return metadata, {"kind": ItemKind.BASE_MODEL.value, **unseen}


def _add_row(work: Work, actor: Actor, key: int, kind: ItemKind, facts: Mapping[str, Any]) -> None:
    told = {"version_id": key, "kind": kind.value, "facts": facts, "source": "CARRIED"}
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(lineage_items, {"public_id": public_id, **told, "added_by": actor.user_id, "added_at": work.now})


def _list_own(new: NewVersion) -> Iterator[tuple[ItemKind, Mapping[str, Any] | None]]:
    """What a new version says of its lineage in its own fields, as far as its name goes; a run takes no part."""
    yield ItemKind.DATASET, new.metadata.get(DATASET)
    yield ItemKind.BASE_MODEL, new.metadata.get(BASE)
    yield ItemKind.COMMIT, as_commit(new.commit_sha, None) if new.commit_sha else None


def _says_same(
    kind: ItemKind, facts: Mapping[str, Any], metadata: Mapping[str, Any], commit: Mapping[str, Any] | None
) -> bool:
    same: dict[ItemKind, tuple[Mapping[str, Any] | None, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]]] = {
        ItemKind.DATASET: (metadata.get(DATASET), is_same_dataset),
        ItemKind.BASE_MODEL: (metadata.get(BASE), is_same_base),
        ItemKind.COMMIT: (commit, is_same_commit),
    }
    own, compare = same.get(kind, (None, is_same_commit))
    if kind is ItemKind.DATASET and facts["role"] != DatasetRole.TRAINING:
        return False
    return bool(own) and own is not None and compare(facts, own)
