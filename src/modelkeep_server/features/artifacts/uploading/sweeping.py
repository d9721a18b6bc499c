"""
Clearing away what nobody needs: uploads that expired, and stored bytes that nothing names, left by crashes and by
clients that were overtaken.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import blobs, upload_parts, uploads
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts.sealing import part_key
from modelkeep_server.features.artifacts.uploading.uploads import forget_uploads, remove_bytes
from modelkeep_server.features.jobs.views import Handler, JobFailed, Schedule
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import BlobStore, StorageError

EXPIRE_UPLOADS = "expire-uploads"
SWEEP_STRAYS = "sweep-strays"
SCHEDULES = (Schedule(EXPIRE_UPLOADS, timedelta(minutes=10)), Schedule(SWEEP_STRAYS, timedelta(days=1)))

#: No request takes longer, so that what was begun before and is named by nothing will never be.
STRAY_AFTER = timedelta(hours=48)
#: Where a registry says that a store holds its files, so that no other one takes them for strays.
OWNERS = "owners/"


def make_expiry_handler(database: Database, parts: Parts) -> Handler:
    """The job that ends uploads whose time is over and removes what was stored of them."""

    def expire() -> None:
        with database.writing(parts, Circumstances.of_the_house()) as work:
            dropped = forget_uploads(work, uploads.c.expires_at <= work.now)
        for blob_id in dropped:
            remove_bytes(parts.blobs, blob_id)

    return Handler(lambda task: _tell_failure(expire))


def make_stray_handler(database: Database, parts: Parts, *, is_shared: bool) -> Handler:
    """
    The job that removes stored bytes that nothing names. `is_shared`: the store may hold files of other registries too;
    then nothing is removed while one of them has said so.
    """

    def sweep() -> None:
        if is_shared and not _is_ours_alone(parts.blobs, parts.keys.registry_id):
            return
        with database.reading(parts, Circumstances.of_the_house()) as work:
            sweep_orphans(work, older_than=work.now - STRAY_AFTER)

    return Handler(lambda task: _tell_failure(sweep))


def sweep_orphans(work: Work, *, older_than: datetime | None = None) -> int:
    """
    Remove stored parts that no file and no open upload names: what a crash left. Gives the count.

    Args:
        older_than: Only what began before; None, for all, only while nothing is being uploaded.
    """
    stored: dict[str, set[str]] = {}
    for key in work.parts.blobs.list_keys():
        stored.setdefault(key.partition("/")[0], set()).add(key)
    open_ids = set()
    for row in work.stream(select(blobs.c.public_id, blobs.c.parts)):
        named = {part_key(row.public_id, number, attempt) for number, attempt, *_ in row.parts}
        stored.get(row.public_id, set()).difference_update(named)
    for row in work.stream(
        select(uploads.c.blob_id, upload_parts.c.number, upload_parts.c.attempt)
        .outerjoin(upload_parts, upload_parts.c.upload_id == uploads.c.id)
        .where(uploads.c.artifact_id.is_(None))
    ):
        open_ids.add(row.blob_id)
        if row.number is not None:
            stored.get(row.blob_id, set()).discard(part_key(row.blob_id, row.number, row.attempt))
    orphans = list(_list_loose(stored, open_ids, older_than))
    for key in orphans:
        work.parts.blobs.delete(key)
    return len(orphans)


def _list_loose(stored: dict[str, set[str]], open_ids: set[str], older_than: datetime | None) -> Iterator[str]:
    for blob_id, keys in stored.items():
        if older_than is not None:
            # An upload that goes on may just be storing what it will name; and what is no id of ours is not ours.
            if blob_id in open_ids or not ids.is_uuid(blob_id) or _began(blob_id) >= older_than:
                continue
        elif f"{blob_id}/" == OWNERS:
            continue
        yield from keys


def _began(blob_id: str) -> datetime:
    """When a UUIDv7 was made (RFC 9562, 5.7)."""
    return clock.from_us((UUID(blob_id).int >> 80) * 1000)


def _is_ours_alone(store: BlobStore, registry_id: str) -> bool:
    mine = f"{OWNERS}{registry_id.lower()}"
    owners = set(store.list_keys(OWNERS))
    if mine not in owners:
        store.put(mine, [b"\n"])
    return owners <= {mine}


def _tell_failure(job: Callable[[], None]) -> None:
    try:
        job()
    except StorageError as error:
        raise JobFailed("The file store does not answer; it is tried again.") from error
