"""
Uploads that come in several requests: opened, gone on with, finished or ended. Any replica takes any request.

What is stored counts by a row for each stretch and by `offset_bytes`, which moves by compare-and-set: of two clients at
one offset, one wins. The last bytes count only together with the file being published, in one transaction, so that an
upload is never complete whose file is not there. Whoever sends is judged anew at every step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from modelkeep_server.db.tables import upload_parts, uploads
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries, service
from modelkeep_server.features.artifacts.file_keys import unwrap_file_key
from modelkeep_server.features.artifacts.sealing import PART_BYTES, wrap_context
from modelkeep_server.features.artifacts.service import NewFile, Ticket
from modelkeep_server.features.artifacts.uploading import quotas, upload_queries
from modelkeep_server.features.artifacts.uploading.intake import Received, Stretch
from modelkeep_server.features.artifacts.uploading.upload_queries import Upload
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.inspection.report import Report
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import BlobStore, WrapBroken, WrappedKey
from modelkeep_server.rules.errors import Gone, IntegrityBroken, NotFound, OffsetDiffers


@dataclass(frozen=True)
class Going:
    """
    Leave to send more of an upload. `stretches` are those of the part that is not full yet, in order.
    """

    upload: Upload
    ticket: Ticket
    stretches: tuple[Stretch, ...] = ()


def open_upload(work: Work, actor: Actor, new: NewFile, *, size_bytes: int, sha256: str | None) -> Going:
    """
    Begin an upload of `size_bytes`; `sha256` is what the client promises for the whole, bare hex, or None.

    Raises:
        As `service.allow_upload`. TooMany: The person has as many open as they may. QuotaExceeded.
    """
    ticket = service.allow_upload(work, actor, new, sha256=sha256, size_bytes=size_bytes)
    quotas.demand_place(work, actor)
    version = version_queries.get_version(work, actor, new.group, new.name, new.version)
    public_id = ids.uuid7(clock.to_us(work.now))
    wrapped = work.parts.keys.wrap(ticket.dek, wrap_context(ticket.blob_id))
    work.keep(
        uploads,
        insert(uploads).values(
            public_id=public_id,
            person_id=actor.user_id,
            model_id=version.model_key,
            version_id=version.key,
            path=new.path,
            type=new.type,
            size_bytes=size_bytes,
            sha256=sha256,
            blob_id=ticket.blob_id,
            key_id=wrapped.key_id,
            wrapped_key=wrapped.blob,
            offset_bytes=0,
            created_at=work.now,
            expires_at=_expiry(work),
        ),
    )
    return Going(upload_queries.get_upload(work, actor, public_id), ticket)


def get_open(work: Work, actor: Actor, upload_id: str) -> Upload:
    """An upload of the actor's own, who may still upload. Raises NotPermitted, and as `upload_queries.get_upload`."""
    access.demand_scope(actor, "artifact.upload")
    upload = upload_queries.get_upload(work, actor, upload_id)
    model = model_queries.get_model(work, actor, upload.group, upload.name)
    access.require(work, actor, "artifact.upload", model_queries.relations_of(actor, model), owners=model.owners)
    return upload


def allow_more(work: Work, actor: Actor, upload_id: str, *, offset_bytes: int) -> Going:
    """
    Judge more bytes of an upload before they are read.

    Raises:
        NotFound, Gone, and as `service.judge`. OffsetDiffers: It goes on elsewhere.
        IntegrityBroken: Its key does not open.
    """
    upload = get_open(work, actor, upload_id)
    if upload.artifact_key is None:
        service.judge(work, actor, _file_of(upload))
    _demand_offset(upload.offset_bytes, offset_bytes)
    row = work.first(select(uploads.c.key_id, uploads.c.wrapped_key).where(uploads.c.id == upload.key))
    if row is None:
        raise NotFound("This upload was ended.")
    try:
        dek = unwrap_file_key(work, WrappedKey(row.key_id, row.wrapped_key), upload.blob_id)
    except WrapBroken as error:
        raise IntegrityBroken("The key of this upload does not open.", remedy="Begin the upload anew.") from error
    part_start = upload.offset_bytes - upload.offset_bytes % PART_BYTES
    stretches = upload_queries.list_stretches(work, upload, since=part_start)
    return Going(upload, Ticket(_file_of(upload), upload.blob_id, dek), stretches)


def keep_stretches(work: Work, actor: Actor, going: Going, stretches: Sequence[Stretch], *, since: int) -> datetime:
    """
    Let bytes count that were stored and read back, from offset `since` on. Gives when the upload expires now.

    Raises:
        As `service.judge`. OffsetDiffers: Another client went on with it. NotFound, Gone: It was ended meanwhile.
    """
    service.judge(work, actor, going.ticket.new)
    expires_at = _expiry(work)
    _advance(work, going.upload.key, since, stretches[-1].end, expires_at)
    replaced = [earlier.part.attempt for stretch in stretches for earlier in stretch.replaces]
    if replaced:
        mine = upload_parts.c.upload_id == going.upload.key
        work.keep(upload_parts, delete(upload_parts).where(mine, upload_parts.c.attempt.in_(replaced)))
    rows = [
        {
            "upload_id": going.upload.key,
            "number": stretch.part.number,
            "attempt": stretch.part.attempt,
            "start": stretch.start,
            "plain_size": stretch.part.plain_size,
            "sealed_size": stretch.part.sealed_size,
            "sha256": stretch.sha256_hex,
        }
        for stretch in stretches
    ]
    work.keep(upload_parts, insert(upload_parts), rows)
    return expires_at


