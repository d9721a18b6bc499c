"""
Files on their way in, shared by every interface that takes them: received, looked through, published.

No transaction is open while bytes move or a file is looked through.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

import anyio.to_thread
from anyio import CancelScope
from fastapi import Request
from starlette.requests import ClientDisconnect

from modelkeep_server.features.artifacts import service
from modelkeep_server.features.artifacts.judging import scanning
from modelkeep_server.features.artifacts.service import NewFile, Ticket
from modelkeep_server.features.artifacts.store_faults import storage_answers
from modelkeep_server.features.artifacts.uploading import receiving
from modelkeep_server.features.artifacts.uploading.intake import Received
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.inspection.report import Report
from modelkeep_server.interfaces.door import asking_of
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.places import place_among
from modelkeep_server.kit import digest_headers
from modelkeep_server.rules.errors import FieldError, Invalid, Malformed, Unavailable

UPLOADS_AT_ONCE, UPLOADS_OF_ONE = 40, 20


def place_for(desk: Desk) -> AbstractContextManager[None]:
    """
    A place among the uploads that run; each holds up to 40 MiB, also while its client is slow. Raises Unavailable.
    """
    return place_among(
        desk.door.uploads, asking_of(desk.request).actor.answered_by, of_all=UPLOADS_AT_ONCE, of_one=UPLOADS_OF_ONE,
        full="Too many files are being uploaded at this moment.",
    )  # fmt: skip


async def take_in(desk: Desk, ticket: Ticket, promised: str | None) -> Artifact:
    """Receive the body of the request as one file, and publish it. Raises as `publish`, Malformed, Unavailable."""
    parts = desk.door.parts
    desk.request.state.body_bytes_max = None
    with storage_answers():
        received = await receiving.receive(
            body_of(desk.request), parts.blobs, ticket.dek, ticket.blob_id, parts.limits.upload_bytes
        )
    return await publish(desk, ticket, received, promised)


async def take_in_text(desk: Desk, new: NewFile, content: bytes) -> Artifact:
    """Take a small file that was made here, as if it had been sent. Raises as `take_in`."""
    sha256 = hashlib.sha256(content).hexdigest()
    ticket = await desk.read(
        lambda work, actor: service.allow_upload(work, actor, new, sha256=sha256, size_bytes=len(content))
    )
    if ticket.present is not None:
        return ticket.present
    parts = desk.door.parts

    async def once() -> AsyncIterator[bytes]:
        yield content

    with storage_answers():
        received = await receiving.receive(once(), parts.blobs, ticket.dek, ticket.blob_id, len(content))
    return await publish(desk, ticket, received, None)


async def publish(desk: Desk, ticket: Ticket, received: Received, promised: str | None) -> Artifact:
    """
    Look through a file that was received and read back, and make it visible. What is not needed of it is removed.

    Args:
        promised: The SHA-256 that the client told, bare hex, or None.
    Raises:
        Invalid where it differs; as `service.publish_upload`.
    """
    parts = desk.door.parts
    keep = False
    try:
        report = await judge(desk, ticket, received, promised)
        artifact, keep = await desk.write(
            lambda work, actor: service.publish_upload(work, actor, ticket, received, report)
        )
    except BaseException as error:
        keep = is_unsure(error)
        raise
    finally:
        if not keep:
            with CancelScope(shield=True):
                await desk.door.hop(lambda: service.discard_parts(parts.blobs, ticket.blob_id, received.parts))
    return artifact


async def judge(desk: Desk, ticket: Ticket, received: Received, promised: str | None) -> Report | None:
    """
    Compare a file that was received with what was promised of it, and look it through. Gives what was found, in time.

    Raises Invalid where it has another SHA-256.
    """
    if promised is not None and received.sha256_hex != promised:
        differs = f"What arrived has the SHA-256 {received.sha256_hex}, not {promised} as promised."
        raise Invalid.of([FieldError("sha256", f"{differs} Send it again.")])
    return await look_through(desk, ticket, received)


def is_unsure(error: BaseException) -> bool:
    """
    Whether a write that ended so may have been committed all the same: its bytes stay then, and the sweep knows later.
    """
    return isinstance(error, Unavailable) or not isinstance(error, Exception)


async def look_through(desk: Desk, ticket: Ticket, received: Received) -> Report | None:
    """What is found in the file, where that takes no longer than an answer may wait; else None."""
    parts = desk.door.parts

    def looked() -> Report | None:
        with storage_answers():
            return scanning.look_through(
                parts, ticket.dek, ticket.blob_id, received.parts, seconds=parts.limits.verdict_seconds
            )

    return await anyio.to_thread.run_sync(looked, limiter=desk.door.inspecting)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises Malformed where the client goes away before its end."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise Malformed("The connection was cut before the whole file had arrived.", remedy="Send it again.") from error


def read_digest(request: Request) -> str | None:
    """The SHA-256 that the headers promise, bare hex, or None. Raises Malformed."""
    try:
        return digest_headers.parse_digest(request.headers)
    except ValueError as error:
        raise Malformed(str(error), remedy="Send sha-256 in base64, or leave the header out.") from error
