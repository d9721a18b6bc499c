"""Reading stored files back without sending them anywhere: do they open, and are they the bytes that were sent?"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Text, exists, func, select, type_coerce

from modelkeep_server.db.tables import artifacts, blobs
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.file_keys import read_parts
from modelkeep_server.features.artifacts.outflow import read_plain
from modelkeep_server.features.artifacts.sealing import SealBroken, wrap_context
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.ports import StorageError, WrapBroken, WrappedKey


@dataclass(frozen=True)
class ReadBack:
    """What came of it. `broken` are the ids of stored files that do not open, `stored` how many there are."""

    read: int
    stored: int
    broken: Sequence[str]


def read_back(work: Work, most: int, tell: Callable[[str], None]) -> ReadBack:
    """
    Read at most `most` stored files whole, spread evenly from the oldest to the newest, and compare their digests.

    Those that were found damaged before, and stand in quarantine, are left out. Memory is a megabyte.
    """
    withheld = exists().where(artifacts.c.blob_id == blobs.c.id, artifacts.c.status == ArtifactStatus.QUARANTINED)
    stored = work.scalar(select(func.count()).select_from(blobs).where(~withheld)) or 0
    keys = [row.id for row in work.all(select(blobs.c.id).where(~withheld).order_by(blobs.c.id))]
    step = max(1, -(-stored // most)) if most else 0
    chosen = keys[::-1][::step] if most else []
    broken = []
    for number, key in enumerate(chosen, 1):
        tell(f"reading back: {number} of {len(chosen)}")
        row = work.first(
            select(
                blobs.c.public_id,
                blobs.c.size_bytes,
                blobs.c.sha256,
                blobs.c.key_id,
                blobs.c.wrapped_key,
                type_coerce(blobs.c.parts, Text).label("parts"),
            ).where(blobs.c.id == key)
        )
        if row is not None and not _opens(work, row):
            broken.append(row.public_id)
    return ReadBack(len(chosen), stored, broken)


def _opens(work: Work, blob: Row[Any]) -> bool:
    digest = hashlib.sha256()
    parts = read_parts(blob.parts, blob.size_bytes)
    try:
        wrapped = WrappedKey(blob.key_id, blob.wrapped_key)
        dek = work.parts.keys.unwrap(wrapped, wrap_context(blob.public_id))
        for run in read_plain(work.parts.blobs, dek, blob.public_id, parts, 0, blob.size_bytes):
            digest.update(run)
    except (WrapBroken, SealBroken, StorageError):
        return False
    return bool(digest.hexdigest() == blob.sha256)
