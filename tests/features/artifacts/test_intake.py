"""Files coming in and going out: whole, sealed and read back, or not there at all."""

import asyncio
import hashlib
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import anyio
import pytest

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts.opening import open_plain, read_plain
from modelkeep_server.features.artifacts.sealing import PART_BYTES, SealBroken, new_dek, part_key
from modelkeep_server.features.artifacts.uploading.intake import Intake, Received
from modelkeep_server.features.artifacts.uploading.receiving import receive
from modelkeep_server.ports import BytesLike, StorageDown, StorageFull
from modelkeep_server.rules.errors import TooLarge
from tests.support.safetensors import make_safetensors

BLOB = "0197a000-0000-7000-8000-000000000001"
LIMIT = 5 * 1024**3
MIB = 1024 * 1024


async def arriving(plain: bytes, chunk_bytes: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(plain), chunk_bytes):
        yield plain[at : at + chunk_bytes]


def take_in(store: FolderBlobs, dek: bytes, plain: bytes, *, limit_bytes: int = LIMIT) -> Received:
    return asyncio.run(receive(arriving(plain), store, dek, BLOB, limit_bytes))


def read_back(store: FolderBlobs, dek: bytes, received: Received, start: int, end: int) -> bytes:
    return b"".join(read_plain(store, dek, BLOB, received.parts, start, end))


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> FolderBlobs:
    return FolderBlobs(folder)


@pytest.fixture
def dek() -> bytes:
    return new_dek()


