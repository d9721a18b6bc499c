"""Reading stored files back without sending them anywhere: do they open, and are they the bytes that were sent?"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, Text, exists, func, select, type_coerce

from modelkeep_server.db.tables import artifacts, blobs
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.artifacts.file_keys import read_parts
from modelkeep_server.features.artifacts.opening import read_plain
from modelkeep_server.features.artifacts.sealing import SealBroken, wrap_context
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.ports import KeyNotHeld, StorageError, WrapBroken, WrappedKey


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
        row = work.first(select_stored().where(blobs.c.id == key))
        if row is not None and not _opens(work.parts, row):
            broken.append(row.public_id)
    return ReadBack(len(chosen), stored, broken)


def select_stored() -> Select[Any]:
    """Rows of stored bytes for `is_whole`. The list of parts is text: whoever changed it must not stop the reader."""
    columns = [column for column in blobs.c if column.name != "parts"]
    return select(*columns, type_coerce(blobs.c.parts, Text).label("parts"))


def is_whole(parts: Parts, blob: Row[Any], pause: Callable[[], None] = lambda: None) -> bool:
    """
    Whether every segment of stored bytes opens, and they are those that were sent. `blob` is a row of `select_stored`.

    Args:
        pause: Called after each megabyte; what it raises ends the reading.
    Raises:
        StorageError: The store does not answer. Bytes that are missing are not whole.
        KeyNotHeld: The key that they are sealed under is not here.
    """
    digest = hashlib.sha256()
    layout = read_parts(blob.parts, blob.size_bytes)
    try:
        dek = parts.keys.unwrap(WrappedKey(blob.key_id, blob.wrapped_key), wrap_context(blob.public_id))
        for run in read_plain(parts.blobs, dek, blob.public_id, layout, 0, blob.size_bytes):
            digest.update(run)
            pause()
    except KeyNotHeld:
        raise
    except (WrapBroken, SealBroken):
        return False
    return bool(digest.hexdigest() == blob.sha256)


def _opens(parts: Parts, blob: Row[Any]) -> bool:
    try:
        return is_whole(parts, blob)
    except (StorageError, KeyNotHeld):
        return False
