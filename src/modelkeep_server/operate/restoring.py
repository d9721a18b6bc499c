"""
Putting a backup into an empty data folder: every byte compared with the manifest, the keys tried, the log verified,
files read back, and only then the database given its name. Whatever fails leaves the folder as empty as it was.

The restored log goes on under another name (features/audit/head.py), and says so in an event of its own: an auditor who
holds a later checkpoint than the backup reads what happened instead of a contradiction.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelkeep_server.app import CannotStart, House, open_house, open_keys, open_store
from modelkeep_server.db import copies, recording
from modelkeep_server.db.copies import Contents, Copy, CopyUnreadable, StoredBlob, looking_into
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.features.artifacts.reading_back import ReadBack, read_back
from modelkeep_server.features.artifacts.sealing import part_key
from modelkeep_server.features.artifacts.uploading import uploads
from modelkeep_server.features.audit import head, verify
from modelkeep_server.features.audit import service as audit
from modelkeep_server.features.audit.views import Verdict
from modelkeep_server.features.identity.joining import one_time_links
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.operate.archives import (
    RUN_BYTES,
    BackupRefused,
    FileEntry,
    Manifest,
    Source,
    open_source,
    sync_folder,
)
from modelkeep_server.operate.lock import LOCK_NAME, FolderInUse, FolderLock
from modelkeep_server.operate.progress import BytesProgress, Progress, Tell
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.ports import BlobMissing, BlobStore, KeyMissing, KeyRing, KeyUnusable, StorageError
from modelkeep_server.rules.errors import IntegrityBroken, Unavailable
from modelkeep_server.settings import Settings
from modelkeep_server.settings.storing import DATABASE_NAME

PARTIAL_NAME = f"{DATABASE_NAME}.partial"

_DAMAGED_BEFORE = (
    "The backup is whole, but what it holds was damaged before it was taken. Nothing was restored: use an earlier "
    "backup, or take this one as it is with --accept-findings."
)


@dataclass(frozen=True)
class Wishes:
    """How a restore is done: how many files are read back, and whether what was damaged before is taken as it is."""

    read_back: int
    accept_findings: bool


@dataclass(frozen=True)
class Restored:
    """What a restore came to. `vkey` verifies checkpoints from here on; `unsigned` says why there are none."""

    manifest: Manifest
    verdict: Verdict
    files: ReadBack
    fingerprint: str
    vkey: str
    unsigned: str | None


def restore(settings: Settings, backup: Path, wishes: Wishes, tell: Tell) -> Restored:
    """
    Restore a backup into the data folder of these settings. Raises OperationRefused; the folder is then empty again.
    """
    folder = settings.data_dir
    was_there = folder.exists()
    try:
        with FolderLock(folder), _all_or_nothing(settings), _refusing(folder), open_source(backup) as source:
            return _restore(settings, source, backup, wishes, tell)
    except FolderInUse as held:
        raise OperationRefused(f"{held} A backup is restored into an empty folder; name another one.") from held
    except OperationRefused:
        if not was_there:
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (BackupRefused, CannotStart, KeyMissing, KeyUnusable, ValueError) as error:
        raise OperationRefused(str(error)) from error
    except CopyUnreadable as error:
        raise OperationRefused(f"{DATABASE_NAME} in the backup: {error} Nothing was restored.") from error
    except StorageError as error:
        raise OperationRefused(f"The file store does not take the files: {error} Nothing was restored.") from error
    except Unavailable as error:
        raise OperationRefused(f"{error.detail} Nothing was restored.") from error
    except OSError as error:
        raise OperationRefused(f"{folder} cannot be written: {error.strerror}. Nothing was restored.") from error


@contextmanager
def _all_or_nothing(settings: Settings) -> Iterator[None]:
    folder = settings.data_dir
    there = sorted(path.name for path in folder.iterdir() if path.name != LOCK_NAME)
    if there:
        raise OperationRefused(
            f"{folder.absolute()} is not empty ({', '.join(there[:3])}). A backup is restored into an empty folder "
            "only: move what is there away, or name another folder with --data-dir."
        )
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def _restore(settings: Settings, source: Source, backup: Path, wishes: Wishes, tell: Tell) -> Restored:
    manifest = source.manifest
    entries = {entry.path: entry for entry in manifest.files}
    partial = settings.data_dir / PARTIAL_NAME
    keys = open_keys(settings, manifest.registry_id)
    tell("database")
    _write_synced(partial, source.read(entries[DATABASE_NAME]))
    with looking_into(partial) as copy:
        contents = copy.read_contents()
        _demand_same(manifest, contents)
        blobs = _list_blobs(copy, entries, manifest)
    _demand_keys(settings, keys, manifest, blobs)
    _put_files(_Store(open_store(settings), is_shared=settings.storage_url is not None), source, blobs, entries, tell)
    with open_house(settings.model_copy(update={"database_url": f"sqlite:///{partial}"})) as house:
        restored = _judge_and_record(house, manifest, backup, wishes, tell)
    partial.rename(settings.data_dir / DATABASE_NAME)
    sync_folder(settings.data_dir)
    return restored


def _demand_same(manifest: Manifest, contents: Contents) -> None:
    if copies.is_of_a_later_release(contents):
        raise BackupRefused(
            f"The backup was made by {manifest.software}, whose database this release does not know. Install that "
            "release, or a later one."
        )
    told = (manifest.registry_id, manifest.log_size, manifest.log_root)
    if told != (contents.registry_id, contents.log_size, contents.log_root):
        raise BackupRefused(f"{DATABASE_NAME} is not the database that the manifest tells of. Nothing was restored.")


def _list_blobs(copy: Copy, entries: dict[str, FileEntry], manifest: Manifest) -> list[StoredBlob]:
    blobs = list(copy.list_blobs())
    known = {*entries, *manifest.missing}
    for blob in blobs:
        for number, attempt, _, _ in blob.parts:
            path = f"files/{part_key(blob.public_id, number, attempt)}"
            if path not in known:
                raise BackupRefused(f"{path} is not in the backup, and its database names it. Nothing was restored.")
    return blobs


def _demand_keys(settings: Settings, keys: KeyRing, manifest: Manifest, blobs: list[StoredBlob]) -> None:
    """Another fingerprint is fine where keys were only added since: the ring then still opens all that is in it."""
    missing = sorted({blob.key_id for blob in blobs} - set(keys.key_ids))
    if keys.fingerprint() != manifest.key_fingerprint and (missing or not _has_signed(keys, manifest)):
        place = "the text in MODELKEEP_KEY" if settings.key is not None else "the key file"
        raise BackupRefused(
            f"The backup belongs to the key with fingerprint {manifest.key_fingerprint}, and {place} has "
            f"{keys.fingerprint()}. Put the right key file in its place, or name it in MODELKEEP_KEY_FILE."
        )


def _has_signed(keys: KeyRing, manifest: Manifest) -> bool:
    return manifest.checkpoint is None or head.is_signed_by(keys, manifest.checkpoint)


class _Store:
    """The file store that files go to; one that was named apart may hold them already, or files of other registries."""

    def __init__(self, store: BlobStore, *, is_shared: bool) -> None:
        self._store = store
        self._is_shared = is_shared

    def put(self, key: str, size: int, runs: Iterator[bytes]) -> None:
        """Store a file. One that is there already must be the same. Raises BackupRefused, StorageError."""
        if not (self._is_shared and self._has(key, size)):
            self._store.put(key, runs)
            return
        offset = 0
        for run in runs:
            if self._store.read(key, offset, len(run)) != run:
                raise BackupRefused(f"The file store has another {key} than the backup. Nothing was restored.")
            offset += len(run)

    def _has(self, key: str, size: int) -> bool:
        try:
            return self._store.size(key) == size
        except BlobMissing:
            return False


def _put_files(
    store: _Store, source: Source, blobs: list[StoredBlob], entries: dict[str, FileEntry], tell: Tell
) -> None:
    passing = BytesProgress(Progress(tell), sum(sealed for blob in blobs for *_, sealed in blob.parts))
    for blob in blobs:
        for number, attempt, _, _ in blob.parts:
            key = part_key(blob.public_id, number, attempt)
            entry = entries.get(f"files/{key}")
            if entry is not None:
                store.put(key, entry.size, passing.counted(source.read(entry)))


def _judge_and_record(house: House, manifest: Manifest, backup: Path, wishes: Wishes, tell: Tell) -> Restored:
    tell("verifying the log")
    with house.reading() as work:
        verdict = verify.verify_log(work)
        progress = Progress(tell)
        files = read_back(work, wishes.read_back, lambda sentence: progress(lambda: sentence))
    lines = [finding.message for finding in verdict.findings]
    lacking = {path.split("/")[1] for path in manifest.missing}
    lines += [f"the stored file {name} does not open" for name in files.broken if name not in lacking]
    if lines and not wishes.accept_findings:
        raise OperationRefused("\n".join([*lines, _DAMAGED_BEFORE]))
    with house.writing() as work:
        # What was ended since the backup would open doors again, and nobody could tell which of them it was.
        ended = {"sessions": sessions.end_all(work), "oneTimeLinks": one_time_links.end_all(work)}
        # What was stored of them is in no backup.
        uploads.forget_open(work)
        recording.record_by_operator(
            work,
            head.RESTORED,
            host=socket.gethostname(),
            object_id=manifest.registry_id,
            after={
                "backup": manifest.id,
                "takenAt": manifest.created_at,
                "events": manifest.log_size,
                "root": manifest.log_root,
                "from": Veiled(str(backup.absolute())),
                "findings": len(lines),
                "ended": ended,
            },
        )
    unsigned = _sign(house)
    with house.reading() as work:
        return Restored(manifest, verdict, files, work.parts.keys.fingerprint(), head.vkey_of(work), unsigned)


def _sign(house: House) -> str | None:
    try:
        with house.writing() as work:
            audit.sign_head(work)
    except IntegrityBroken as error:
        return error.detail
    return None


def _write_synced(path: Path, runs: Iterator[bytes]) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "wb", buffering=RUN_BYTES) as file:
        for run in runs:
            file.write(run)
        file.flush()
        os.fsync(file.fileno())
