"""
Taking files in, and out of a version again. In: two short transactions with the bytes between them, allowed, then
published. Out: one.

A file is visible only when every byte of it was read back from the store and the row that names it is committed. What
was stored of an upload that ends early is removed; a crash leaves sealed parts that nothing names, swept at start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import artifacts, blobs
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import damage, queries
from modelkeep_server.features.artifacts.conditions import is_damaged
from modelkeep_server.features.artifacts.judging import formats, scanning
from modelkeep_server.features.artifacts.sealing import Part, new_dek, part_key, wrap_context
from modelkeep_server.features.artifacts.uploading import quotas
from modelkeep_server.features.artifacts.uploading.intake import Received
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.service import demand_editable
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Report
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import BlobStore
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, TooLarge
from modelkeep_server.rules.formats import ArtifactType
from modelkeep_server.rules.paths import find_path_fault, path_key

SEAL_TINK_STREAMING = 1


@dataclass(frozen=True)
class NewFile:
    """Where a file shall stand: group, name, version, path and type as sent."""

    group: str
    name: str
    version: str
    path: str
    type: str


@dataclass(frozen=True)
class Ticket:
    """Leave to send one file, with the key it is sealed under. `present`: the very file is there already."""

    new: NewFile
    blob_id: str
    dek: bytes = field(repr=False)
    present: Artifact | None = None


def allow_upload(work: Work, actor: Actor, new: NewFile, *, sha256: str | None, size_bytes: int | None) -> Ticket:
    """
    Judge an upload before its bytes are read.

    Args:
        sha256: What the client promises, bare hex, or None.
        size_bytes: What the client declares, or None.
    Raises:
        NotFound, NotPermitted, StateForbids, Invalid, NameTaken, TooLarge, QuotaExceeded.
    """
    version = judge(work, actor, new)
    limit = work.parts.limits.upload_bytes
    if size_bytes is not None and size_bytes > limit:
        raise TooLarge(
            f"{size_bytes:,} bytes; at most {limit:,} for one file.",
            remedy="Split the file, or ask an operator to raise MODELKEEP_UPLOAD_LIMIT_BYTES.",
        )
    present = queries.find_artifact(work, version, new.path)
    if present is not None and (present.sha256 != sha256 or present.path != new.path):
        raise _taken(version, present)
    if present is None:
        quotas.demand_room(work, new.group, size_bytes or 0)
    return Ticket(new, ids.uuid7(clock.to_us(work.now)), new_dek(), present)


def publish_upload(
    work: Work, actor: Actor, ticket: Ticket, received: Received, report: Report | None
) -> tuple[Artifact, bool]:
    """
    Make a file that was received, read back and looked through visible, in one step.

    Args:
        report: What was found in it; None where that takes longer: the file is PENDING until a job is done with it.
    Returns:
        The file, and whether its stored parts are needed: False where the model holds the same bytes already.
    Raises:
        As `allow_upload`: everything is judged again, since time has passed. NotAccepted: no format of this type.
    """
    # No other file of this version is published, and no state moves, between judging and the commit.
    version_queries.lock_version(work, actor, ticket.new.group, ticket.new.name, ticket.new.version)
    version = judge(work, actor, ticket.new)
    settled = report and formats.settle_format(work, report, ArtifactType(ticket.new.type), ticket.new.path)
    blob_key, needed = _settle_blob(work, version, ticket, received)
    scan = scanning.keep_report(work, blob_key, *(settled or (None, None)))
    if scan.format is not None:
        # Where looking through took too long, the format is that of the same bytes at another place.
        kind, is_empty = ArtifactType(ticket.new.type), received.size_bytes == 0
        formats.demand_fit(scan.format, kind, ticket.new.path, is_empty=is_empty)
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        artifacts,
        {
            "public_id": public_id,
            "version_id": version.key,
            "blob_id": blob_key,
            "path": ticket.new.path,
            "path_key": path_key(ticket.new.path),
            "type": ticket.new.type,
            "format": scan.format,
            "status": scan.status.value,
            "uploaded_at": work.now,
            "uploaded_by": actor.user_id,
        },
        taken=NameTaken(f"{version.address} has a file {ticket.new.path!r} already."),
    )
    access.record(
        work,
        actor,
        "artifact.upload",
        object_id=public_id,
        object_label=f"{version.address}/{ticket.new.path}",
        after={
            "version": version.id,
            "path": Veiled(ticket.new.path),
            "type": ticket.new.type,
            "sizeBytes": received.size_bytes,
            "sha256": received.sha256_hex,
            "storedOnce": not needed,
            "format": scan.format,
            "verdict": scan.verdict.value,
            "ruleVersion": scan.rule_version,
        },
    )
    return queries.get_artifact(work, version, ticket.new.path), needed


def remove_artifact(work: Work, actor: Actor, group: str, name: str, version: str, path: str) -> Artifact:
    """
    Take a file out of a version, in DRAFT or CHANGES_REQUESTED. Its links die at once; its path is free again.

    The stored bytes stay, since other versions of the model may hold the same file.

    Raises:
        NotFound: There is no such file that the actor can see.
        NotPermitted: The actor is no owner of the model with the role Model Owner, and no collaborator with WRITE.
        StateForbids: The version's content can no longer change.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.lock_version(work, actor, group, name, version)
    access.require(work, actor, "artifact.remove", model_queries.relations_of(actor, model), owners=model.owners)
    artifact = queries.get_artifact(work, found, path)
    demand_active(model)
    demand_editable(found)
    work.change(artifacts, artifact.key, {"removed_at": work.now}, expect={"removed_at": None})
    access.record(
        work,
        actor,
        "artifact.remove",
        object_id=artifact.id,
        object_label=f"{found.address}/{artifact.path}",
        before={
            "version": found.id,
            "path": Veiled(artifact.path),
            "type": artifact.type.value,
            "sizeBytes": artifact.size_bytes,
            "sha256": artifact.sha256,
        },
    )
    return artifact


