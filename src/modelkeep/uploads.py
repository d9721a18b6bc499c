"""Sending a file under its SHA-256, computed first and promised in `Repr-Digest` (RFC 9530)."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from modelkeep.addresses import Address
from modelkeep.errors import BadFile, DigestMismatch
from modelkeep.models import Artifact
from modelkeep.progress import OnProgress, Progress, Step
from modelkeep.reading import read
from modelkeep.transport import Transport

CHUNK_BYTES = 1024 * 1024


def send_file(
    transport: Transport, version: Address, file: Path, *, path: str, kind: str, on_progress: OnProgress
) -> Artifact:
    """
    Send one file as `path` of a version. A file that is already there with the same bytes is not sent twice.

    Raises:
        BadFile: It cannot be read, or is no file.
        DigestMismatch: The registry vouches for other bytes than those sent.
        ApiError: Refused.
    """
    with open_file(file) as opened:
        size_bytes = os.fstat(opened.fileno()).st_size
        digest = hashlib.sha256()
        for chunk in _read_chunks(opened, Progress(path, Step.HASHING, 0, size_bytes), on_progress):
            digest.update(chunk)
        size_bytes = opened.tell()

        def open_body() -> Iterator[bytes]:
            opened.seek(0)
            return _read_chunks(opened, Progress(path, Step.SENDING, 0, size_bytes), on_progress)

        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size_bytes),
            "Repr-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
        }
        told = transport.put_stream(version.file_route(path), open_body, headers, {"type": kind})
    artifact = read(Artifact, told)
    if artifact.sha256 != digest.hexdigest():
        raise DigestMismatch(
            f"{path}: the registry holds the SHA-256 {artifact.sha256}, the file here has {digest.hexdigest()}."
        )
    return artifact


def hash_file(file: Path, *, path: str, on_progress: OnProgress) -> str:
    """The SHA-256 of a file of this machine, in hex. Raises BadFile."""
    digest = hashlib.sha256()
    with open_file(file) as opened:
        begun = Progress(path, Step.CHECKING, 0, os.fstat(opened.fileno()).st_size)
        for chunk in _read_chunks(opened, begun, on_progress):
            digest.update(chunk)
    return digest.hexdigest()


def open_file(file: Path) -> BinaryIO:
    """A file opened for reading. Raises BadFile."""
    try:
        if file.is_dir():
            raise BadFile(f"{file} is a folder.", remedy="Name the files in it.")
        return file.open("rb")
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}.", remedy="Check the path and its rights.") from error


def _read_chunks(opened: BinaryIO, begun: Progress, on_progress: OnProgress) -> Iterator[bytes]:
    done_bytes = 0
    on_progress(begun)
    while chunk := opened.read(CHUNK_BYTES):
        yield chunk
        done_bytes += len(chunk)
        on_progress(Progress(begun.path, begun.step, done_bytes, begun.total_bytes))