def finish_upload(
    work: Work, actor: Actor, going: Going, received: Received, report: Report | None, *, since: int
) -> tuple[Artifact, bool]:
    """
    Publish the file of an upload whose last bytes, from offset `since` on, were stored and read back; both or neither.

    Returns:
        The file, and whether the stored parts are needed, as `service.publish_upload`.
    Raises:
        As `service.publish_upload` and `keep_stretches`.
    """
    upload, new = going.upload, going.ticket.new
    _advance(work, upload.key, since, upload.size_bytes, _expiry(work))
    version = version_queries.lock_version(work, actor, new.group, new.name, new.version)
    service.judge(work, actor, new)
    present = queries.find_artifact(work, version, new.path)
    if present is not None and (present.sha256, present.path) == (received.sha256_hex, new.path):
        artifact, needed = present, False
    else:
        artifact, needed = service.publish_upload(work, actor, going.ticket, received, report)
    work.keep(uploads, update(uploads).where(uploads.c.id == upload.key).values(artifact_id=artifact.key))
    work.keep(upload_parts, delete(upload_parts).where(upload_parts.c.upload_id == upload.key))
    return artifact, needed


def end_upload(work: Work, actor: Actor, upload_id: str) -> Upload:
    """
    End an upload before its time. A file that was published of it stays; else its stored bytes are to be removed.

    Raises as `get_open`.
    """
    upload = get_open(work, actor, upload_id)
    if not forget_uploads(work, uploads.c.id == upload.key):
        raise NotFound("This upload was ended a moment ago.")
    return upload


def drop_upload(work: Work, upload: Upload, *, since: int | None = None) -> bool:
    """
    Forget an upload that cannot become a file, unless it is finished. `since`: only where nobody went on with it from
    there. Gives whether it was; then its bytes are to be removed once this is committed.
    """
    which = (uploads.c.id == upload.key) & uploads.c.artifact_id.is_(None)
    return bool(forget_uploads(work, which if since is None else which & (uploads.c.offset_bytes == since)))


def forget_open(work: Work) -> None:
    """Drop every upload that is not finished, where what was stored of them is not there any more."""
    started = select(uploads.c.id).where(uploads.c.artifact_id.is_(None))
    work.keep(upload_parts, delete(upload_parts).where(upload_parts.c.upload_id.in_(started)))
    work.keep(uploads, delete(uploads).where(uploads.c.artifact_id.is_(None)))


def forget_uploads(work: Work, which: ColumnElement[bool]) -> list[str]:
    """
    Drop the rows of some uploads, at most 500. Gives the blob ids of those that were not published: their bytes are to
    be removed once this is committed.
    """
    rows = work.all(select(uploads.c.id, uploads.c.blob_id, uploads.c.artifact_id).where(which).limit(500))
    dropped = []
    for row in rows:
        # Asked again: an upload may have been gone on with, or finished, since it was looked at.
        as_seen = uploads.c.artifact_id.is_(None) if row.artifact_id is None else uploads.c.artifact_id.is_not(None)
        if work.keep(uploads, delete(uploads).where(uploads.c.id == row.id, which, as_seen)):
            work.keep(upload_parts, delete(upload_parts).where(upload_parts.c.upload_id == row.id))
            dropped.append(row)
    return [row.blob_id for row in dropped if row.artifact_id is None]


def remove_bytes(store: BlobStore, blob_id: str) -> None:
    """Remove whatever is stored of an upload that was not published. Raises StorageError."""
    for key in list(store.list_keys(f"{blob_id}/")):
        store.delete(key)


def _file_of(upload: Upload) -> NewFile:
    return NewFile(upload.group, upload.name, upload.version, upload.path, upload.type.value)


def _expiry(work: Work) -> datetime:
    # Not the moment of the request: one may have sent bytes for hours.
    return clock.utc_now() + timedelta(seconds=work.parts.limits.upload_seconds)


def _advance(work: Work, key: int, since: int, until: int, expires_at: datetime) -> None:
    as_seen = (
        uploads.c.id == key,
        uploads.c.offset_bytes == since,
        uploads.c.artifact_id.is_(None),
        uploads.c.expires_at > work.now,
    )
    moved = update(uploads).where(*as_seen).values(offset_bytes=until, expires_at=expires_at)
    if work.keep(uploads, moved):
        return
    row = work.first(select(uploads.c.offset_bytes, uploads.c.expires_at).where(uploads.c.id == key))
    if row is None:
        raise NotFound("This upload was ended while its bytes were coming.", remedy="Begin it anew.")
    if row.expires_at <= work.now:
        raise Gone("This upload has expired.", remedy="Begin it anew; nothing of it was published.")
    _demand_offset(row.offset_bytes, since)
    raise OffsetDiffers("This upload is finished already.")


def _demand_offset(there: int, sent: int) -> None:
    if there != sent:
        error = OffsetDiffers(f"The upload goes on at offset {there}, not at {sent}.")
        error.offset_bytes = there
        raise error
