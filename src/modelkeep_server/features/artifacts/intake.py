"""
Bytes coming in: hashed while they arrive, sealed in parts, stored, and read back before they count.

Three things happen at once: the network brings the next megabyte, one thread hashes and gathers the last, and two
threads seal, store and read back the parts before it. At most three parts of 16 MiB are held.
"""

import asyncio
import hashlib
import mmap
import queue
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import anyio

from modelkeep_server.features.artifacts.sealing import (
    PART_BYTES,
    Part,
    associated_data,
    check_part,
    part_key,
    seal_part,
    sealed_size,
)
from modelkeep_server.ports import BlobStore, BytesLike, StorageError
from modelkeep_server.rules.errors import TooLarge

_WORKERS = 2
_BUFFERS = _WORKERS + 1
_HAND_OVER_BYTES = 1024 * 1024
_FIRST_ATTEMPT = 1


@dataclass(frozen=True)
class Received:
    """A file that is stored and was read back. `sha256_hex` is of the plain bytes."""

    size_bytes: int
    sha256_hex: str
    parts: tuple[Part, ...]


class Intake:
    """
    Takes one file in: feed it, then finish or abort it. Calls may wait; make them from a worker thread, one at a time.

    A part counts only when every segment of it was read back from the store and authenticated.
    """

    def __init__(self, store: BlobStore, dek: bytes, blob_id: str, limit_bytes: int) -> None:
        """`dek`: the file's own 32-byte key, never used for another. `limit_bytes`: the most plain bytes to take."""
        self._store = store
        self._dek = dek
        self._blob_id = blob_id
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._parts: list[Future[Part]] = []
        self._buffers_made = 0
        self._buffers_free: queue.SimpleQueue[mmap.mmap] = queue.SimpleQueue()
        self._buffer = self._take_buffer()
        self._gathered_bytes = 0
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="intake-part")

    def feed(self, chunk: BytesLike) -> None:
        """
        Take the next bytes, any number. Waits while two parts are being stored.

        Raises:
            TooLarge: More than the limit. Nothing of this chunk is taken.
            StorageError, SealBroken: An earlier part could not be stored, or not be read back.
        """
        rest = memoryview(chunk)
        if self._size_bytes + len(rest) > self._limit_bytes:
            raise TooLarge(f"The file is larger than the {self._limit_bytes} bytes allowed.")
        self._size_bytes += len(rest)
        self._sha256.update(rest)
        while rest:
            if self._gathered_bytes == PART_BYTES:
                self._hand_over()
                self._buffer = self._take_buffer()
            begins = self._gathered_bytes
            run = rest[: PART_BYTES - begins]
            memoryview(self._buffer)[begins : begins + len(run)] = run
            self._gathered_bytes += len(run)
            rest = rest[len(run) :]

    def finish(self) -> Received:
        """Store what is left and wait until all is read back. Raises as `feed` does; abort it then."""
        # An empty file has one part too, so that its emptiness is sealed like any other content.
        self._hand_over()
        parts = tuple(part.result() for part in self._parts)
        self._workers.shutdown()
        return Received(self._size_bytes, self._sha256.hexdigest(), parts)

    def abort(self) -> None:
        """Forget the file and remove what was stored of it. May be called at any time, and again."""
        self._workers.shutdown(cancel_futures=True)
        for number in range(1, len(self._parts) + 1):
            # A part that cannot be removed now is sealed under a key that was kept nowhere: nobody can read it.
            with suppress(StorageError):
                self._store.delete(part_key(self._blob_id, number, _FIRST_ATTEMPT))

    def _hand_over(self) -> None:
        for earlier in self._parts:
            if earlier.done():
                earlier.result()
        number = len(self._parts) + 1
        self._parts.append(self._workers.submit(self._store_part, number, self._buffer, self._gathered_bytes))
        self._gathered_bytes = 0

    def _take_buffer(self) -> mmap.mmap:
        # Anonymous maps take memory only as they fill, and one that was filled before is filled again at no cost.
        if self._buffers_made == _BUFFERS or not self._buffers_free.empty():
            return self._buffers_free.get()
        self._buffers_made += 1
        return mmap.mmap(-1, PART_BYTES)

    def _store_part(self, number: int, buffer: mmap.mmap, plain_size: int) -> Part:
        key = part_key(self._blob_id, number, _FIRST_ATTEMPT)
        aad = associated_data(self._blob_id, number, _FIRST_ATTEMPT)
        part = Part(number, _FIRST_ATTEMPT, plain_size, sealed_size(plain_size))
        try:
            self._store.put(key, seal_part(self._dek, aad, memoryview(buffer)[:plain_size]))
        finally:
            self._buffers_free.put(buffer)
        check_part(self._dek, aad, part.sealed_size, partial(self._store.read, key))
        return part


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
    # One thread, so that steps run in order and abort can only follow a feed that is still running.
    lane = ThreadPoolExecutor(1, thread_name_prefix="intake")
    try:
        running: Future[None] | None = None
        async for chunks in _gather(stream):
            if running is not None:
                await asyncio.wrap_future(running)
            running = lane.submit(_feed_all, intake, chunks)
        if running is not None:
            await asyncio.wrap_future(running)
        return await asyncio.wrap_future(lane.submit(intake.finish))
    except BaseException:
        with anyio.CancelScope(shield=True):
            await asyncio.shield(asyncio.wrap_future(lane.submit(intake.abort)))
        raise
    finally:
        lane.shutdown(wait=False)


async def _gather(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    # A hop to a thread costs as much as hashing 64 KiB, so chunks go over by the megabyte.
    chunks: list[bytes] = []
    held_bytes = 0
    async for chunk in stream:
        chunks.append(chunk)
        held_bytes += len(chunk)
        if held_bytes >= _HAND_OVER_BYTES:
            yield chunks
            chunks, held_bytes = [], 0
    if chunks:
        yield chunks


def _feed_all(intake: Intake, chunks: list[bytes]) -> None:
    for chunk in chunks:
        intake.feed(chunk)
