"""
Bytes coming in: hashed while they arrive, sealed in parts, stored, and read back before they count.

Three things happen at once: the network brings the next megabyte, one thread hashes and gathers the last, and three
threads seal, store and read back the parts before it. At most two parts of 16 MiB are held: what is read back is
checked by the megabyte.

A file comes in one go, or in several: then each run of bytes that was stored is a stretch, which the caller commits
before the next. A stretch shorter than a part is merged with its neighbours once the part is full.
"""

import hashlib
import mmap
import queue
import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from modelkeep_server.features.artifacts.sealing import (
    PART_BYTES,
    Part,
    associated_data,
    check_part,
    open_part,
    part_key,
    seal_part,
    sealed_size,
)
from modelkeep_server.ports import BlobMissing, BlobStore, BytesLike, StorageError
from modelkeep_server.rules.errors import TooLarge

_WORKERS = 3
_BUFFERS = 2
_FIRST_ATTEMPT = 1
#: Attempts are drawn at random from as many as JSON holds whole, so that no two writers ever take the same name.
_ATTEMPTS = 2**53 - 2

#: So many stretches of less than a megabyte beside each other are merged into one.
SMALL_BYTES = 1024 * 1024
SMALL_MOST = 16


class Overtaken(Exception):
    """What this upload was to be merged with is gone: another client went on with it."""


@dataclass(frozen=True)
class Received:
    """A file that is stored and was read back. `sha256_hex` is of the plain bytes."""

    size_bytes: int
    sha256_hex: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Stretch:
    """
    A run of bytes of a file that was stored and read back, within one part. `start` counts from the file's beginning.

    `replaces` are those before it in the same part that it holds as well. `state` has hashed the file up to its end,
    None where that was not followed from the beginning. `sha256_hex` is empty where nobody asked for it.
    """

    part: Part
    start: int
    sha256_hex: str = ""
    replaces: tuple["Stretch", ...] = ()
    state: Any = field(default=None, repr=False, compare=False)

    @property
    def end(self) -> int:
        """Where the bytes behind it begin."""
        return self.start + self.part.plain_size


@dataclass(frozen=True)
class Onward:
    """
    Where an upload goes on: behind `offset_bytes` of a file of `size_bytes`.

    `stretches` are those of the part that is not full yet; `state` has hashed all before, where it is at hand.
    """

    offset_bytes: int
    size_bytes: int
    stretches: tuple[Stretch, ...] = ()
    state: Any = field(default=None, repr=False)


