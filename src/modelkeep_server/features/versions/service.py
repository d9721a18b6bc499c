"""Creating and editing versions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import models, version_passages, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import checks, queries
from modelkeep_server.features.versions.bases import Derived, find_derived, judge_base
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.own_lineage import (
    BASE,
    DATASET,
    as_commit,
    carry_over,
    fold_in,
    keep_beside,
    keep_unseen,
)
from modelkeep_server.features.versions.views import EDITS, Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, StateForbids
from modelkeep_server.rules.lifecycle import State

_LAST_NUMBER = select(func.max(versions.c.number)).where(versions.c.model_id == bindparam("model"))


def create_version(
    work: Work, actor: Actor, group: str, name: str, new: NewVersion, *, unreadable: Sequence[FieldError] = (),
    origin: Version | None = None,
) -> Version:  # fmt: skip
    """
    Add a version to a model, in DRAFT, with the next number.

    Args:
        unreadable: What the door could not read of the input; told together with the other faults.
        origin: The version that it begins from; its metadata stands in `new` already, its lineage is carried over.
    Raises:
        NotFound: There is no such model that the actor can see.
        NotPermitted: The actor is no owner of the model with the role Model Owner, and no collaborator with WRITE.
        StateForbids: The model is retired.
        Invalid: Fields at fault, all of them at once.
        NameTaken: The model has this version already.
    """
    model = model_queries.lock_model(work, actor, group, name)
    access.require(work, actor, "version.create", model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    faults = [*checks.find_faults(new), *unreadable]
    metadata = _settle_base(work, actor, Derived(model.address, new.version), {}, new.metadata, faults)
    if faults:
        raise Invalid.of(faults)
    number, public_id, key = _insert_draft(work, actor, model, new, metadata)
    derived, kept = Derived(model.address, new.version, key), replace(new, metadata=metadata)
    carried = carry_over(work, actor, origin, key, derived, kept) if origin else []
    work.change(models, model.key, {"updated_at": work.now})
    access.record(
        work,
        actor,
        "version.create",
        object_id=public_id,
        object_label=f"{model.address}:{new.version}",
        after={
            "model": model.id,
            "number": number,
            "state": State.DRAFT.value,
            **({} if origin is None else {"from": origin.id}),
            **({"lineage": Veiled(canonical.dumps(carried))} if carried else {}),
            **_facts(new, metadata),
        },
    )
    return queries.get_version(work, actor, group, name, new.version)


def _insert_draft(
    work: Work, actor: Actor, model: Model, new: NewVersion, metadata: Mapping[str, Any]
) -> tuple[int, str, int]:
    """A version in its first state: its number, its public id and its inside id. Raises NameTaken."""
    number, public_id = _next_number(work, model.key), ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        versions,
        {
            "public_id": public_id,
            "model_id": model.key,
            "number": number,
            "state": State.DRAFT.value,
            **_columns(new, metadata),
            "created_at": work.now,
            "created_by": actor.user_id,
            "updated_at": work.now,
            "revision": 1,
        },
        taken=_taken(model, new.version),
    )
    passage = {"version_id": key, "state": State.DRAFT.value, "at": work.now, "person_id": actor.user_id}
    work.insert(version_passages, passage)
    return number, public_id, key


#: What may be edited of a version beside its metadata: the field of NewVersion and its JSON name.
EDITABLE_FIELDS: dict[str, str] = {
    "version": "version",
    "commit_sha": "commitSha",
    "training_job_id": "trainingJobId",
    "description": "description",
}


def update_version(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    changes: Mapping[str, Any],
    *,
    expected: Collection[int] | None,
    reason: str | None = None,
    unreadable: Sequence[FieldError] = (),
) -> Version:
    """
    Edit a version, in DRAFT or CHANGES_REQUESTED. Its number may be corrected until it was first submitted.

    Args:
        changes: New values by the names of `EDITABLE_FIELDS`, None to take one away; `metadata` is a JSON Merge Patch
            (RFC 7396) of the metadata; `fields` maps paths of rules/fields.py to their whole new value or None.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
        reason: Why, in the editor's words, for the record.
        unreadable: What the door could not read of the input; told together with the other faults.
    Raises:
        NotFound: There is no such version that the actor can see.
        NotPermitted: The actor is no owner of the model with the role Model Owner, and no collaborator with WRITE.
        StateForbids: The model is retired, or the version's content can no longer change.
        Stale: Somebody else edited it since; says what.
        Invalid: Fields at fault, all of them at once.
        NameTaken: The model has another version of that number.
    """
    model = model_queries.lock_model(work, actor, group, name)
    found = queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, "version.update", model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    demand_editable(found)
    demand_fresh(work, found.address, found.id, EDITS, expected=expected, present=found.revision)
    after = _apply(_as_seen(found), changes)
    faults = _find_faults(after, changes, [*find_reason_faults(reason), *unreadable])
    if after.version != found.version:
        faults += _find_number_faults(work, actor, found)
    derived = Derived(model.address, found.version, found.key)
    metadata = _settle_base(work, actor, derived, found.metadata, after.metadata, faults)
    if faults:
        raise Invalid.of(faults)
    return _write_edit(work, actor, model, found, replace(after, metadata=metadata), "version.update", reason)


def change_metadata(
    work: Work, actor: Actor, model: Model, found: Version, metadata: Mapping[str, Any], *, act: str,
    reason: str | None = None,
) -> Version:  # fmt: skip
    """
    Write the metadata of a version as another act makes it, whose event it is.

    The caller locked the model and the version, asked for permission and judged. `metadata` is as it is kept.
    """
    return _write_edit(work, actor, model, found, replace(_as_kept(found), metadata=metadata), act, reason)


def _write_edit(
    work: Work, actor: Actor, model: Model, found: Version, after: NewVersion, act: str, reason: str | None
) -> Version:  # fmt: skip
    """Write an edit that was judged, where it changes anything, with its event."""
    before = _as_kept(found)
    metadata, beside = keep_unseen(work, actor, found, after.metadata)
    if any(metadata.get(key) != before.metadata.get(key) for key in (DATASET, BASE)) or (
        after.commit_sha != found.commit_sha
    ):
        commit = as_commit(after.commit_sha, model.repository_url) if after.commit_sha else None
        metadata = fold_in(work, actor, found.key, metadata, commit)
    old, new = _facts(before, before.metadata), _facts(after, metadata)
    changed = [key for key in new if old.get(key) != new[key]]
    changed += [key for key in old if key not in new]
    if not changed:
        return found
    work.change(
        versions, found.key, {**_columns(after, metadata), "updated_at": work.now, "revision": found.revision + 1},
        expect={"revision": found.revision}, taken=_taken(model, after.version),
    )  # fmt: skip
    work.change(models, model.key, {"updated_at": work.now})
    access.record(
        work, actor, act, object_id=found.id, object_label=f"{model.address}:{after.version}",
        before={REVISION: found.revision} | {key: old.get(key) for key in changed},
        after={REVISION: found.revision + 1} | {key: new.get(key) for key in changed}
        | ({"lineage": Veiled(canonical.dumps([beside]))} if beside else {}),
        reason=reason or None,
    )  # fmt: skip
    return queries.get_version(work, actor, model.group, model.name, after.version)


def _as_kept(found: Version) -> NewVersion:
    return replace(_as_seen(found), metadata=found.whole_metadata)


def _as_seen(found: Version) -> NewVersion:
    """What an editor edits: they neither change nor guess a base model that they may not see."""
    return NewVersion(found.version, found.commit_sha, found.training_job_id, found.description, found.metadata)


def _settle_base(
    work: Work, actor: Actor, derived: Derived, before: Mapping[str, Any], sent: Mapping[str, Any],
    faults: list[FieldError],
) -> dict[str, Any]:  # fmt: skip
    """
    The metadata as it is kept, its base model judged and spelled as the registry does where it is another than before.
    Adds to the faults; where the metadata has some already, nothing is looked at.
    """
    if any(fault.field.partition(".")[0] == "metadata" for fault in faults):
        return {}
    metadata = checks.gather_metadata(sent)
    base = metadata.get(BASE)
    if base and base != before.get(BASE):
        metadata[BASE], fault = judge_base(work, actor, derived, base)
        if fault:
            faults.append(FieldError(f"metadata.{BASE}", fault))
    return metadata


def demand_editable(version: Version) -> None:
    """Raises StateForbids where the content of a version cannot change any more, or not while it is closed."""
    if version.closed is not None:
        raise StateForbids(queries.say_closed(version), remedy="Reopen it first; an owner of the model can.")
    if not version.is_editable:
        raise StateForbids(
            f"{version.standing}; content can change in a draft only, or once changes are requested.",
            remedy="Create a new version and make the change there.",
        )


def _apply(before: NewVersion, changes: Mapping[str, Any]) -> NewVersion:
    plain: dict[str, Any] = {key: changes[key] or None for key in EDITABLE_FIELDS if key in changes}
    if "version" in plain:
        plain["version"] = plain["version"] or ""
    if "metadata" in changes:
        patch = changes["metadata"]
        plain["metadata"] = {} if patch is None else checks.patch_metadata(before.metadata, patch)
    elif "fields" in changes:
        plain["metadata"] = keep_beside(before.metadata, checks.set_fields(before.metadata, changes["fields"]))
    return replace(before, **plain)


def _find_faults(after: NewVersion, changes: Mapping[str, Any], others: Sequence[FieldError]) -> list[FieldError]:
    """The faults of what was touched, with others; what was there before is not judged again."""
    touched = {"metadata" if key == "fields" else EDITABLE_FIELDS.get(key, key) for key in changes}
    faults = [fault for fault in checks.find_faults(after) if fault.field.partition(".")[0] in touched]
    return [*faults, *others]


def _find_number_faults(work: Work, actor: Actor, found: Version) -> list[FieldError]:
    """Why the number of a version cannot be corrected. One statement, or two."""
    if found.submitted_at is not None:
        return [FieldError("version", "The number stays as it was first submitted. Create a new version.")]
    derived = find_derived(work, actor, found.key)
    if derived is None:
        return []
    return [
        FieldError("version", f"The number stays while {derived} names it as its base model. Create a new version.")
    ]


def _columns(new: NewVersion, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": new.version,
        "commit_sha": new.commit_sha or None,
        "training_job_id": new.training_job_id or None,
        "description": new.description or None,
        "metadata": metadata,
    }


def _taken(model: Model, version: str) -> NameTaken:
    return NameTaken(
        f"{model.address} has a version {version} already.",
        remedy="Choose the next number.",
        errors=[FieldError("version", f"{version} exists already. Choose the next number.")],
    )


def _next_number(work: Work, model_key: int) -> int:
    """The next number of the model's versions. The caller has locked the model, so that nobody else takes the same."""
    return (work.scalar(_LAST_NUMBER, {"model": model_key}) or 0) + 1


def _facts(new: NewVersion, metadata: Mapping[str, Any]) -> dict[str, object]:
    """What an event says of a version: numbers plainly, texts and every piece of metadata as commitments."""
    facts: dict[str, object] = {
        "version": new.version,
        "commitSha": new.commit_sha,
        "trainingJobId": Veiled(new.training_job_id) if new.training_job_id else None,
        "description": Veiled(new.description) if new.description else None,
    }
    for key, value in metadata.items():
        pieces = {f"card.{inner}": text for inner, text in value.items()} if key == "card" else {key: value}
        for name, piece in pieces.items():
            facts[f"metadata.{name}"] = Veiled(piece if isinstance(piece, str) else canonical.dumps(piece))
    return facts
