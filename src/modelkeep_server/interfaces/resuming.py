"""
More bytes of an upload on their way in: received, kept as they are stored, and with the last of them published.

No transaction is open while bytes move. Whoever sends is judged when they begin, at every commit, and at publishing.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio import CancelScope

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.opening import read_plain
from modelkeep_server.features.artifacts.store_faults import storage_answers
from modelkeep_server.features.artifacts.uploading import upload_queries, uploads
from modelkeep_server.features.artifacts.uploading.intake import Intake, Onward, Overtaken, Received, Stretch
from modelkeep_server.features.artifacts.uploading.receiving import Checksum, receive_onward
from modelkeep_server.features.artifacts.uploading.uploads import Going
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.inspection.report import Report
from modelkeep_server.interfaces import arrivals
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.rules.errors import IntegrityBroken, Invalid, NameTaken, NotAccepted, RegistryError

T = TypeVar("T")

#: What a file is refused for once all of it is there: it will never be taken, so nothing of it is kept.
_FINAL = (Invalid, NotAccepted, NameTaken, IntegrityBroken)
#: Enough to store what is held of an upload; the client of the request before may also be there still, and send.
SETTLE_SECONDS = 10.0
#: As long waits who sends more: two who really send at once are told apart at the end all the same.
REPEAT_SECONDS = 2.0


@dataclass(frozen=True)
class Progress:
    """How far an upload is, until when it is kept, and the file that it became."""

    offset_bytes: int
    expires_at: datetime
    artifact: Artifact | None = None


async def take_more(desk: Desk, going: Going, checksum: Checksum | None = None) -> Progress:
    """
    Receive the body of the request as the next bytes of an upload, and with the last of them publish the file.

    Raises:
        ChecksumDiffers, TooLarge, OffsetDiffers, Malformed, Unavailable; what refuses the sender, and at the end what
        refuses the file: then the upload is ended, and begins anew.
    """
    with _noted(desk, going.upload.id):
        return await _Taking(desk, going).take(checksum)


async def read_settled(
    desk: Desk, upload_id: str, judge: Callable[[Work, Actor], T], *, seconds: float = SETTLE_SECONDS
) -> T:
    """
    What is judged of an upload, once requests that are still taking bytes of it here have ended, or after a while.

    Whoever asks how far an upload is was cut off, as a rule, and what had arrived before is being stored. Told of less,
    they would send it twice, and it would be held in memory twice.
    """
    found = await desk.read(judge)
    running = list(desk.door.taking.get(upload_id, ()))
    if not running:
        return found
    with anyio.move_on_after(seconds):
        for ended in running:
            await ended.wait()
    return await desk.read(judge)


async def drop(desk: Desk, going: Going, *, since: int | None = None) -> bool:
    """End an upload that cannot become a file, with what is stored of it. See `uploads.drop_upload`."""
    is_dropped = await desk.note(lambda work: uploads.drop_upload(work, going.upload, since=since))
    if is_dropped:
        await remove_bytes(desk, going.upload.blob_id)
    return is_dropped


async def remove_bytes(desk: Desk, blob_id: str) -> None:
    """Remove what is stored of an upload that was ended; what cannot be removed now is swept later."""

    def remove() -> None:
        with suppress(RegistryError), storage_answers():
            uploads.remove_bytes(desk.door.parts.blobs, blob_id)

    await anyio.to_thread.run_sync(remove)


@contextmanager
def _noted(desk: Desk, upload_id: str) -> Iterator[None]:
    taking, ended = desk.door.taking, anyio.Event()
    taking.setdefault(upload_id, []).append(ended)
    try:
        yield
    finally:
        ended.set()
        taking[upload_id].remove(ended)
        if not taking[upload_id]:
            del taking[upload_id]


class _Taking:
    """One request's run of bytes. `_offset` is where the next commit begins."""

    def __init__(self, desk: Desk, going: Going) -> None:
        self._desk = desk
        self._going = going
        self._upload = going.upload
        self._offset = going.upload.offset_bytes
        self._expires_at = going.upload.expires_at

    async def take(self, checksum: Checksum | None) -> Progress:
        desk, upload = self._desk, self._upload
        if upload.artifact_key is not None:
            return Progress(upload.offset_bytes, upload.expires_at)
        parts = desk.door.parts
        desk.request.state.body_bytes_max = None
        state = desk.door.hashes.find(upload.key, upload.offset_bytes)
        onward = Onward(upload.offset_bytes, upload.size_bytes, self._going.stretches, state)
        room = upload.size_bytes - upload.offset_bytes
        intake = Intake(parts.blobs, self._going.ticket.dek, upload.blob_id, room, onward)
        try:
            with storage_answers():
                last = await receive_onward(arrivals.body_of(desk.request), intake, self._keep, checksum)
        except (Overtaken, IntegrityBroken) as error:
            raise await self._why_broken() from error
        if last is None:
            return Progress(self._offset, self._expires_at)
        return Progress(upload.size_bytes, self._expires_at, await self._publish(last))

    async def _keep(self, stretches: Sequence[Stretch]) -> None:
        since = self._offset
        self._expires_at = await self._desk.write(
            lambda work, actor: uploads.keep_stretches(work, actor, self._going, stretches, since=since)
        )
        self._offset = stretches[-1].end
        self._desk.door.hashes.put(self._upload.key, self._offset, stretches[-1].state)
        await self._remove([earlier for stretch in stretches for earlier in stretch.replaces])

    async def _publish(self, last: Stretch) -> Artifact:
        desk, since = self._desk, self._offset
        try:
            received = await self._gather(last)
            report = await arrivals.judge(desk, self._going.ticket, received, self._upload.sha256)
            artifact, needed = await self._finish(received, report)
        except BaseException as error:
            with CancelScope(shield=True):
                ended = isinstance(error, _FINAL) and await drop(desk, self._going, since=since)
                if not ended and not arrivals.is_unsure(error):
                    await self._remove([last])
            if isinstance(error, IntegrityBroken) and not ended:
                raise await self._why_broken() from error
            raise
        desk.door.hashes.put(self._upload.key, 0, None)
        with CancelScope(shield=True):
            if needed:
                await self._remove(last.replaces)
            else:
                await remove_bytes(desk, self._upload.blob_id)
        return artifact

    async def _finish(self, received: Received, report: Report | None) -> tuple[Artifact, bool]:
        desk, since = self._desk, self._offset

        def finish(work: Work, actor: Actor) -> tuple[Artifact, bool]:
            return uploads.finish_upload(work, actor, self._going, received, report, since=since)

        try:
            return await desk.write(finish)
        except NameTaken:
            # The same bytes, or the same file, may have been published by another request in this moment.
            return await desk.write(finish)

    async def _gather(self, last: Stretch) -> Received:
        """The whole file as it is stored, with its SHA-256: followed on the way, or else read back."""
        upload, going, parts = self._upload, self._going, self._desk.door.parts
        stored = await self._desk.read(lambda work, actor: upload_queries.list_stretches(work, upload))
        whole = [*(stretch for stretch in stored if stretch.start < last.start), last]
        try:
            sealed = upload_queries.to_received_parts(whole)
        except ValueError as error:
            raise IntegrityBroken("What was stored of this upload is not whole.", remedy="Begin it anew.") from error

        def read_back() -> str:
            digest = hashlib.sha256()
            with storage_answers():
                for run in read_plain(parts.blobs, going.ticket.dek, upload.blob_id, sealed, 0, upload.size_bytes):
                    digest.update(run)
            return digest.hexdigest()

        if last.state is not None:
            sha256_hex = last.state.hexdigest()
        else:
            sha256_hex = await anyio.to_thread.run_sync(read_back, limiter=self._desk.door.inspecting)
        return Received(upload.size_bytes, sha256_hex, sealed)

    async def _why_broken(self) -> RegistryError:
        """Why stored bytes of this upload were not as they should be: another client went on with it, or damage."""
        since, upload_id = self._offset, self._upload.id
        try:
            await self._desk.read(lambda work, actor: uploads.allow_more(work, actor, upload_id, offset_bytes=since))
        except RegistryError as error:
            return error
        return IntegrityBroken(
            "What was stored of this upload is not what arrived.", remedy="End it with DELETE, and begin it anew."
        )

    async def _remove(self, stretches: Sequence[Stretch]) -> None:
        keys = upload_queries.list_keys(self._upload, stretches)

        def remove() -> None:
            for key in keys:
                with suppress(RegistryError), storage_answers():
                    self._desk.door.parts.blobs.delete(key)

        if keys:
            await anyio.to_thread.run_sync(remove)