class Intake:
    """
    Takes bytes in: feed it, then finish or abort it. Calls may wait; make them from a worker thread, one at a time.

    A part counts only when every segment of it was read back from the store and authenticated.
    """

    def __init__(
        self, store: BlobStore, dek: bytes, blob_id: str, limit_bytes: int, onward: Onward | None = None
    ) -> None:
        """
        Args:
            dek: The file's own 32-byte key, never used for another.
            limit_bytes: The most plain bytes to take.
            onward: Where to go on; None for a file that comes in one go.
        """
        self._store = store
        self._dek = dek
        self._blob_id = blob_id
        self._limit_bytes = limit_bytes
        self._onward = onward
        self._size_bytes = 0
        self._sha256 = hashlib.sha256() if onward is None else onward.state
        self._stretches: list[Future[Stretch]] = []
        self._names: list[str] = []
        self._given = self._kept = 0
        self._buffers: list[mmap.mmap] = []
        self._buffers_free: queue.SimpleQueue[mmap.mmap] = queue.SimpleQueue()
        self._buffer = self._take_buffer()
        offset = 0 if onward is None else onward.offset_bytes
        self._part_start = offset - offset % PART_BYTES
        self._first = self._gathered_bytes = offset % PART_BYTES
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="intake-part")

    @property
    def ends_at(self) -> int | None:
        """Where the file ends, in bytes; None for one that comes in one go."""
        return None if self._onward is None else self._onward.size_bytes

    def feed(self, chunk: BytesLike) -> None:
        """
        Take the next bytes, any number. Waits while one part is being written and the next is full.

        Raises:
            TooLarge: More than the limit. Nothing of this chunk is taken.
            StorageError, SealBroken, Overtaken: An earlier part could not be stored, or not be read back.
        """
        rest = memoryview(chunk)
        if self._size_bytes + len(rest) > self._limit_bytes:
            raise TooLarge(f"The file is larger than the {self._limit_bytes} bytes allowed.")
        self._size_bytes += len(rest)
        while rest:
            if self._gathered_bytes == PART_BYTES:
                self._hand_over()
                self._buffer = self._take_buffer()
                self._part_start += PART_BYTES
                self._first = self._gathered_bytes = 0
            begins = self._gathered_bytes
            run = rest[: PART_BYTES - begins]
            if self._sha256 is not None:
                self._sha256.update(run)
            memoryview(self._buffer)[begins : begins + len(run)] = run
            self._gathered_bytes += len(run)
            rest = rest[len(run) :]

    def list_stored(self) -> list[Stretch]:
        """Those stretches that are stored since this was asked last, in their order. Raises as `feed`."""
        ready = []
        while self._given < len(self._stretches) and self._stretches[self._given].done():
            ready.append(self._stretches[self._given].result())
            self._given += 1
        return ready

    def note_kept(self, count: int) -> None:
        """So many more stretches count, or may count: they are not removed where this is aborted."""
        self._kept += count

    def finish_stretches(self) -> list[Stretch]:
        """Store what is left, wait until all is read back, and give what `list_stored` has not given yet."""
        onward = self._onward
        # An empty file has one part too, so that its emptiness is sealed like any other content.
        if self._gathered_bytes > self._first or onward is None or onward.size_bytes == 0:
            self._hand_over()
        for stretch in self._stretches:
            stretch.result()
        self._workers.shutdown()
        self._close_buffers()
        return self.list_stored()

    def finish(self) -> Received:
        """Store what is left and wait until all is read back. Raises as `feed` does; abort it then."""
        parts = tuple(stretch.part for stretch in self.finish_stretches())
        return Received(self._size_bytes, self._sha256.hexdigest(), parts)

    def abort(self) -> None:
        """
        Forget what was not kept, and remove what was stored of it. May be called at any time, and again.
        """
        self._workers.shutdown(cancel_futures=True)
        self._close_buffers()
        for name in self._names[self._kept :]:
            # A part that cannot be removed now is sealed under an attempt that was noted nowhere: nobody reads it.
            with suppress(StorageError):
                self._store.delete(name)

    def _hand_over(self) -> None:
        for earlier in self._stretches:
            if earlier.done():
                earlier.result()
        number = self._part_start // PART_BYTES + 1
        attempt = _FIRST_ATTEMPT if self._onward is None else 1 + secrets.randbelow(_ATTEMPTS)
        merged = self._list_merged()
        state = None if self._onward is None or self._sha256 is None else self._sha256.copy()
        begins = (merged[0].start if merged else self._part_start + self._first) - self._part_start
        filled = self._gathered_bytes
        part = Part(number, attempt, filled - begins, sealed_size(filled - begins))
        self._names.append(part_key(self._blob_id, number, attempt))
        stretch = Stretch(part, self._part_start + begins, replaces=merged, state=state)
        self._stretches.append(self._workers.submit(self._store_stretch, stretch, self._buffer))
        self._first = filled

    def _list_merged(self) -> tuple[Stretch, ...]:
        """The stretches before this one that are stored anew with it."""
        onward = self._onward
        if onward is None:
            return ()
        earlier = tuple(stretch for stretch in onward.stretches if stretch.start >= self._part_start)
        end = self._part_start + self._gathered_bytes
        if self._gathered_bytes == PART_BYTES or end == onward.size_bytes:
            return earlier
        if self._gathered_bytes - self._first >= SMALL_BYTES:
            return ()
        large = [at for at, stretch in enumerate(earlier, 1) if stretch.part.plain_size >= SMALL_BYTES]
        small = earlier[large[-1] if large else 0 :]
        return small if len(small) + 1 >= SMALL_MOST else ()

    def _take_buffer(self) -> mmap.mmap:
        # Anonymous maps take memory only as they fill, and one that was filled before is filled again at no cost.
        if len(self._buffers) == _BUFFERS or not self._buffers_free.empty():
            return self._buffers_free.get()
        self._buffers.append(mmap.mmap(-1, PART_BYTES))
        return self._buffers[-1]

    def _close_buffers(self) -> None:
        # At once, though the trace of an error may hold this on: by then the client may be sending the same again.
        for buffer in self._buffers:
            with suppress(BufferError):
                buffer.close()

    def _store_stretch(self, stretch: Stretch, buffer: mmap.mmap) -> Stretch:
        part = stretch.part
        begins = stretch.start % PART_BYTES
        key = part_key(self._blob_id, part.number, part.attempt)
        aad = associated_data(self._blob_id, part.number, part.attempt)
        try:
            for earlier in stretch.replaces:
                self._fetch(earlier, memoryview(buffer)[earlier.start % PART_BYTES :])
            plain = memoryview(buffer)[begins : begins + part.plain_size]
            sha256_hex = "" if self._onward is None else hashlib.sha256(plain).hexdigest()
            self._store.put(key, seal_part(self._dek, aad, plain))
        finally:
            self._buffers_free.put(buffer)
        try:
            check_part(self._dek, aad, part.sealed_size, partial(self._store.borrow, key, fresh=True))
        except BlobMissing as error:
            if self._onward is None:
                raise
            # The upload was ended while this was being stored, and all of it removed.
            raise Overtaken from error
        return Stretch(part, stretch.start, sha256_hex, stretch.replaces, stretch.state)

    def _fetch(self, stretch: Stretch, room: memoryview) -> None:
        part = stretch.part
        read = partial(self._store.borrow, part_key(self._blob_id, part.number, part.attempt))
        aad = associated_data(self._blob_id, part.number, part.attempt)
        filled = 0
        try:
            for run in open_part(self._dek, aad, part.sealed_size, read, 0, part.plain_size):
                room[filled : filled + len(run)] = run
                filled += len(run)
        except BlobMissing as error:
            raise Overtaken from error