@pytest.mark.parametrize("size", [0, 1, 65_480, MIB, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
def test_what_goes_in_comes_out(size, store, dek):
    """Any size, also none, comes back byte for byte, with its size, digest and parts."""
    plain = make_safetensors(PART_BYTES * 2)[:size]

    received = take_in(store, dek, plain)

    assert (size, hashlib.sha256(plain).hexdigest()) == (received.size_bytes, received.sha256_hex)
    assert [part.number for part in received.parts] == list(range(1, max(1, -(-size // PART_BYTES)) + 1))
    assert [store.size(part_key(BLOB, p.number, p.attempt)) for p in received.parts] == [
        p.sealed_size for p in received.parts
    ]
    assert read_back(store, dek, received, 0, size) == plain


@pytest.mark.parametrize("chunk_bytes", [7_919, 65_536, 20 * MIB, 64 * MIB])
def test_chunks_of_any_size_make_the_same_file(chunk_bytes, store, dek):
    """How the network cuts a file leaves no trace, from small chunks to one that holds several parts."""
    plain = make_safetensors(3 * PART_BYTES + 4_321)

    received = asyncio.run(receive(arriving(plain, chunk_bytes), store, dek, BLOB, LIMIT))

    assert hashlib.sha256(plain).hexdigest() == received.sha256_hex
    assert [p.plain_size for p in received.parts] == [PART_BYTES] * 3 + [len(plain) - 3 * PART_BYTES]
    assert read_back(store, dek, received, 0, len(plain)) == plain


def test_ranges_cross_parts(store, dek):
    """A range gives its bytes within a part, across parts, and at their edges; in threads as well."""
    plain = make_safetensors(2 * PART_BYTES + 99_999)
    received = take_in(store, dek, plain)
    edges = [0, 1, 65_480, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, len(plain) - 1, len(plain)]

    async def in_threads(start: int, end: int) -> bytes:
        runs = await open_plain(store, dek, BLOB, received.parts, start, end)
        return b"".join([run async for run in runs])

    for start in edges:
        for end in (start, start + 1, start + 70_000, len(plain)):
            if end <= len(plain):
                assert read_back(store, dek, received, start, end) == plain[start:end]
    assert asyncio.run(in_threads(70_000, len(plain))) == plain[70_000:]
    with pytest.raises(ValueError, match="outside"):
        read_plain(store, dek, BLOB, received.parts, 0, len(plain) + 1)


def test_the_disk_holds_no_plain_bytes(store, folder, dek):
    """Neither the header nor any 24 bytes of the tensor stand in any stored file, nor does the key."""
    plain = make_safetensors(PART_BYTES + 500_000)
    take_in(store, dek, plain)

    on_disk = b"".join(path.read_bytes() for path in stored_files(folder))

    assert b"embedding.weight" not in on_disk
    assert dek not in on_disk
    assert not [at for at in range(0, len(plain) - 24, 50_021) if plain[at : at + 24] in on_disk]


def test_every_flipped_bit_of_stored_parts_is_refused(store, folder, dek):
    """300 bits flipped at random in a stored file: each read of the whole refuses, and none gives a wrong byte."""
    plain = make_safetensors(3 * MIB)
    received = take_in(store, dek, plain)
    (stored,) = stored_files(folder)
    chance = random.Random(300)
    refused = 0

    for _ in range(300):
        at, bit = chance.randrange(stored.stat().st_size), 1 << chance.randrange(8)
        flip(stored, at, bit)
        given = bytearray()
        try:
            for run in read_plain(store, dek, BLOB, received.parts, 0, len(plain)):
                given += run
        except SealBroken:
            refused += 1
        assert plain.startswith(given)
        flip(stored, at, bit)

    assert refused == 300
    assert read_back(store, dek, received, 0, len(plain)) == plain


def flip(stored: Path, at: int, bit: int) -> None:
    with stored.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))


def test_swapped_missing_and_cut_parts_are_refused(store, folder, dek):
    """Parts of one file in each other's place, a part gone, a part cut: refused before the first byte of it."""
    plain = make_safetensors(3 * PART_BYTES)
    received = take_in(store, dek, plain)
    one, two = (next(folder.rglob(f"{BLOB}/{number}-1")) for number in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    damages = [
        (second, first), (first, first), (first, second[:-1]), (first, second + b"\0"), (first, b""), (first, None),
    ]  # fmt: skip

    for left, right in damages:
        one.write_bytes(left)
        two.unlink(missing_ok=True)
        if right is not None:
            two.write_bytes(right)
        with pytest.raises(SealBroken):
            read_back(store, dek, received, PART_BYTES, PART_BYTES + 1)

    with pytest.raises(SealBroken):
        asyncio.run(open_plain(store, dek, BLOB, received.parts, PART_BYTES, len(plain)))
    with pytest.raises(SealBroken):
        read_back(store, new_dek(), received, 0, 1)


def test_a_damaged_list_of_parts_is_refused(store, dek):
    """Parts listed in another order, or with another size, do not open."""
    plain = make_safetensors(2 * PART_BYTES)
    received = take_in(store, dek, plain)
    one, two, *rest = received.parts

    for parts in ([two, one, *rest], [one, one, *rest], [two, *rest]):
        with pytest.raises(SealBroken):
            b"".join(read_plain(store, dek, BLOB, parts, 0, sum(part.plain_size for part in parts)))


def test_a_file_over_the_limit_leaves_nothing(store, folder, dek):
    """One byte too many is TooLarge and nothing stays; exactly the limit is taken."""
    plain = make_safetensors(2 * PART_BYTES)

    with pytest.raises(TooLarge):
        take_in(store, dek, plain, limit_bytes=len(plain) - 1)

    assert stored_files(folder) == []
    assert take_in(store, dek, plain, limit_bytes=len(plain)).size_bytes == len(plain)


def test_a_client_that_goes_away_leaves_nothing(store, folder, dek):
    """The connection breaks after two parts: the error comes through and no file stays."""
    plain = make_safetensors(3 * PART_BYTES)

    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in arriving(plain[: 2 * PART_BYTES + 500_000]):
            yield chunk
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        asyncio.run(receive(breaking(), store, dek, BLOB, LIMIT))

    assert stored_files(folder) == []


@pytest.mark.parametrize("cancelled_after", [1, 20 * MIB, 40 * MIB])
def test_a_cancelled_upload_leaves_nothing(cancelled_after, store, folder, dek):
    """Cancelling the task at any time removes every part before the cancellation goes on."""
    plain = make_safetensors(3 * PART_BYTES)

    async def stuck() -> AsyncIterator[bytes]:
        async for chunk in arriving(plain[:cancelled_after]):
            yield chunk
        await asyncio.Event().wait()

    async def cancel_it() -> None:
        upload = asyncio.create_task(receive(stuck(), store, dek, BLOB, LIMIT))
        await asyncio.sleep(0.15)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert stored_files(folder) == []

    asyncio.run(cancel_it())


def test_an_upload_past_its_deadline_leaves_nothing(store, folder, dek):
    """A deadline of anyio, which cancels again at each await, removes the parts as well."""
    plain = make_safetensors(2 * PART_BYTES)

    async def stuck() -> AsyncIterator[bytes]:
        async for chunk in arriving(plain):
            yield chunk
        await anyio.sleep_forever()

    async def with_deadline() -> bool:
        with anyio.move_on_after(0.2) as deadline:
            await receive(stuck(), store, dek, BLOB, LIMIT)
        return deadline.cancelled_caught

    assert anyio.run(with_deadline)
    assert stored_files(folder) == []


class FullAfter(FolderBlobs):
    """A folder that has room for one part only."""

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        if not key.endswith("/1-1"):
            raise StorageFull("There is no room.")
        return super().put(key, data)


class Forgetful(FolderBlobs):
    """A folder on a disk that flips a bit of the second part while it writes."""

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        return super().put(key, self._damaged(data) if key.endswith("/2-1") else data)

    def _damaged(self, data: Iterable[BytesLike]) -> Iterator[bytes]:
        for run in data:
            damaged = bytearray(run)
            damaged[-1] ^= 1
            yield bytes(damaged)


@pytest.mark.parametrize(("kind", "error"), [(FullAfter, StorageFull), (Forgetful, SealBroken)])
@pytest.mark.parametrize("parts", [2, 7])
def test_a_store_that_fails_ends_the_upload(kind, error, parts, folder, dek):
    """A full disk, or one that gives back other bytes than it was given, ends the upload and leaves nothing."""
    store = kind(folder)

    with pytest.raises(error):
        take_in(store, dek, make_safetensors(parts * PART_BYTES - 100))

    assert stored_files(folder) == []


class Down(FolderBlobs):
    """A folder that stops answering after the first part."""

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        if key.endswith("/1-1"):
            return super().put(key, data)
        raise StorageDown("gone")

    def delete(self, key: str) -> None:
        raise StorageDown("gone")


def test_an_upload_ends_also_where_nothing_can_be_removed(folder, dek):
    """A store that is down keeps an orphan, and the first error is the one that is told."""
    with pytest.raises(StorageDown):
        take_in(Down(folder), dek, make_safetensors(2 * PART_BYTES))

    assert [path.name for path in stored_files(folder)] == ["1-1"]


def test_nothing_counts_before_it_was_read_back(store, folder, dek):
    """A part that is damaged between storing and reading back is noticed by finish."""
    seen: list[str] = []

    class Meddled(FolderBlobs):
        def borrow(self, key: str, offset: int, length: int, *, fresh: bool = False) -> BytesLike:
            seen.append(key)
            run = bytes(super().borrow(key, offset, length, fresh=fresh))
            return run[:-1] + bytes([run[-1] ^ 1]) if offset > MIB else run

    intake = Intake(Meddled(folder), dek, BLOB, LIMIT)
    intake.feed(make_safetensors(2 * MIB))

    with pytest.raises(SealBroken):
        intake.finish()
    intake.abort()
    intake.abort()

    assert set(seen) == {f"{BLOB}/1-1"}
    assert list(store.list_keys()) == []


TWELVE_PARTS = """
import asyncio, resource, sys
from pathlib import Path
from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.features.artifacts.uploading.receiving import receive
from modelkeep_server.features.artifacts.opening import read_plain
from modelkeep_server.features.artifacts.sealing import new_dek

async def megabytes(count):
    for number in range(count):
        yield bytes([number]) * 2**20

store, dek = FolderBlobs(Path(sys.argv[1])), new_dek()
asyncio.run(receive(megabytes(1), store, dek, "small", 2**40))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
received = asyncio.run(receive(megabytes(192), store, dek, "large", 2**40))
assert sum(map(len, read_plain(store, dek, "large", received.parts, 0, received.size_bytes))) == 192 * 2**20
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // (2**20 if sys.platform == "darwin" else 2**10))
"""


def test_memory_stays_flat(folder):
    """A file of twelve parts goes in and out in a process that grows by no more than 64 MiB."""
    run = subprocess.run([sys.executable, "-c", TWELVE_PARTS, str(folder)], capture_output=True, text=True, check=True)

    assert int(run.stdout) <= 64


def test_a_download_may_be_left_at_any_time(store, dek, caplog):
    """A visitor who goes away after one megabyte leaves no thread stuck and no complaint behind."""
    plain = make_safetensors(PART_BYTES)
    received = take_in(store, dek, plain)

    async def look_and_leave() -> bytes:
        runs = await open_plain(store, dek, BLOB, received.parts, 0, len(plain))
        first = await anext(runs)
        await runs.aclose()
        return first

    first = asyncio.run(look_and_leave())

    assert plain.startswith(first)
    assert caplog.records == []
