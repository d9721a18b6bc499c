"""Files of this machine: opened, read and hashed."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from modelkeep.errors import BadFile
from modelkeep.progress import OnProgress, Progress, Step

CHUNK_BYTES = 1024 * 1024


def is_empty(file: Path) -> bool:
    """Whether it is a file of no bytes. False for pipes, and for what cannot be read, which is said as it is opened."""
    try:
        return file.is_file() and not file.stat().st_size
    except OSError:
        return False


def open_file(file: Path) -> BinaryIO:
    """A file opened for reading. Raises BadFile."""
    try:
        if file.is_dir():
            raise BadFile(f"{file} is a folder.", remedy="Name the files in it.")
        return file.open("rb")
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}.", remedy="Check the path and its rights.") from error


def hash_file(file: Path, *, path: str, on_progress: OnProgress) -> str:
    """The SHA-256 of a file of this machine, in hex. Raises BadFile."""
    with open_file(file) as opened:
        return hash_opened(opened, path=path, step=Step.CHECKING, on_progress=on_progress).hex()


def hash_opened(opened: BinaryIO, *, path: str, step: Step, on_progress: OnProgress) -> bytes:
    """The SHA-256 of an opened file, from where it stands to its end, where it then stands. Raises BadFile."""
    digest = hashlib.sha256()
    for chunk in read_chunks(opened, Progress(path, step, 0, os.fstat(opened.fileno()).st_size), on_progress):
        digest.update(chunk)
    return digest.digest()


def hash_stretch(opened: BinaryIO, start: int, size_bytes: int) -> str:
    """The SHA-256 of some bytes of an opened file, in hex; of fewer where it ends before. Raises BadFile."""
    digest = hashlib.sha256()
    opened.seek(start)
    while size_bytes > 0 and (chunk := _read(opened, min(CHUNK_BYTES, size_bytes))):
        digest.update(chunk)
        size_bytes -= len(chunk)
    return digest.hexdigest()


def read_chunks(
    opened: BinaryIO, begun: Progress, on_progress: OnProgress, *, limit_bytes: int | None = None
) -> Iterator[bytes]:
    """
    The bytes from where the file stands, a MiB at a time, each told once it was taken.

    Args:
        begun: Where the step stands now; what is told counts on from there.
        limit_bytes: No more than these; None for all to the end.
    Raises:
        BadFile.
    """
    done_bytes, left = 0, limit_bytes
    on_progress(begun)
    while chunk := _read(opened, CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
        yield chunk
        done_bytes += len(chunk)
        left = None if left is None else left - len(chunk)
        on_progress(Progress(begun.path, begun.step, begun.done_bytes + done_bytes, begun.total_bytes))


def _read(opened: BinaryIO, size_bytes: int) -> bytes:
    try:
        return opened.read(size_bytes)
    except OSError as error:
        raise BadFile(f"{opened.name} cannot be read: {error.strerror}.", remedy="Check the disk it is on.") from error
