"""
Sending what a link opens, shared by every interface that hands out links: Range, digest, and the end on record.
"""

import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from anyio import CancelScope
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import bundles, downloads, flows
from modelkeep_server.features.artifacts.bundles import Bundle
from modelkeep_server.features.artifacts.downloads import PATH_PREFIX, Opening
from modelkeep_server.features.artifacts.flows import Flow
from modelkeep_server.features.artifacts.outflow import read_ahead, read_plain
from modelkeep_server.features.artifacts.queries import StoredFile
from modelkeep_server.features.artifacts.storage import storage_answers
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.door import Asking, Door
from modelkeep_server.interfaces.doorway import OPEN, Desk, Doorway
from modelkeep_server.kit.disposition import attachment
from modelkeep_server.rules.errors import IntegrityBroken, Unavailable

router = APIRouter(include_in_schema=False)

Runs = Iterator[bytes | memoryview]


class _Bytes:
    """A face that never draws: transfers answer for themselves."""

    def draw(self, result: Response, asking: Asking) -> Response:
        """What the handler made."""
        return result


door = Doorway(_Bytes())


class _Transfer(StreamingResponse):
    """A streamed answer whose chunks are closed with it, so that a download that breaks off is noted there and then."""

    async def stream_response(self, send: Send) -> None:
        """Starlette's own, with an end to it."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


@dataclass(frozen=True)
class _Outgoing:
    """What is about to be sent: `length` bytes from `start`. `at_fault` is the file whose bytes are being read."""

    flow: Flow
    start: int
    length: int
    status: int
    media_type: str
    headers: dict[str, str]
    runs: Callable[[Door], Runs]
    at_fault: Callable[[], StoredFile | None]


@router.get(PATH_PREFIX + "/{handle}/{file_name}")
@door.streams(OPEN)
async def open_link(desk: Desk, request: Request, handle: str, file_name: str) -> Response:
    """Open a download link. The event stands before the first byte leaves; Range asks for a part of a file."""
    asked, if_range = request.headers.get("range"), request.headers.get("if-range")
    out = await desk.write(lambda work, actor: _open(work, actor, handle, asked, if_range, begins=True))
    try:
        with storage_answers():
            chunks = await read_ahead(out.runs(desk.door))
    except (IntegrityBroken, Unavailable) as error:
        is_broken = isinstance(error, IntegrityBroken)
        await desk.note(lambda work: _finish(work, out, 0, complete=False, broken=is_broken))
        raise
    return _Transfer(_send(desk, out, chunks), out.status, out.headers, out.media_type)


@router.head(PATH_PREFIX + "/{handle}/{file_name}")
@door.streams(OPEN)
async def look_at_link(desk: Desk, request: Request, handle: str, file_name: str) -> Response:
    """What a download link would send: judged as GET, without a byte, and so without an event."""
    out = await desk.read(lambda work, actor: _open(work, actor, handle, None, None, begins=False))
    return Response(None, out.status, out.headers, out.media_type)


def _open(work: Work, actor: Actor, handle: str, asked: str | None, if_range: str | None, *, begins: bool) -> _Outgoing:
    try:
        opening = downloads.open_link(work, actor, handle, asked=asked, if_range=if_range, begins=begins)
    except downloads.NoSuchLink:
        return _of_bundle(bundles.open_bundle(work, actor, handle, begins=begins))
    return _of_file(opening)


def _of_file(opening: Opening) -> _Outgoing:
    stored, span, artifact = opening.stored, opening.span, opening.stored.artifact
    digest = f"sha-256=:{base64.b64encode(bytes.fromhex(artifact.sha256)).decode()}:"
    headers = {
        **_headers(artifact.path.rsplit("/", 1)[-1], span.end - span.start),
        "Accept-Ranges": "bytes",
        "ETag": artifact.etag,
        "Repr-Digest": digest,
        "X-Checksum-SHA256": artifact.sha256,
    }
    if opening.part is None:
        headers["Content-Digest"] = digest
    else:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{artifact.size_bytes}"

    def runs(door: Door) -> Runs:
        return read_plain(door.parts.blobs, opening.dek, stored.blob_id, stored.parts, span.start, span.end)

    return _Outgoing(
        opening.flow, span.start, span.end - span.start, 206 if opening.part else 200, "application/octet-stream",
        headers, runs, lambda: stored,
    )  # fmt: skip


def _of_bundle(bundle: Bundle) -> _Outgoing:
    headers = {**_headers(bundle.file_name, bundle.flow.size_bytes), "Accept-Ranges": "none"}
    return _Outgoing(
        bundle.flow, 0, bundle.flow.size_bytes, 200, "application/zip", headers,
        lambda door: bundle.runs(door.parts.blobs), lambda: bundle.at,
    )  # fmt: skip


def _headers(file_name: str, length: int) -> dict[str, str]:
    return {
        "Content-Length": str(length),
        "Content-Disposition": attachment(file_name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


async def _send(
    desk: Desk, out: _Outgoing, chunks: AsyncIterator[bytes | memoryview]
) -> AsyncIterator[bytes | memoryview]:
    sent = 0
    broken = False
    desk.door.meters.downloads += 1
    try:
        with storage_answers():
            async for chunk in chunks:
                yield chunk
                sent += len(chunk)
    except IntegrityBroken:
        broken = True
        raise
    finally:
        desk.door.meters.downloads -= 1
        # A visitor who leaves cancels the response; how the download ended is noted all the same.
        with CancelScope(shield=True):
            await desk.note(lambda work: _finish(work, out, sent, complete=sent == out.length, broken=broken))


def _finish(work: Work, out: _Outgoing, sent: int, *, complete: bool, broken: bool) -> None:
    at_fault = out.at_fault() if broken else None
    if at_fault is not None:
        downloads.quarantine(work, at_fault)
    flows.finish(work, out.flow, start=out.start, sent_bytes=sent, complete=complete, broken=broken)
