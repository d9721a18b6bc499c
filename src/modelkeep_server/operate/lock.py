"""
One process per data folder on SQLite, held by a lock file that also says where the running server listens for
operators.

Two processes on one WAL database can corrupt it on SQLite before 3.51.3, so the second is refused by name.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

LOCK_NAME = "modelkeep.lock"


class FolderInUse(Exception):
    """Another process holds the data folder. `socket` is where it listens for operators, None while it starts."""

    def __init__(self, folder: Path, pid: int | None, socket: str | None) -> None:
        super().__init__(f"{folder} is in use by process {pid or 'unknown'}.")
        self.pid = pid
        self.socket = socket


class FolderLock:
    """Holds a data folder for this process until it ends, however it ends: the lock is the kernel's."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / LOCK_NAME
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            told = _read(self._file)
            os.close(self._file)
            raise FolderInUse(folder, told.pid, told.socket) from error
        self.tell(None)

    def tell(self, socket: str | None) -> None:
        """Write down who holds the folder and where they listen for operators."""
        told = json.dumps({"pid": os.getpid(), "socket": socket}).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, told, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


@dataclass(frozen=True)
class _Told:
    pid: int | None
    socket: str | None


def _read(file: int) -> _Told:
    try:
        told = json.loads(os.pread(file, 4096, 0) or b"{}")
    except ValueError:
        told = {}
    return _Told(told.get("pid"), told.get("socket"))
