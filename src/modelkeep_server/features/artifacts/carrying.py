"""
Beginning a version from an earlier one: its metadata as the base, its lineage, and files taken along.

A file that is taken along is the same stored bytes in another version: nothing is copied, sent or looked through again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import artifacts
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.downloading import rights
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import checks, service
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.own_lineage import keep_beside
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.paths import path_key

#: The most files that one request takes along.
CARRIED_MAX = 1_000


@dataclass(frozen=True)
class Carriable:
    """A file of an earlier version, and why it cannot be taken along, None where it can."""

    artifact: Artifact
    blob_key: int
    why_not: str | None


def list_carriable(work: Work, base: Version) -> tuple[Carriable, ...]:
    """The files of a version in the order of upload, at most `CARRIED_MAX`. One statement."""
    found = queries.select_artifacts(work).where(artifacts.c.version_id == base.key).order_by(artifacts.c.id)
    return tuple(_to_carriable(work, row) for row in work.all(found.limit(CARRIED_MAX)))


def create_version_from(
    work: Work, actor: Actor, group: str, name: str, new: NewVersion, *, base: str, paths: Sequence[str] = (),
    is_patch: bool = True, unreadable: Sequence[FieldError] = (),
) -> Version:  # fmt: skip
    """
    Add a version that begins from another one of the model, in DRAFT, with files of it.

    Args:
        new: As for `create_version`. Commit, training job and description are its own; they are never taken over.
        base: The version to begin from, whatever its state.
        paths: The files to take along, as they are spelled there; each is an upload by the actor.
        is_patch: The metadata sent is a JSON Merge Patch (RFC 7396) of the base's; otherwise it is all there is.
        unreadable: What the door could not read of the input; told together with the other faults.
    Raises:
        As `create_version`. Invalid: There is no such base, or files that cannot be taken along, each with the reason.
        NotPermitted, StateForbids: Files are named, and the actor may not download them from the base.
    """
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    access.require(work, actor, "version.create", relations, owners=model.owners)
    try:
        origin = version_queries.get_version(work, actor, group, name, base)
    except NotFound:
        raise Invalid.of([FieldError("from", f"{model.address} has no version {base[:100]}.")]) from None
    if is_patch:
        new = replace(new, metadata=checks.patch_metadata(origin.metadata, new.metadata))
    else:
        new = replace(new, metadata=keep_beside(origin.metadata, new.metadata))
    faults = list(unreadable)
    files = _choose(work, origin, paths, faults)
    version = service.create_version(work, actor, group, name, new, unreadable=faults, origin=origin)
    if files:
        # Whoever takes a file along can read it in the draft: this door is no softer than that of the frozen version.
        rights.require(work, actor, model, origin)
        access.require(work, actor, "artifact.upload", relations, owners=model.owners)
    for entry in files:
        _carry(work, actor, version, entry)
    return version


def _choose(work: Work, origin: Version, paths: Sequence[str], faults: list[FieldError]) -> list[Carriable]:
    if not paths:
        return []
    if len(paths) > CARRIED_MAX:
        faults.append(FieldError("copyArtifacts", f"At most {CARRIED_MAX:,} files at once. Upload the rest."))
        return []
    found = {entry.artifact.path: entry for entry in list_carriable(work, origin)}
    chosen = []
    for path in dict.fromkeys(paths):
        entry = found.get(path)
        why = f"{origin.version} has no file {path[:200]!r}." if entry is None else entry.why_not
        if entry is None or why is not None:
            faults.append(FieldError("copyArtifacts", f"{path[:200]}: {why}" if entry else str(why)))
        else:
            chosen.append(entry)
    return chosen


def _to_carriable(work: Work, row: Row[Any]) -> Carriable:
    file = queries.to_artifact(work, row)
    return Carriable(file, row.blob_id, _why_not(file))


def _why_not(file: Artifact) -> str | None:
    if file.is_damaged:
        return "Its stored bytes are damaged. Upload it again."
    if file.status is ArtifactStatus.PENDING:
        return "It is still being looked through. Take it along once there is a verdict."
    if file.status is ArtifactStatus.QUARANTINED:
        return "It is quarantined, and stays where it is."
    return None


def _carry(work: Work, actor: Actor, version: Version, entry: Carriable) -> None:
    public_id = ids.uuid7(clock.to_us(work.now))
    file = entry.artifact
    work.insert(
        artifacts,
        {
            "public_id": public_id,
            "version_id": version.key,
            "blob_id": entry.blob_key,
            "path": file.path,
            "path_key": path_key(file.path),
            "type": file.type.value,
            "format": file.format,
            "status": file.status.value,
            "uploaded_at": work.now,
            "uploaded_by": actor.user_id,
        },
    )
    scan = file.scan
    access.record(
        work,
        actor,
        "artifact.upload",
        object_id=public_id,
        object_label=f"{version.address}/{file.path}",
        after={
            "version": version.id,
            "path": Veiled(file.path),
            "type": file.type.value,
            "sizeBytes": file.size_bytes,
            "sha256": file.sha256,
            "storedOnce": True,
            "format": file.format,
            "verdict": None if scan is None else scan.verdict.value,
            "ruleVersion": None if scan is None else scan.rule_version,
            "takenFrom": file.id,
        },
    )