def discard_parts(store: BlobStore, blob_id: str, parts: Sequence[Part]) -> None:
    """Remove the stored parts of a file that will not be published."""
    for part in parts:
        store.delete(part_key(blob_id, part.number, part.attempt))


def judge(work: Work, actor: Actor, new: NewFile) -> Version:
    """
    Whether the actor may send this file to this version as things stand.

    Raises NotFound, NotPermitted, StateForbids, Invalid, NameTaken.
    """
    model = model_queries.get_model(work, actor, new.group, new.name)
    version = version_queries.get_version(work, actor, new.group, new.name, new.version)
    access.require(work, actor, "artifact.upload", model_queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    demand_editable(version)
    faults = []
    fault = find_path_fault(new.path)
    if fault:
        faults.append(FieldError("path", fault))
    if new.type not in list(ArtifactType):
        faults.append(FieldError("type", f"Choose one of {', '.join(ArtifactType)}."))
    if faults:
        raise Invalid.of(faults)
    clash = queries.find_clash(work, version, new.path)
    if clash is not None:
        raise NameTaken(f"{new.path!r} and {clash!r} cannot both be: one is a folder of the other.")
    return version


def _taken(version: Version, present: Artifact) -> NameTaken:
    return NameTaken(
        f"{version.address} has a file {present.path!r} already, with other content.",
        remedy="Choose another name, take that file out first, or put this one into a new version.",
        errors=[FieldError("path", f"{present.path!r} exists already.")],
    )


def _settle_blob(work: Work, version: Version, ticket: Ticket, received: Received) -> tuple[int, bool]:
    """The stored bytes that the file stands for, and whether they are those that just arrived."""
    known = work.first(
        select(blobs.c.id, is_damaged(blobs.c.id).label("is_broken")).where(
            blobs.c.model_id == version.model_key, blobs.c.sha256 == received.sha256_hex
        )
    )
    if known is None:
        quotas.demand_room(work, ticket.new.group, received.size_bytes, besides=ticket.blob_id)
        return _insert_blob(work, version, ticket, received), True
    if known.is_broken:
        # What is stored was found changed; from now on the bytes that just arrived stand in its place.
        work.change(blobs, known.id, _sealed_as(work, ticket, received))
        damage.mend(work, known.id)
    return known.id, bool(known.is_broken)


def _insert_blob(work: Work, version: Version, ticket: Ticket, received: Received) -> int:
    return work.insert(
        blobs,
        {
            "model_id": version.model_key,
            "sha256": received.sha256_hex,
            "size_bytes": received.size_bytes,
            "created_at": work.now,
            **_sealed_as(work, ticket, received),
        },
        taken=NameTaken("The same file was published a moment ago. Send it again; it will be stored once."),
    )


def _sealed_as(work: Work, ticket: Ticket, received: Received) -> dict[str, Any]:
    wrapped = work.parts.keys.wrap(ticket.dek, wrap_context(ticket.blob_id))
    return {
        "public_id": ticket.blob_id,
        "seal": SEAL_TINK_STREAMING,
        "key_id": wrapped.key_id,
        "wrapped_key": wrapped.blob,
        "parts": [[p.number, p.attempt, p.plain_size, p.sealed_size] for p in received.parts],
    }
