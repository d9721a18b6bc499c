"""A file as large as one may be, by our client and by one of tus that others wrote, over a line that keeps breaking."""

import hashlib
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tusclient.client import TusClient

from modelkeep.client import Client
from modelkeep.models import Version
from modelkeep.resuming import PART_BYTES
from tests.support.cutting import Wire, wired
from tests.support.endurance import Figures, sizes
from tests.support.load import memory_bytes
from tests.support.running import RunningRegistry

MIB = 1024 * 1024
BLOCK_BYTES = 16 * MIB
#: Headers of requests and answers for each part, beside its bytes.
TALK_BYTES_A_PART = 8 * 1024
TRIES = 8


@pytest.fixture
def huge(tmp_path: Path, mib: int) -> Iterator[tuple[Path, str]]:
    """A valid safetensors file of so many MiB, and its SHA-256."""
    file, size_bytes, digest = tmp_path / "huge.safetensors", mib * MIB, hashlib.sha256()
    header = json.dumps({"w": {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}}).encode()
    header = header.ljust(-(-len(header) // 8) * 8)
    block = os.urandom(min(BLOCK_BYTES, size_bytes))
    with file.open("wb") as written:
        for number in range(-(-size_bytes // BLOCK_BYTES)):
            left = size_bytes - number * BLOCK_BYTES
            # Each block differs from the others, so that none can stand for another.
            piece = (struct.pack("<Q", number) + block[8:])[:left]
            for part in (struct.pack("<Q", len(header)) + header, piece) if number == 0 else (piece,):
                written.write(part)
                digest.update(part)
    yield file, digest.hexdigest()
    file.unlink()


@contextmanager
def _memory_watched(pid: int) -> Iterator[Callable[[], float]]:
    """Gives by how many MiB a process grew at its highest since the block began."""
    before, highest, ended = memory_bytes(pid), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            highest[0] = max(highest[0], memory_bytes(pid))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield lambda: (max(highest[0], memory_bytes(pid)) - before) / MIB
    finally:
        ended.set()
        watching.join()


def _send_by_ours(wire: Wire, token: str, version: Version, file: Path) -> None:
    with Client(wire.url, token) as client:
        client.upload(version.address, file, name="ours.safetensors")


def _send_by_tuspy(wire: Wire, token: str, version: Version, file: Path) -> None:
    told = {"model": version.model, "version": version.version, "type": "WEIGHTS", "path": "tuspy.safetensors"}
    client = TusClient(f"{wire.url}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    with file.open("rb") as opened:
        uploader = client.uploader(file_stream=opened, chunk_size=PART_BYTES, metadata=told)
        uploader.retries, uploader.retry_delay = TRIES, 0.2
        uploader.upload()


@pytest.mark.skipif(sys.platform != "linux", reason="Memory is read from /proc.")
@pytest.mark.parametrize("mib", sizes(small=40, full=5 * 1024 - 1))
def test_a_huge_file_goes_up_and_down_over_a_line_that_keeps_breaking(
    registry: RunningRegistry,
    owner_token: str,
    version: Version,
    huge: tuple[Path, str],
    mib: int,
    tmp_path: Path,
    figures: Figures,
) -> None:
    """By our client and by tuspy: each cut costs at most a part, the bytes agree, and the server stays small."""
    file, sha256 = huge
    cuts = 20 if mib > 1024 else 2
    places = [mib * MIB * (2 * n + 1) // (2 * cuts) for n in range(cuts)]
    for name, send in (("ours", _send_by_ours), ("tuspy", _send_by_tuspy)):
        with wired(registry.url) as wire, _memory_watched(registry.pid) as grown:
            wire.cut_sent_at = places.copy()
            began = time.perf_counter()
            send(wire, owner_token, version, file)
            seconds, growth = time.perf_counter() - began, grown()
        again = wire.sent_bytes - file.stat().st_size
        figures.tell(f"{name}: up", mib / seconds, "MiB/s")
        figures.tell(f"{name}: cuts", wire.cuts)
        figures.tell(f"{name}: sent again for each cut", again / MIB / cuts, "MiB", at_most=PART_BYTES / MIB)
        figures.tell(f"{name}: growth of the server while it came up", growth, "MiB", at_most=64)
        assert wire.cuts == cuts
        assert again <= cuts * PART_BYTES + TALK_BYTES_A_PART * (mib // 16 + cuts + 4)

    with wired(registry.url) as wire, _memory_watched(registry.pid) as grown:
        wire.cut_received_at = places.copy()
        began = time.perf_counter()
        with Client(wire.url, owner_token) as client:
            fetched = client.download(version.address, tmp_path / "there")
        seconds, growth = time.perf_counter() - began, grown()
    figures.tell("down", len(fetched) * mib / seconds, "MiB/s")
    figures.tell("growth of the server while it went down", growth, "MiB", at_most=64)
    assert {"ours.safetensors", "tuspy.safetensors"} == {one.artifact.path for one in fetched}
    assert {sha256} == {one.artifact.sha256 for one in fetched}
    for one in fetched:
        one.file.unlink()
