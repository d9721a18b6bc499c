"""Blobs as files in one folder of this machine, durable and whole or not there at all."""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

from modelkeep_server.adapters.blobs import direct
from modelkeep_server.adapters.blobs.keys import demand_key
from modelkeep_server.ports import BlobMissing, BytesLike, StorageDown, StorageError, StorageFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_INCOMING = "incoming"
_STALE_SECONDS = 24 * 3600
_RENAME_TRIES = 5


class FolderBlobs:
    """
    A BlobStore in a folder: `<root>/<2 hex>/<2 hex>/<key>`, the hex drawn from a hash of the key's first name.

    A blob is written beside (`<root>/incoming/`), synced, renamed into place, and the folder synced: the order that
    survives a power cut. Folders are 0700 and files 0600. The root must not be shared with other uses.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder if need be, and clear what crashed writers left over a day ago. Raises StorageDown."""
        self._root = root.absolute()
        self._incoming = self._root / _INCOMING
        with _translated(str(root), missing=StorageDown):
            self._root.parent.mkdir(parents=True, exist_ok=True)
            _make_folder(self._incoming, below=self._root.parent)
            _sync_folders(self._root, up_to=self._root.parent)
            self._clear_stale()

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `file:///absolute/folder`. Raises ValueError for a host, a query or a relative path."""
        parts = urlsplit(url)
        path = Path(url2pathname(parts.path))
        if parts.netloc or parts.query or parts.fragment or not path.is_absolute():
            raise ValueError(f"The storage URL {url!r} is not of the form file:///absolute/folder.")
        return cls(path)

    @property
    def place(self) -> str:
        """See BlobStore.place."""
        return f"Folder {self._root}"

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        """See BlobStore.put."""
        target = self._path(key)
        written = self._incoming / f"{secrets.token_hex(16)}.part"
        with _translated(key, missing=StorageDown):
            try:
                size_bytes = _write_synced(written, data)
                self._move_into_place(written, target)
            except BaseException:
                written.unlink(missing_ok=True)
                raise
        return size_bytes

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See BlobStore.read."""
        with self._opened(key, offset, length) as opened:
            return _read_fully(opened, offset, length)

    def borrow(self, key: str, offset: int, length: int, *, fresh: bool = False) -> BytesLike:
        """See BlobStore.borrow."""
        with self._opened(key, offset, length) as opened:
            return direct.borrow(opened, offset, length, fresh=fresh)

    def size(self, key: str) -> int:
        """See BlobStore.size."""
        with _translated(key):
            found = self._path(key).lstat()
            if not stat.S_ISREG(found.st_mode):
                raise FileNotFoundError
            return found.st_size

    def delete(self, key: str) -> None:
        """See BlobStore.delete. Leaves no empty folder of the key behind."""
        target = self._path(key)
        with _translated(key):
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                target.unlink()
            folder = target.parent
            for _ in range(key.count("/")):
                if not _remove_if_empty(folder):
                    break
                folder = folder.parent

    def list_keys(self, prefix: str = "") -> Iterator[str]:
        """See BlobStore.list_keys."""
        first, whole_name, _ = prefix.partition("/")
        with _translated(prefix):
            # With its whole first name known, the prefix lies in one place; otherwise all are looked through.
            tops = [self._path(first)] if whole_name else self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")
            for top in tops:
                yield from (key for key in _keys_under(top) if key.startswith(prefix))

    def health(self) -> None:
        """See BlobStore.health."""
        probe = self._incoming / f"{secrets.token_hex(16)}.probe"
        with _translated("the health probe", missing=StorageDown):
            try:
                _write_synced(probe, [b"ok"])
            finally:
                probe.unlink(missing_ok=True)

    @contextmanager
    def _opened(self, key: str, offset: int, length: int) -> Iterator[int]:
        if offset < 0 or length < 0:
            raise ValueError("Offset and length are not negative.")
        with _translated(key):
            opened = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                yield opened
            finally:
                os.close(opened)

    def _path(self, key: str) -> Path:
        demand_key(key)
        fan = hashlib.sha256(key.partition("/")[0].encode("ascii")).hexdigest()
        return self._root / fan[:2] / fan[2:4] / key

    def _move_into_place(self, written: Path, target: Path) -> None:
        for tries_left in reversed(range(_RENAME_TRIES)):
            try:
                _make_folder(target.parent, below=self._root)
                written.rename(target)
                break
            except FileNotFoundError:
                # A delete beside us may have taken the folder away while it was empty.
                if not tries_left:
                    raise
        _sync_folders(target.parent, up_to=self._root)

    def _clear_stale(self) -> None:
        oldest = time.time() - _STALE_SECONDS
        for left in self._incoming.iterdir():
            if left.stat().st_mtime < oldest:
                left.unlink(missing_ok=True)


@contextmanager
def _translated(what: str, *, missing: type[StorageError] = BlobMissing) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise missing(f"There is nothing at the place of {what}.") from error
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"There is no room for {what}: {error.strerror}.") from error
        raise StorageDown(f"The storage folder fails on {what}: {error.strerror or error}.") from error


def _read_fully(opened: int, offset: int, length: int) -> bytes:
    run = os.pread(opened, length, offset)
    if len(run) in (0, length):
        return run
    runs = [run]
    while run and length > (have := sum(map(len, runs))):
        run = os.pread(opened, length - have, offset + have)
        runs.append(run)
    return b"".join(runs)


def _write_synced(path: Path, data: Iterable[BytesLike]) -> int:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        size_bytes = direct.write_runs(opened, data)
        _sync(opened)
    finally:
        os.close(opened)
    return size_bytes


def _sync(opened: int) -> None:
    if sys.platform == "darwin":
        # fsync on macOS stops at the drive's own cache.
        fcntl.fcntl(opened, fcntl.F_FULLFSYNC)
    else:
        os.fsync(opened)


def _sync_folders(folder: Path, *, up_to: Path) -> None:
    """
    Make the names in `folder`, and its own name in each folder up to `up_to`, outlive a power cut.

    The upper ones are synced each time: another writer may have made them a moment ago and not be there yet. Where
    nothing changed this costs microseconds.
    """
    for step in (folder, *folder.parents):
        opened = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
        if step == up_to:
            return


def _make_folder(folder: Path, *, below: Path) -> None:
    """Make each missing folder from `below`, which exists, down to `folder`. Not yet synced."""
    if folder.is_dir():
        return
    step = below
    for name in folder.relative_to(below).parts:
        step = step / name
        # Not `exist_ok`: it looks again whether the folder is there, and a delete beside us may have taken it away.
        with suppress(FileExistsError):
            step.mkdir(mode=0o700)


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
            return error.errno == errno.ENOENT
        raise
    return True


def _keys_under(top: Path) -> Iterator[str]:
    if top.is_file():
        yield top.name
    for folder, _, names in os.walk(top, onerror=_raise_unless_gone):
        for name in names:
            yield (Path(folder) / name).relative_to(top.parent).as_posix()


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
