"""Bytes going out: opened a megabyte at a time, and none released before it was verified."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial

from modelkeep_server.features.artifacts.sealing import (
    Part,
    SealBroken,
    associated_data,
    open_part,
    part_key,
    sealed_size,
)
from modelkeep_server.ports import BlobMissing, BlobStore


def read_plain(
    store: BlobStore, dek: bytes, blob_id: str, parts: Sequence[Part], start: int, end: int
) -> Iterator[memoryview]:
    """
    The plain bytes of a file from `start` up to, not including, `end`, in runs of at most 1 MiB.

    Args:
        parts: All parts of the file as `Intake` gave them, in order.
    Raises:
        SealBroken: A part is missing, or its bytes are not those that were sealed. What was given before is right.
        StorageDown: The store does not answer.
        ValueError: The range lies outside the file.
    """
    size_bytes = sum(part.plain_size for part in parts)
    if not 0 <= start <= end <= size_bytes:
        raise ValueError(f"{start} to {end} lies outside a file of {size_bytes} bytes.")
    return _read_parts(store, dek, blob_id, parts, start, end)


async def open_plain(
    store: BlobStore, dek: bytes, blob_id: str, parts: Sequence[Part], start: int, end: int
) -> AsyncIterator[memoryview]:
    """
    As `read_plain`, for an async route: the next run is opened in a thread while the last one is being sent.

    It returns when the first run is verified, so that a broken file is refused before an answer has begun.
    """
    return await run_ahead(read_plain(store, dek, blob_id, parts, start, end))


async def run_ahead(runs: Iterator[memoryview]) -> AsyncIterator[memoryview]:
    """The same runs, each made in a thread while the one before it is being sent. Returns once the first is there."""
    first = await asyncio.to_thread(next, runs, None)
    return _ahead(first, runs)


def _read_parts(
    store: BlobStore, dek: bytes, blob_id: str, parts: Sequence[Part], start: int, end: int
) -> Iterator[memoryview]:
    begins = 0
    for number, part in enumerate(parts, 1):
        ends = begins + part.plain_size
        # An empty file has one part, empty as well, that is opened for its proof.
        if (begins < end and start < ends) or (begins == ends and start == end):
            if part.number != number or part.sealed_size != sealed_size(part.plain_size):
                raise SealBroken(f"The list of parts of {blob_id} is damaged.")
            read = partial(store.borrow, part_key(blob_id, part.number, part.attempt))
            aad = associated_data(blob_id, part.number, part.attempt)
            within = max(0, start - begins), min(part.plain_size, end - begins)
            try:
                yield from open_part(dek, aad, part.sealed_size, read, *within)
            except BlobMissing as error:
                raise SealBroken(f"Part {number} of {blob_id} is missing.") from error
        begins = ends


async def _ahead(first: memoryview | None, runs: Iterator[memoryview]) -> AsyncIterator[memoryview]:
    loop = asyncio.get_running_loop()
    run = first
    while run is not None:
        following = loop.run_in_executor(None, next, runs, None)
        try:
            yield run
            run = await following
        finally:
            # A visitor who left: the thread finishes its megabyte, and nobody waits for it.
            following.cancel()


def read_range(store: BlobStore, dek: bytes, blob_id: str, parts: Sequence[Part], start: int, end: int) -> bytes:
    """The plain bytes of a range at once: for ranges that fit in memory. Raises as `read_plain`."""
    return b"".join(read_plain(store, dek, blob_id, parts, start, end))
