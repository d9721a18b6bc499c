"""
Receiving a file, or more of one, from an async route: the network is never waited for by a thread that could work.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from modelkeep_server.features.artifacts.uploading.intake import Intake, Received, Stretch
from modelkeep_server.ports import BlobStore
from modelkeep_server.rules.errors import ChecksumDiffers, Malformed, RegistryError, Unavailable

_HAND_OVER_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Checksum:
    """What a client promises for the bytes it sends: a hash of `hashlib` that takes them, and what it shall give."""

    hasher: Any
    expected: bytes

    def demand(self) -> None:
        """Raises ChecksumDiffers."""
        if not hmac.compare_digest(self.hasher.digest(), self.expected):
            raise ChecksumDiffers("What arrived does not have the checksum that was sent with it.")


async def receive(
    stream: AsyncIterator[bytes], store: BlobStore, dek: bytes, blob_id: str, limit_bytes: int
) -> Received:
    """
    Take in a file that arrives in chunks of any size, with all heavy work in threads.

    What ends it early (a client that goes away, cancellation, a full disk) is raised on; what was stored is removed.

    Raises:
        TooLarge: More than `limit_bytes`.
        StorageError: The store did not take it. StorageFull where it has no room.
        SealBroken: What the store gave back is not what it was given.
    """
    intake = Intake(store, dek, blob_id, limit_bytes)
    async with _lane_for(intake) as lane:
        await _feed_from(stream, intake, lane)
        return await asyncio.wrap_future(lane.submit(intake.finish))


async def receive_onward(
    stream: AsyncIterator[bytes],
    intake: Intake,
    keep: Callable[[Sequence[Stretch]], Awaitable[None]],
    checksum: Checksum | None = None,
) -> Stretch | None:
    """
    Take in the next bytes of an upload. `keep` commits stretches, in their order, as they are stored and read back.

    Where the client goes away (Malformed), what came so far is kept, and the error raised on. With a `checksum` nothing
    is kept before all came and it was compared.

    Returns:
        The last stretch of the file where it is reached: it is stored, and the caller commits or removes it.
    Raises:
        ChecksumDiffers. As `receive`, and what `keep` raises: what was not kept is removed.
        Overtaken: Another client went on with this upload.
    """
    async with _lane_for(intake) as lane:
        gone: Malformed | None = None
        try:
            if checksum is None:
                await _feed_from(stream, intake, lane, between=lambda: _keep(intake, keep, intake.list_stored()))
            else:
                await _feed_from(stream, intake, lane, also=checksum.hasher)
                checksum.demand()
        except Malformed as error:
            if checksum is not None:
                raise
            gone = error
        left = await asyncio.wrap_future(lane.submit(intake.finish_stretches))
        await _keep(intake, keep, left)
        if gone is not None:
            raise gone
    return left[-1] if left and left[-1].end == intake.ends_at else None


async def _keep(
    intake: Intake, keep: Callable[[Sequence[Stretch]], Awaitable[None]], stretches: Sequence[Stretch]
) -> None:
    counting = [stretch for stretch in stretches if stretch.end != intake.ends_at]
    if not counting:
        return
    try:
        await keep(counting)
    except RegistryError as error:
        if isinstance(error, Unavailable):
            # It is not known whether the commit went through; what nothing names is swept later.
            intake.note_kept(len(counting))
        raise
    except BaseException:
        intake.note_kept(len(counting))
        raise
    intake.note_kept(len(counting))


@asynccontextmanager
async def _lane_for(intake: Intake) -> AsyncIterator[ThreadPoolExecutor]:
    # One thread, so that steps run in order and abort can only follow a feed that is still running.
    lane = ThreadPoolExecutor(1, thread_name_prefix="intake")
    try:
        yield lane
    except BaseException:
        with anyio.CancelScope(shield=True):
            await asyncio.shield(asyncio.wrap_future(lane.submit(intake.abort)))
        raise
    finally:
        lane.shutdown(wait=False)


async def _feed_from(
    stream: AsyncIterator[bytes],
    intake: Intake,
    lane: ThreadPoolExecutor,
    *,
    also: Any = None,
    between: Callable[[], Awaitable[None]] | None = None,
) -> None:
    running: Future[None] | None = None
    try:
        async for chunks in _gather(stream):
            if running is not None:
                await asyncio.wrap_future(running)
            running = lane.submit(_feed_all, intake, chunks, also)
            if between is not None:
                await between()
    finally:
        # Also where the client went away: what it sent before is fed by then.
        if running is not None:
            await asyncio.wrap_future(running)


async def _gather(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    # A hop to a thread costs as much as hashing 64 KiB, so chunks go over by the megabyte.
    chunks: list[bytes] = []
    held_bytes = 0
    try:
        async for chunk in stream:
            chunks.append(chunk)
            held_bytes += len(chunk)
            if held_bytes >= _HAND_OVER_BYTES:
                yield chunks
                chunks, held_bytes = [], 0
    except Malformed:
        if chunks:
            yield chunks
        raise
    if chunks:
        yield chunks


def _feed_all(intake: Intake, chunks: list[bytes], also: Any) -> None:
    for chunk in chunks:
        intake.feed(chunk)
        if also is not None:
            also.update(chunk)
