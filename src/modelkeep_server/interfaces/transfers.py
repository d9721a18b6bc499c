"""
Sending a file through a link, shared by every interface that hands out links: Range, digest, and the end on record.
"""

from collections.abc import AsyncIterator

from anyio import CancelScope
from fastapi import APIRouter, Request
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading import bundles, downloads, transfers
from modelkeep_server.features.artifacts.downloading.bundles import BundleOpening
from modelkeep_server.features.artifacts.downloading.downloads import Opening
from modelkeep_server.features.artifacts.downloading.handles import PATH_PREFIX
from modelkeep_server.features.artifacts.opening import open_plain
from modelkeep_server.features.artifacts.store_faults import storage_answers
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.bundles import MEDIA_TYPE, headers_of, send_bundle
from modelkeep_server.interfaces.door import Asking
from modelkeep_server.interfaces.doorway import OPEN, Desk, Doorway
from modelkeep_server.interfaces.pieces import headers_of_range, open_piece, write_down
from modelkeep_server.interfaces.sending import BREAKS, Transfer, tell_cut
from modelkeep_server.kit.ranges import Range
from modelkeep_server.rules.errors import IntegrityBroken, Unavailable

router = APIRouter(include_in_schema=False)


class _Bytes:
    """A face that never draws: transfers answer for themselves."""

    def draw(self, result: Response, asking: Asking, work: Work | None) -> Response:
        """What the handler made."""
        return result


door = Doorway(_Bytes())


@router.get(PATH_PREFIX + "/{handle}/{file_name}")
@door.streams(OPEN)
async def open_link(desk: Desk, request: Request, handle: str, file_name: str) -> Response:
    """Open a download link. The event stands before the first byte leaves; Range asks for a part."""
    asked, if_range = request.headers.get("range"), request.headers.get("if-range")

    def judge(work: Work, actor: Actor) -> Opening | BundleOpening:
        bundle = bundles.open_link(work, actor, handle) if file_name.endswith(".zip") else None
        return bundle or downloads.open_link(work, actor, handle, asked=asked, if_range=if_range)

    piece = await open_piece(desk, handle, asked, if_range) if asked is not None else None
    if piece is not None:
        return piece
    opening = await desk.write(judge)
    if isinstance(opening, BundleOpening):
        return await send_bundle(desk, opening)
    return await _open_file(desk, opening, handle)


@router.head(PATH_PREFIX + "/{handle}/{file_name}")
@door.streams(OPEN)
async def look_at_link(desk: Desk, handle: str, file_name: str) -> Response:
    """What a download link would send: judged as GET, and since no byte leaves, no download. Range counts for GET."""

    def judge(work: Work, actor: Actor) -> Opening | BundleOpening:
        bundle = bundles.open_link(work, actor, handle, begins=False) if file_name.endswith(".zip") else None
        return bundle or downloads.open_link(work, actor, handle, asked=None, if_range=None, begins=False)

    opening = await desk.read(judge)
    if isinstance(opening, BundleOpening):
        return Response(headers=headers_of(opening), media_type=MEDIA_TYPE)
    whole = Range(0, opening.stored.artifact.size_bytes)
    return Response(headers=headers_of_range(opening, whole, partial=False), media_type="application/octet-stream")


async def _open_file(desk: Desk, opening: Opening, handle: str) -> Response:
    part = opening.part
    span = part or Range(0, opening.stored.artifact.size_bytes)
    try:
        with storage_answers():
            chunks = await open_plain(
                desk.door.parts.blobs, opening.dek, opening.stored.blob_id, opening.stored.parts, span.start, span.end
            )
    except (IntegrityBroken, Unavailable) as error:
        is_broken = isinstance(error, IntegrityBroken)
        await desk.note(lambda work: _end_before_it_began(work, opening, is_broken=is_broken))
        raise
    return Transfer(
        _send(desk, opening, chunks, span, handle),
        status_code=206 if part else 200,
        headers=headers_of_range(opening, span, partial=part is not None),
        media_type="application/octet-stream",
    )


def _end_before_it_began(work: Work, opening: Opening, *, is_broken: bool) -> None:
    if is_broken:
        downloads.withhold(work, opening.stored)
    _end(work, opening, start=0, sent_bytes=0, is_broken=is_broken)


def _end(work: Work, opening: Opening, *, start: int, sent_bytes: int, is_broken: bool) -> None:
    size_bytes = opening.stored.artifact.size_bytes
    transfers.end(work, opening.link_id, start=start, sent_bytes=sent_bytes, size_bytes=size_bytes, is_final=is_broken)


async def _send(
    desk: Desk, opening: Opening, chunks: AsyncIterator[memoryview], span: Range, handle: str
) -> AsyncIterator[memoryview]:
    sent = 0
    is_broken = False
    desk.door.meters.downloads += 1
    try:
        with storage_answers():
            async for chunk in chunks:
                # Counted as it is handed over: whoever leaves meanwhile may have it.
                sent += len(chunk)
                yield chunk
    except BREAKS as error:
        cut = tell_cut(desk.request, opening.address, error)
        is_broken = isinstance(error, IntegrityBroken)
        if is_broken:
            await desk.note(lambda work: downloads.withhold(work, opening.stored))
        raise cut from error
    finally:
        desk.door.meters.downloads -= 1
        # A visitor who leaves cancels the response; how the download ended is noted all the same. What was added up
        # beside it comes first, since this may be the end of all.
        await write_down(desk, handle)
        with CancelScope(shield=True):
            await desk.note(lambda work: _end(work, opening, start=span.start, sent_bytes=sent, is_broken=is_broken))
        if opening.part is not None:
            whole = opening.stored.artifact.size_bytes
            if desk.door.tallies.note(handle, opening.link_id, span.start, span.start + sent, size_bytes=whole):
                await write_down(desk, handle)
