"""Files of several parts against Tink: each stored part is a stream of its own that Tink reads and writes."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts.opening import read_range
from modelkeep_server.features.artifacts.sealing import PART_BYTES, associated_data, new_dek, part_key
from modelkeep_server.features.artifacts.uploading.receiving import receive
from tests.support.tink_oracle import tink_seal, tink_with

BLOB = "0197a000-0000-7000-8000-000000000001"


async def arriving(plain: bytes) -> AsyncIterator[bytes]:
    """A file as the network brings it."""
    for at in range(0, len(plain), 1_048_576):
        yield plain[at : at + 1_048_576]


def test_tink_opens_every_part_of_a_file_and_its_parts_make_one(tmp_path: Path) -> None:
    """Both ways: Tink opens each stored part, and ranges over the border of parts that Tink sealed open."""
    store, dek = FolderBlobs(tmp_path / "blobs"), new_dek()
    plain = os.urandom(PART_BYTES + 70_000)
    received = asyncio.run(receive(arriving(plain), store, dek, BLOB, 2 * len(plain)))
    oracle = tink_with(dek)

    theirs = b""
    for part in received.parts:
        sealed = store.read(part_key(BLOB, part.number, part.attempt), 0, part.sealed_size)
        with oracle.new_decrypting_stream(io.BytesIO(sealed), associated_data(BLOB, part.number, part.attempt)) as run:
            theirs += run.read()
    for part, begins in zip(received.parts, (0, PART_BYTES), strict=True):
        content = plain[begins : begins + part.plain_size]
        aad = associated_data(BLOB, part.number, part.attempt)
        store.put(part_key(BLOB, part.number, part.attempt), [tink_seal(dek, aad, content)])

    assert theirs == plain
    for start, end in [(0, len(plain)), (PART_BYTES - 70_000, PART_BYTES + 1), (PART_BYTES, PART_BYTES + 65_481)]:
        assert read_range(store, dek, BLOB, received.parts, start, end) == plain[start:end]
