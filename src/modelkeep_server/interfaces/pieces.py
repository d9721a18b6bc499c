"""
Small ranges of a file that follow fast on one another: judged and read in one go, and written down together.

Each is judged anew like any other use of a link. That the download began is on record by then.
"""

import asyncio
import base64

import structlog
from anyio import CancelScope
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelkeep_server.db.work import Circumstances, Work
from modelkeep_server.features.artifacts.downloading import downloads, transfers
from modelkeep_server.features.artifacts.downloading.downloads import Opening
from modelkeep_server.features.artifacts.opening import read_range
from modelkeep_server.features.artifacts.store_faults import storage_answers
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.door import Door, asking_of
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.sending import BREAKS, headers_of_file
from modelkeep_server.kit.ranges import Range
from modelkeep_server.rules.errors import IntegrityBroken, RegistryError

PAUSE_SECONDS = 1.0

log = structlog.get_logger()


async def open_piece(desk: Desk, handle: str, asked: str, if_range: str | None) -> Response | None:
    """
    The answer to a range that is to be added to those before it; None where it is none of these. Raises as
    `downloads.open_link`, IntegrityBroken, Unavailable.
    """
    tallies = desk.door.tallies
    if not tallies.knows(handle):
        return None

    def judge(work: Work, actor: Actor) -> Opening | None:
        opening = downloads.open_link(work, actor, handle, asked=asked, if_range=if_range, begins=False)
        # A download that has ended meanwhile, by a request for the whole or at another server, begins anew.
        return opening if transfers.is_open(work, opening.link_id) else None

    def read(opening: Opening | None) -> tuple[Opening, Range, bytes | RegistryError] | None:
        part = None if opening is None else opening.part
        if opening is None or part is None or not tallies.begin(handle, part.end - part.start):
            return None
        stored = opening.stored
        try:
            with storage_answers():
                content = read_range(
                    desk.door.parts.blobs, opening.dek, stored.blob_id, stored.parts, part.start, part.end
                )
        except BaseException as error:
            tallies.end(handle, part.start, 0)
            if isinstance(error, BREAKS):
                return opening, part, error
            raise
        return opening, part, content

    found = await desk.read_on(judge, read)
    if found is None:
        return None
    opening, part, content = found
    if isinstance(content, RegistryError):
        is_broken = isinstance(content, IntegrityBroken)
        if is_broken:
            await desk.note(lambda work: downloads.withhold(work, opening.stored))
        await write_down(desk, handle, is_final=is_broken)
        raise content
    return _Piece(desk, handle, opening, part, content)


class _Piece(Response):
    """A range that is at hand. It counts as sent once it is handed over: whoever leaves meanwhile may have it."""

    def __init__(self, desk: Desk, handle: str, opening: Opening, part: Range, content: bytes) -> None:
        self._desk, self._handle, self._part = desk, handle, part
        headers = headers_of_range(opening, part, partial=True)
        super().__init__(content, status_code=206, headers=headers, media_type="application/octet-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette's own, with an end to it."""
        door, handle = self._desk.door, self._handle
        door.meters.downloads += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            door.meters.downloads -= 1
            if door.tallies.end(handle, self._part.start, len(self.body)):
                await write_down(self._desk, handle)
            else:
                _keep_adding_up(door, handle)


async def write_down(desk: Desk, handle: str, *, is_final: bool = False) -> None:
    """Write down now what was added up of a link, also where the visitor has left. `is_final`: nothing can follow."""
    with CancelScope(shield=True):
        if not await _write(desk.door, handle, asking_of(desk.request).circumstances, is_final=is_final):
            _keep_adding_up(desk.door, handle)


def headers_of_range(opening: Opening, span: Range, *, partial: bool) -> dict[str, str]:
    """What is said of a file before its bytes. `partial`: they are asked for as a range."""
    artifact = opening.stored.artifact
    file_name = artifact.path.rsplit("/", 1)[-1]
    digest = f"sha-256=:{base64.b64encode(bytes.fromhex(artifact.sha256)).decode()}:"
    headers = {
        **headers_of_file(file_name, span.end - span.start),
        "Accept-Ranges": "bytes",
        "ETag": artifact.etag,
        "Repr-Digest": digest,
        "X-Checksum-SHA256": artifact.sha256,
    }
    if partial:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{artifact.size_bytes}"
    else:
        # Of a part it is not known before the part was read.
        headers["Content-Digest"] = digest
    return headers


def _keep_adding_up(door: Door, handle: str) -> None:
    if handle not in door.adding_up:
        door.adding_up[handle] = asyncio.create_task(_add_up(door, handle))


async def _add_up(door: Door, handle: str) -> None:
    """Write down what goes out through a link, each second until nothing does and all of it is written."""
    is_written = False
    try:
        while not (is_written and door.tallies.is_quiet(handle, PAUSE_SECONDS)):
            await asyncio.sleep(PAUSE_SECONDS)
            is_written = await _write(door, handle, Circumstances.of_the_house())
    finally:
        door.adding_up.pop(handle, None)
        # Where the server is being stopped, and for a range that came between.
        with CancelScope(shield=True):
            await _write(door, handle, Circumstances.of_the_house())


async def _write(door: Door, handle: str, circumstances: Circumstances, *, is_final: bool = False) -> bool:
    """Whether all that was added up is written. What could not be is taken again the next time."""
    taken = door.tallies.take(handle)
    if taken is None:
        return True

    def write() -> None:
        with door.database.writing(door.parts, circumstances) as work:
            transfers.add(work, taken, is_final=is_final)

    try:
        await door.hop(write)
    except RegistryError as error:
        door.tallies.give_back(handle, taken)
        log.warning("a download is not counted yet", link=taken.link_id, bytes=taken.sent_bytes, why=error.detail)
        return False
    return True
