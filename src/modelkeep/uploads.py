"""
Sending a file under its SHA-256, computed first: a small one in one request, a large one in parts.

The registry is told the digest before it takes a byte (`Repr-Digest`, RFC 9530), so that what arrives changed is
refused there, and the answer is compared with it here.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelkeep.addresses import Address
from modelkeep.errors import DigestMismatch
from modelkeep.local_files import hash_opened, open_file, read_chunks
from modelkeep.progress import OnProgress, Progress, Step
from modelkeep.reading import read
from modelkeep.resuming import Sending, send_in_parts
from modelkeep.stored import Artifact
from modelkeep.transport import Transport

#: A file up to this size goes in one request; sent again whole after a cut, which costs less than asking how far it is.
ONE_REQUEST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class NewFile:
    """What is to be sent: a file of this machine, as `path` and `kind` of a version. `restart`: go on with nothing."""

    version: Address
    file: Path
    path: str
    kind: str
    restart: bool = False


def send_file(transport: Transport, new: NewFile, on_progress: OnProgress) -> Artifact:
    """
    Send one file. One that is already there with the same bytes is not sent twice; one begun before is gone on with.

    Raises:
        BadFile: It cannot be read, is no file, or was changed while it was sent.
        DigestMismatch: The registry vouches for other bytes than those sent.
        ApiError, Unreachable: Refused, or cut and not resumed; then what arrived is kept for the next time.
    """
    with open_file(new.file) as opened:
        digest = hash_opened(opened, path=new.path, step=Step.HASHING, on_progress=on_progress)
        size_bytes = opened.tell()
        if size_bytes <= ONE_REQUEST_BYTES:
            artifact = _send_whole(transport, new, opened, digest, on_progress)
        else:
            sending = Sending(new.version, new.path, new.kind, size_bytes, digest.hex(), opened)
            artifact = send_in_parts(transport, sending, restart=new.restart, on_progress=on_progress)
    if artifact.sha256 != digest.hex():
        raise DigestMismatch(
            f"{new.path}: the registry holds the SHA-256 {artifact.sha256}, the file here has {digest.hex()}."
        )
    return artifact


def _send_whole(
    transport: Transport, new: NewFile, opened: BinaryIO, digest: bytes, on_progress: OnProgress
) -> Artifact:
    size_bytes = opened.tell()

    def open_body() -> Iterator[bytes]:
        opened.seek(0)
        begun = Progress(new.path, Step.SENDING, 0, size_bytes)
        return read_chunks(opened, begun, on_progress, limit_bytes=size_bytes)

    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(size_bytes),
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
    }
    return read(
        Artifact, transport.put_stream(new.version.file_route(new.path), open_body, headers, {"type": new.kind})
    )
