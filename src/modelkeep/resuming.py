"""
Sending a large file in parts, by tus 1.0: each cut is gone on from where the registry has it, also in a later run.

An open upload is taken up again where the digests of what is stored are those of the file here; the whole is compared
by its SHA-256 at the end. The parts bear no checksum of their own: with one, the registry may keep nothing of a part
that was cut.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from modelkeep.addresses import Address
from modelkeep.errors import ApiError, BadFile, Conflict, Gone, NotFound, UnexpectedAnswer, Unreachable
from modelkeep.listing import list_all
from modelkeep.local_files import hash_stretch, read_chunks
from modelkeep.progress import OnProgress, Progress, Step
from modelkeep.reading import read
from modelkeep.stored import Artifact, Upload
from modelkeep.transport import Transport, wait_seconds

T = TypeVar("T")

ROUTE = "/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART_BYTES = 16 * 1024 * 1024
#: With growing waits about half a minute, in which a registry that was restarted is back.
TRIES_WITHOUT_PROGRESS = 8
#: Of tus: another request holds the upload still, or what arrived was not what was sent.
_AGAIN = frozenset({408, 423, 460})


@dataclass(frozen=True)
class Sending:
    """A file to send, opened and hashed. `sha256` is in hex; `opened` is read from wherever the registry goes on."""

    version: Address
    path: str
    kind: str
    size_bytes: int
    sha256: str
    opened: BinaryIO


def send_in_parts(transport: Transport, sending: Sending, *, restart: bool, on_progress: OnProgress) -> Artifact:
    """
    Send a file, from where an earlier run was cut where there is one.

    Args:
        restart: End open uploads of this path, and begin anew.
    Raises:
        BadFile, UnexpectedAnswer; ApiError, Unreachable: refused, or cut and not resumed.
    """
    present = _find_artifact(transport, sending)
    if present is not None:
        return present
    if restart:
        for upload in list_open(transport, sending.version):
            if upload.path == sending.path:
                discard(transport, upload.id)
    began_anew = False
    while True:
        upload_id = _patiently(lambda: _find_open(transport, sending, on_progress) or _begin(transport, sending))
        try:
            return _go_on(transport, sending, upload_id, on_progress)
        except (NotFound, Gone):
            # It expired, or was ended by somebody, perhaps by the registry once it had become the file.
            present = _find_artifact(transport, sending)
            if present is not None:
                return present
            if began_anew:
                raise
            began_anew = True


def list_open(transport: Transport, version: Address) -> list[Upload]:
    """One's own unfinished uploads to a version."""
    asked = {"model": f"{version.group}/{version.name}", "version": version.version}
    return list(list_all(transport, ROUTE, Upload, asked))


def get_upload(transport: Transport, upload_id: str) -> Upload:
    """One of one's own uploads, with its parts. Raises NotFound, Gone."""
    return read(Upload, transport.get(_route_of(upload_id)))


def discard(transport: Transport, upload_id: str) -> None:
    """End an upload; what was stored of it is removed. Raises NotFound, Gone."""
    transport.delete(_route_of(upload_id), TUS)


def _find_artifact(transport: Transport, sending: Sending) -> Artifact | None:
    """The file, where it is in the version already, with these bytes."""
    listed = list_all(transport, f"{sending.version.version_route}/artifacts", Artifact)
    return next((file for file in listed if (file.path, file.sha256) == (sending.path, sending.sha256)), None)


def _find_open(transport: Transport, sending: Sending, on_progress: OnProgress) -> str | None:
    """An open upload whose stored bytes are the beginning of this file."""
    for upload in list_open(transport, sending.version):
        fits = (upload.path, upload.type, upload.size_bytes) == (sending.path, sending.kind, sending.size_bytes)
        if not fits or upload.sha256 not in (None, sending.sha256):
            continue
        for part in get_upload(transport, upload.id).parts:
            if hash_stretch(sending.opened, part.start, part.size_bytes) != part.sha256:
                break
            done = part.start + part.size_bytes
            on_progress(Progress(sending.path, Step.CHECKING, done, sending.size_bytes))
        else:
            return upload.id
    return None


