"""
Fetching a file: resumed after a cut, checked against its SHA-256, and only then under its own name.

Bytes arrive in `NAME.<12 digits of the SHA-256>.part` beside the target, so that a part left by one version is never
taken for the beginning of another. The rest is asked for by Range with If-Range (RFC 9110, sections 13.1.5 and 14.2).
A cut is continued as long as each connection brings something.
"""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

import httpx2

from modelkeep.errors import ApiError, BadFile, DigestMismatch, UnexpectedAnswer, Unreachable
from modelkeep.local_files import CHUNK_BYTES, hash_file
from modelkeep.progress import OnProgress, Progress, Step
from modelkeep.stored import Artifact, Link
from modelkeep.transport import Transport, wait_seconds

#: With growing waits about half a minute, in which a registry that was restarted is back.
TRIES_WITHOUT_PROGRESS = 8


@dataclass(frozen=True)
class Fetched:
    """A verified file. `file` is where it is; `was_there` means that it was there already, with the same bytes."""

    artifact: Artifact
    file: Path
    was_there: bool


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def fetch_file(
    transport: Transport,
    artifact: Artifact,
    mint: Callable[[], Link],
    folder: Path,
    *,
    overwrite: bool,
    on_progress: OnProgress,
) -> Fetched:
    """
    Fetch one file into `folder`, below it at the artifact's path.

    Args:
        mint: Asks for a fresh link; called once for each connection.
        overwrite: Whether a file with other bytes may be replaced.
    Raises:
        BadFile: The target cannot be written, or is there with other bytes.
        DigestMismatch: What arrived is not what the registry vouches for; the part is removed.
        ApiError, Unreachable: Refused, or cut and not resumed; the part stays for the next time.
    """
    target = locate(folder, artifact.path)
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise BadFile(
            f"{target.parent} leads out of {folder}, by a link.", remedy="Name another folder, or remove the link."
        )
    if target.exists():
        if target.is_file() and target.stat().st_size == artifact.size_bytes:
            here = hash_file(target, path=artifact.path, on_progress=on_progress)
            if here == artifact.sha256:
                return Fetched(artifact, target, was_there=True)
        if not overwrite or not target.is_file():
            raise BadFile(
                f"{target} is there already, with other bytes.",
                remedy="Name another folder, or allow it to be replaced.",
            )
    part = target.with_name(f"{target.name}.{artifact.sha256[:12]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as opened:
            found = _fill(transport, artifact, mint, opened, on_progress)
            opened.flush()
            os.fsync(opened.fileno())
        if found != artifact.sha256:
            part.unlink(missing_ok=True)
            raise DigestMismatch(
                f"{artifact.path}: what arrived has the SHA-256 {found}, the registry vouches for {artifact.sha256}."
            )
        part.replace(target)
    except OSError as error:
        raise BadFile(
            f"{target} cannot be written: {error.strerror}.", remedy="Check the folder's rights and its free space."
        ) from error
    return Fetched(artifact, target, was_there=False)


def locate(folder: Path, path: str) -> Path:
    """Where a path of the registry lands below a folder. Raises UnexpectedAnswer for one that would land elsewhere."""
    parts = PurePosixPath(path).parts
    harmless = (
        parts
        and not path.startswith("/")
        and not any(part in ("..", ".") or set(part) & {"\\", ":", "\0"} for part in parts)
    )
    if not harmless:
        raise UnexpectedAnswer(f"The registry names a file {path!r}, which is no harmless path.")
    return folder.joinpath(*parts)


def _fill(
    transport: Transport, artifact: Artifact, mint: Callable[[], Link], part: BinaryIO, on_progress: OnProgress
) -> str:
    """Bring the part to its full size, and give the SHA-256 of it in hex."""
    digest = _hash_part(artifact, part, on_progress)
    failures = 0
    while part.tell() < artifact.size_bytes:
        before = part.tell()
        try:
            link = mint()
            if link.sha256 != artifact.sha256:
                raise UnexpectedAnswer(f"{artifact.path}: the link is of another file than the one listed.")
            digest = _receive(transport, link, artifact, part, digest, on_progress)
        except (Unreachable, ApiError) as error:
            failures = 0 if part.tell() > before else failures + 1
            wait = wait_seconds(error, failures)
            if failures >= TRIES_WITHOUT_PROGRESS or wait is None:
                raise
            time.sleep(wait)
    return digest.hexdigest()


def _hash_part(artifact: Artifact, part: BinaryIO, on_progress: OnProgress) -> _Digest:
    """What is there already. A part that is longer than the file cannot be its beginning and is emptied."""
    digest = hashlib.sha256()
    if part.seek(0, os.SEEK_END) > artifact.size_bytes:
        part.truncate(0)
    part.seek(0)
    while chunk := part.read(CHUNK_BYTES):
        digest.update(chunk)
        on_progress(Progress(artifact.path, Step.CHECKING, part.tell(), artifact.size_bytes))
    return digest


def _receive(
    transport: Transport, link: Link, artifact: Artifact, part: BinaryIO, digest: _Digest, on_progress: OnProgress
) -> _Digest:
    """One connection's worth of bytes. A cut keeps what arrived: the digest always is of what the part holds."""
    start = part.tell()
    headers = {"Range": f"bytes={start}-", "If-Range": f'"{artifact.sha256}"'} if start else {}
    with transport.stream(link.url, headers) as answer:
        if start and not _continues(answer, start):
            part.truncate(0)
            part.seek(0)
            digest = hashlib.sha256()
        if answer.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:
            return digest
        # A disk is not filled by an answer without an end.
        for chunk in answer.iter_raw():
            if part.tell() + len(chunk) > artifact.size_bytes:
                raise UnexpectedAnswer(f"{artifact.path}: the answer is longer than the file.")
            part.write(chunk)
            digest.update(chunk)
            on_progress(Progress(artifact.path, Step.RECEIVING, part.tell(), artifact.size_bytes))
    if part.tell() < artifact.size_bytes:
        raise UnexpectedAnswer(f"{artifact.path}: the answer ended before the file did.")
    return digest


def _continues(answer: httpx2.Response, start: int) -> bool:
    """Whether the answer goes on where the part ends; otherwise it is the whole file. Raises UnexpectedAnswer."""
    if answer.status_code != httpx2.codes.PARTIAL_CONTENT:
        return False
    told = answer.headers.get("content-range", "")
    if not told.startswith(f"bytes {start}-"):
        raise UnexpectedAnswer(f"Bytes from {start} were asked for, and {told[:60] or 'others'} came.")
    return True
