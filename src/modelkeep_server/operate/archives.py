"""
The form of a backup: a folder, or a tar file of the same names, that holds the copy of the database (`modelkeep.db`),
the sealed files (`files/<id>/<part>`), and last `manifest.json`, which names every one with its size and SHA-256.

It is written beside its name (`NAME.partial`) and renamed once all of it is on the disk, so what has the name is whole.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from modelkeep_server.settings.storing import DATABASE_NAME

FORMAT = 1
KIND = "modelkeep-backup"
MANIFEST_NAME = "manifest.json"
PARTIAL = ".partial"
RUN_BYTES = 1024 * 1024
_FILE_PATH = re.compile(r"files/[a-z0-9][a-z0-9-]{0,79}/[0-9]{1,9}-[0-9]{1,16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BackupRefused(Exception):
    """A backup that cannot be written or cannot be used. The text names the file and what to do."""


@dataclass(frozen=True)
class FileEntry:
    """One file of a backup. `size` in bytes, `sha256` in hex, both of the bytes as they stand in the backup."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """
    What a backup says of itself. `checkpoint` is the newest signed head in the copy; `missing` are files that the
    database names and that were not in the store when the backup was made.
    """

    id: str
    created_at: str
    software: str
    schema: str
    registry_id: str
    key_fingerprint: str
    log_size: int
    log_root: str
    checkpoint: str | None
    files: tuple[FileEntry, ...]
    missing: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """The text of `manifest.json`."""
        told = {"kind": KIND, "format": FORMAT, **asdict(self)}
        return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Read `manifest.json`. Raises BackupRefused."""
        try:
            told = json.loads(content)
            if told["kind"] != KIND:
                raise ValueError("another kind of file")
            if told["format"] != FORMAT:
                raise BackupRefused(
                    f"{MANIFEST_NAME} has format {str(told['format'])[:20]}, and this release reads {FORMAT}. "
                    "Restore with the release that made the backup, or a later one."
                )
            return _read_members(told)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BackupRefused(f"{MANIFEST_NAME} is damaged, or not that of a backup. Take another backup.") from error


def _read_members(told: dict[str, Any]) -> Manifest:
    files = tuple(FileEntry(_path(f["path"]), _size(f["size"]), _digest(f["sha256"])) for f in told["files"])
    paths = [file.path for file in files]
    if DATABASE_NAME not in paths or len(set(paths)) != len(paths):
        raise ValueError("no database, or two files of one name")
    words = ("id", "created_at", "software", "schema", "registry_id", "key_fingerprint", "log_root")
    note = told["checkpoint"]
    if note is not None and not isinstance(note, str):
        raise ValueError("checkpoint")
    return Manifest(
        **{word: _word(told[word]) for word in words},
        log_size=_size(told["log_size"]),
        checkpoint=note,
        files=files,
        missing=tuple(_path(path) for path in told["missing"]),
    )


def _path(value: Any) -> str:
    if isinstance(value, str) and (value == DATABASE_NAME or _FILE_PATH.fullmatch(value)):
        return value
    raise ValueError("a path that no backup has")


def _size(value: Any) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise ValueError("a size")


def _digest(value: Any) -> str:
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return value
    raise ValueError("a digest")


def _word(value: Any) -> str:
    if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable():
        return value
    raise ValueError("a text")


class Archive(Protocol):
    """A backup that is being written."""

    def add(self, path: str, size: int, runs: Iterable[bytes]) -> FileEntry:
        """Write one file of exactly `size` bytes. Raises OSError, and whatever `runs` raise."""

    def take(self, path: str, file: Path) -> FileEntry:
        """Move a file of this disk into the backup. Raises OSError."""

    def finish(self, manifest: Manifest) -> int:
        """Write the manifest, bring all of it to the disk, and give the size of the backup in bytes."""


@contextmanager
def new_archive(target: Path) -> Iterator[tuple[Archive, Path]]:
    """
    Begin a backup, and a place beside it for one file that is taken in later. A block that raises leaves nothing.

    Raises:
        BackupRefused: The name is taken, or the folder it would stand in is not there.
    """
    partial, aside = target.with_name(target.name + PARTIAL), target.with_name(target.name + PARTIAL + ".db")
    if not target.parent.is_dir():
        raise BackupRefused(f"There is no folder {target.parent}. Make it first.")
    for path in (target, partial, aside):
        if path.is_symlink() or path.exists():
            left = "" if path == target else " A backup that was cut short left it: remove it."
            raise BackupRefused(f"{path} is there already; a backup overwrites nothing.{left}")
    archive: _Folder | _Tar | None = None
    try:
        archive = (_Tar if target.suffix == ".tar" else _Folder)(partial)
        yield archive, aside
        partial.rename(target)
        sync_folder(target.parent)
    except BaseException:
        if isinstance(archive, _Tar):
            archive.close()
        _remove(partial)
        raise
    finally:
        aside.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