def _begin(transport: Transport, sending: Sending) -> str:
    where = sending.version
    told = {
        "model": f"{where.group}/{where.name}",
        "version": where.version or "",
        "type": sending.kind,
        "path": sending.path,
        "sha256": sending.sha256,
    }
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**TUS, "Upload-Length": str(sending.size_bytes), "Upload-Metadata": metadata}
    answer = transport.send("POST", ROUTE, headers)
    upload_id = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
    if not upload_id:
        raise UnexpectedAnswer("The registry began an upload and did not say where it goes on.")
    return upload_id


def _go_on(transport: Transport, sending: Sending, upload_id: str, on_progress: OnProgress) -> Artifact:
    """Send what is missing. A cut is gone on from as long as something arrives between two of them."""
    reached, failures = -1, 0
    while True:
        try:
            offset = _ask_offset(transport, upload_id)
            if offset > reached:
                reached, failures = offset, 0
            while offset < sending.size_bytes:
                offset = _send_part(transport, sending, upload_id, offset, on_progress)
            artifact = get_upload(transport, upload_id).artifact
            if artifact is None:
                raise NotFound(
                    f"{sending.path} was sent, and taken out of the version again at once.",
                    status=404, code="not_found", remedy="See `modelkeep activity`.",
                )  # fmt: skip
            return artifact
        except (Unreachable, ApiError) as error:
            failures += 1
            wait = _wait_of(error, failures)
            if wait is None or failures >= TRIES_WITHOUT_PROGRESS:
                raise
            time.sleep(wait)


def _ask_offset(transport: Transport, upload_id: str) -> int:
    told = transport.send("HEAD", _route_of(upload_id), TUS).headers.get("upload-offset", "")
    if not told.isdigit():
        raise UnexpectedAnswer("The registry did not say how far the upload is.")
    return int(told)


def _send_part(transport: Transport, sending: Sending, upload_id: str, offset: int, on_progress: OnProgress) -> int:
    """Send up to 16 MiB from an offset. Gives the next one; an offset that differs is asked for, and gone on from."""
    size_bytes = min(PART_BYTES, sending.size_bytes - offset)
    sending.opened.seek(offset)
    begun = Progress(sending.path, Step.SENDING, offset, sending.size_bytes)
    headers = {
        **TUS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(size_bytes),
    }
    body = read_chunks(sending.opened, begun, on_progress, limit_bytes=size_bytes)
    try:
        told = transport.send("PATCH", _route_of(upload_id), headers, body).headers.get("upload-offset", "")
    except Conflict:
        there = _ask_offset(transport, upload_id)
        if there == offset:
            raise
        return there
    except Unreachable as error:
        if sending.opened.seek(0, 2) < sending.size_bytes:
            raise BadFile(
                f"{sending.opened.name} was cut short while it was sent.", remedy="Send it once it is whole."
            ) from error
        raise
    if not told.isdigit() or not offset < int(told) <= sending.size_bytes:
        raise UnexpectedAnswer(f"The registry goes on at {told[:20] or 'nowhere'} after {offset + size_bytes}.")
    return int(told)


def _patiently(ask: Callable[[], T]) -> T:
    """
    Ask until it is answered. What was begun and whose answer was lost is found among the open uploads.
    """
    for failures in range(1, TRIES_WITHOUT_PROGRESS + 1):
        try:
            return ask()
        except (Unreachable, ApiError) as error:
            wait = _wait_of(error, failures)
            if wait is None or failures == TRIES_WITHOUT_PROGRESS:
                raise
            time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _wait_of(error: Unreachable | ApiError, failures: int) -> float | None:
    again = isinstance(error, ApiError) and error.status in _AGAIN
    cut = Unreachable(error.detail) if again else error
    return wait_seconds(cut, failures - 1)


def _route_of(upload_id: str) -> str:
    return f"{ROUTE}/{quote(upload_id, safe='')}"
