"""
Making a backup of a SQLite registry while it runs: first the database, out of one snapshot, then every sealed file that
this copy names. A sealed file never changes and is never removed while it is named, so the two fit together.

The keys are not in it: whoever finds a backup finds sealed files and an audit log, and opens nothing.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelkeep_server.app import House
from modelkeep_server.db import copies, recording
from modelkeep_server.db.copies import Contents, CopyUnreadable, StoredBlob, looking_into
from modelkeep_server.db.ledger import SOFTWARE, Veiled
from modelkeep_server.features.artifacts.sealing import part_key
from modelkeep_server.features.audit import service as audit
from modelkeep_server.kit import clock, ids
from modelkeep_server.operate.archives import RUN_BYTES, Archive, BackupRefused, FileEntry, Manifest, new_archive
from modelkeep_server.operate.progress import BytesProgress, Progress, Tell
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.ports import BlobMissing, BlobStore, StorageError
from modelkeep_server.rules.errors import IntegrityBroken
from modelkeep_server.settings import Settings
from modelkeep_server.settings.storing import DATABASE_NAME

_one_at_a_time = threading.Lock()


def back_up(house: House, asked: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """
    Write a backup to the absolute path `to`: a folder, or one tar file where the name ends in `.tar`.

    Returns:
        What the command prints: `path`, `bytes`, `files`, `events`, `root`, `createdAt`, `fingerprint`, `missing`
        (files that the database names and the store does not have), `unsigned` (why the log's head is not signed).

    Raises OperationRefused; then nothing of the backup is left.
    """
    if not house.database.is_sqlite:
        raise OperationRefused("This registry is on PostgreSQL.")
    target = Path(asked["to"])
    _demand_outside(target, house.settings)
    if not _one_at_a_time.acquire(blocking=False):
        raise OperationRefused("Another backup is being written. Wait until it ended.")
    try:
        with _refusing(target):
            return _write(house, target, tell)
    finally:
        _one_at_a_time.release()


def _demand_outside(target: Path, settings: Settings) -> None:
    """A backup in the folder that it is of would be gone together with it."""
    if target.resolve().is_relative_to(settings.data_dir.resolve()):
        raise OperationRefused(
            f"{target} lies in the data folder {settings.data_dir.absolute()}. Name a place outside, on another disk."
        )


def _demand_running(house: House) -> None:
    if house.stopping.is_set():
        raise OperationRefused("The server is stopping, so the backup was given up. Nothing of it was kept.")


@contextmanager
def _refusing(target: Path) -> Iterator[None]:
    try:
        yield
    except (BackupRefused, CopyUnreadable) as error:
        raise OperationRefused(str(error)) from error
    except StorageError as error:
        raise OperationRefused(f"The file store does not answer: {error} Nothing of the backup was kept.") from error
    except OSError as error:
        raise OperationRefused(
            f"{target} cannot be written: {error.strerror or error}. Nothing of the backup was kept."
        ) from error


def _write(house: House, target: Path, tell: Tell) -> dict[str, Any]:
    progress = Progress(tell, lambda: _demand_running(house))
    backup_id = ids.uuid7(clock.to_us(clock.utc_now()))
    with new_archive(target) as (archive, aside):
        unsigned = _record(house, backup_id, target)
        created_at = clock.utc_now()
        copies.copy_database(
            house.database, aside, lambda done, total: progress(lambda: f"database: {done * 100 // max(1, total)} %")
        )
        with looking_into(aside) as copy:
            contents, blobs = copy.read_contents(), list(copy.list_blobs())
        database = archive.take(DATABASE_NAME, aside)
        files, missing = _Files(house.parts.blobs, archive, progress).add_all(blobs)
        manifest = _manifest_of(house, contents, backup_id, created_at.isoformat(), [database, *files], missing)
        size_bytes = archive.finish(manifest)
    return {
        "path": str(target),
        "bytes": size_bytes,
        "files": len(files),
        "events": contents.log_size,
        "root": contents.log_root,
        "createdAt": manifest.created_at,
        "fingerprint": manifest.key_fingerprint,
        "missing": missing,
        "unsigned": unsigned,
    }


def _record(house: House, backup_id: str, target: Path) -> str | None:
    """Put the backup on record before its first byte, and sign the head that it will end at."""
    with house.writing() as work:
        recording.record_by_operator(
            work,
            "registry.backup",
            host=socket.gethostname(),
            object_id=work.parts.keys.registry_id,
            after={"backup": backup_id, "to": Veiled(str(target))},
        )
    try:
        with house.writing() as work:
            audit.sign_head(work)
    except IntegrityBroken as error:
        # What was tampered with is worth keeping too, as long as nobody takes it for whole.
        return error.detail
    return None


class _Files:
    """Copies the sealed files that a database names into an archive."""

    def __init__(self, store: BlobStore, archive: Archive, progress: Progress) -> None:
        self._store = store
        self._archive = archive
        self._progress = progress

    def add_all(self, blobs: list[StoredBlob]) -> tuple[list[FileEntry], list[str]]:
        """Copy them, and give those that are in the archive and the paths of those that are not in the store."""
        passing = BytesProgress(self._progress, sum(sealed for blob in blobs for *_, sealed in blob.parts))
        files, missing = [], []
        for blob in blobs:
            for number, attempt, _, sealed in blob.parts:
                key = part_key(blob.public_id, number, attempt)
                if _find_size(self._store, key) == sealed:
                    runs = passing.counted(self._runs_of(key, sealed))
                    files.append(self._archive.add(f"files/{key}", sealed, runs))
                else:
                    missing.append(f"files/{key}")
        return files, missing

    def _runs_of(self, key: str, size: int) -> Iterator[bytes]:
        for offset in range(0, size, RUN_BYTES):
            try:
                yield self._store.read(key, offset, min(RUN_BYTES, size - offset))
            except BlobMissing as error:
                raise BackupRefused(f"files/{key} was removed while it was copied. Take the backup again.") from error


def _find_size(store: BlobStore, key: str) -> int | None:
    try:
        return store.size(key)
    except BlobMissing:
        return None


def _manifest_of(
    house: House, contents: Contents, backup_id: str, created_at: str, files: list[FileEntry], missing: list[str]
) -> Manifest:
    return Manifest(
        id=backup_id,
        created_at=created_at,
        software=SOFTWARE,
        schema=contents.schema,
        registry_id=contents.registry_id,
        key_fingerprint=house.parts.keys.fingerprint(),
        log_size=contents.log_size,
        log_root=contents.log_root,
        checkpoint=contents.checkpoint,
        files=tuple(files),
        missing=tuple(missing),
    )