class _Folder:
    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700)
        self._root = root
        self._size_bytes = 0

    def add(self, path: str, size: int, runs: Iterable[bytes]) -> FileEntry:
        target = self._root / path
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        digest, written = hashlib.sha256(), 0
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "wb", buffering=0) as file:
            for run in runs:
                digest.update(run)
                written += len(run)
                _write_all(file, run)
            os.fsync(file.fileno())
        _demand_size(path, written, size)
        self._size_bytes += size
        return FileEntry(path, size, digest.hexdigest())

    def take(self, path: str, file: Path) -> FileEntry:
        with file.open("rb") as copied:
            os.fchmod(copied.fileno(), 0o600)
            os.fsync(copied.fileno())
            entry = FileEntry(
                path, os.fstat(copied.fileno()).st_size, hashlib.file_digest(copied, "sha256").hexdigest()
            )
        file.rename(self._root / path)
        self._size_bytes += entry.size
        return entry

    def finish(self, manifest: Manifest) -> int:
        content = manifest.to_json()
        self.add(MANIFEST_NAME, len(content), [content])
        for folder, _, _ in os.walk(self._root):
            sync_folder(Path(folder))
        return self._size_bytes


class _Tar:
    def __init__(self, path: Path) -> None:
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(opened, "wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=RUN_BYTES)

    def add(self, path: str, size: int, runs: Iterable[bytes]) -> FileEntry:
        told = tarfile.TarInfo(path)
        told.size, told.mode = size, 0o600
        source = _Hashing(runs)
        self._tar.addfile(told, source)  # type: ignore[arg-type]
        _demand_size(path, source.seen + len(source.read(1)), size)
        return FileEntry(path, size, source.digest.hexdigest())

    def take(self, path: str, file: Path) -> FileEntry:
        with file.open("rb") as copied:
            entry = self.add(path, file.stat().st_size, iter(lambda: copied.read(RUN_BYTES), b""))
        file.unlink()
        return entry

    def finish(self, manifest: Manifest) -> int:
        content = manifest.to_json()
        self.add(MANIFEST_NAME, len(content), [content])
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size_bytes = self._file.tell()
        self._file.close()
        return size_bytes

    def close(self) -> None:
        """Let go of the file without finishing it. What cannot be written any more is given up."""
        try:
            self._file.close()
        except OSError:
            return


class _Hashing:
    """Runs of bytes as a file that is read once and hashed on the way."""

    def __init__(self, runs: Iterable[bytes]) -> None:
        self._runs = iter(runs)
        self._rest = b""
        self.digest = hashlib.sha256()
        self.seen = 0

    def read(self, size: int) -> bytes:
        while len(self._rest) < size:
            run = next(self._runs, b"")
            if not run:
                break
            self._rest += run
        found, self._rest = self._rest[:size], self._rest[size:]
        self.digest.update(found)
        self.seen += len(found)
        return found


def _demand_size(path: str, written: int, size: int) -> None:
    if written != size:
        raise BackupRefused(f"{path} has {written:,} bytes where {size:,} were expected: it changed meanwhile.")


def _write_all(file: Any, run: bytes) -> None:
    rest = memoryview(run)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class Source:
    """A backup that is read. Every file is checked against the manifest while its bytes pass."""

    def __init__(self, name: str, open_file: Callable[[str], BinaryIO | None]) -> None:
        self._name = name
        self._open = open_file
        content = self._open(MANIFEST_NAME)
        if content is None:
            raise BackupRefused(f"{name} has no {MANIFEST_NAME}: it is no backup, or was cut short.")
        with content:
            self.manifest = Manifest.from_json(_reading(content, MANIFEST_NAME, -1))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """The bytes of one file; raises BackupRefused, at the latest after the last, where they are not those noted."""
        file = self._open(entry.path)
        if file is None:
            raise BackupRefused(f"{entry.path} is missing in {self._name}. Nothing was restored.")
        digest, seen = hashlib.sha256(), 0
        with file:
            while run := _reading(file, entry.path, RUN_BYTES):
                seen += len(run)
                if seen > entry.size:
                    break
                digest.update(run)
                yield run
        if seen != entry.size or digest.hexdigest() != entry.sha256:
            raise BackupRefused(
                f"{entry.path} in {self._name} is damaged: its size or SHA-256 is not the one in {MANIFEST_NAME}. "
                "Nothing was restored."
            )


def _reading(file: BinaryIO, path: str, size: int) -> bytes:
    try:
        return file.read(size)
    except (OSError, tarfile.TarError) as error:
        raise BackupRefused(f"{path} cannot be read: {error}. Nothing was restored.") from error


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a backup, folder or tar file. Raises BackupRefused."""
    if path.is_dir():
        yield Source(str(path), lambda name: _open_in_folder(path, name))
        return
    try:
        tar = tarfile.TarFile.open(path, "r:")
    except (OSError, tarfile.TarError) as error:
        raise BackupRefused(f"{path} is neither the folder nor the tar file of a backup: {error}.") from error
    with tar:
        members = _list_members(tar, path)
        yield Source(str(path), lambda name: _open_in_tar(tar, members.get(name)))


def _list_members(tar: tarfile.TarFile, path: Path) -> dict[str, tarfile.TarInfo]:
    try:
        return {member.name: member for member in tar.getmembers() if member.isreg() and not member.issparse()}
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupRefused(f"{path} is damaged, or was cut short: {error}. Nothing was restored.") from error


def _open_in_folder(root: Path, name: str) -> BinaryIO | None:
    try:
        opened = os.open(root / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackupRefused(f"{root / name} cannot be read: {error.strerror}.") from error
    file = os.fdopen(opened, "rb")
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        file.close()
        return None
    return file


def _open_in_tar(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> BinaryIO | None:
    found = None if member is None else tar.extractfile(member)
    return None if found is None else cast(BinaryIO, found)
