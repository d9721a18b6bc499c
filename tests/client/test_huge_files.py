"""A file as large as one may be, by our client and by one of tus that others wrote, over a line that keeps breaking."""

import hashlib
import json
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.uploader import Uploader

from modelkeep.client import Client
from modelkeep.models import Version
from modelkeep.progress import Progress, Step
from modelkeep.resuming import PART_BYTES
from tests.support.cutting import Wire, wired
from tests.support.endurance import Figures, sizes
from tests.support.memory import Growth, growth_of
from tests.support.running import RunningRegistry
from tests.support.safetensors import make_safetensors

MIB = 1024 * 1024
BLOCK_BYTES = 16 * MIB
#: What tuspy sends in one request: several parts, so that a cut falls far behind where it began.
TUSPY_BYTES = 64 * MIB
#: Goes in parts, and is small beside what a transfer may take.
WARM_BYTES = 9 * MIB
GROWTH_MIB_MAX = 64
#: Headers of requests and answers for each part, beside its bytes.
TALK_BYTES_A_PART = 8 * 1024
#: More than there are cuts: tuspy counts them over the whole of what it sends in one request.
TRIES = 30


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


@dataclass
class Resent:
    """How much went over the wire twice: told each offset that an upload goes on from. `most` is that of one cut."""

    wire: Wire
    seen: int = 0
    all: int = 0
    most: int = 0

    def go_on(self, offset: int) -> None:
        """The upload goes on from there."""
        so_far = self.wire.sent_bytes - offset
        self.most = max(self.most, so_far - self.all)
        self.all = max(self.all, so_far)

    def look(self, progress: Progress) -> None:
        """Our client tells how far it is: where it falls back, it goes on from there."""
        if progress.step is not Step.SENDING:
            return
        if progress.done_bytes < self.seen:
            self.go_on(progress.done_bytes)
        self.seen = progress.done_bytes


Send = Callable[[Wire, str, Version, Path], Resent]


def _send_by_ours(wire: Wire, token: str, version: Version, file: Path) -> Resent:
    resent = Resent(wire)
    with Client(wire.url, token) as client:
        client.upload(version.address, file, name="ours.safetensors", on_progress=resent.look)
    return resent


def _send_by_tuspy(wire: Wire, token: str, version: Version, file: Path) -> Resent:
    resent = Resent(wire)

    class Told(Uploader):  # type: ignore[misc]
        def get_offset(self) -> Any:
            offset = super().get_offset()
            resent.go_on(offset)
            return offset

    told = {"model": version.model, "version": version.version, "type": "WEIGHTS", "path": "tuspy.safetensors"}
    client = TusClient(f"{wire.url}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    with file.open("rb") as opened:
        uploader = Told(file_stream=opened, client=client, chunk_size=TUSPY_BYTES, metadata=told)
        uploader.retries, uploader.retry_delay = TRIES, 0.2
        uploader.upload()
    return resent


SENDERS: dict[str, Send] = {"ours": _send_by_ours, "tuspy": _send_by_tuspy}


def _warm(registry: RunningRegistry, token: str, version: Version, folder: Path) -> None:
    """Have the server do once what is measured, so that what it loads for it is not counted."""
    folder.mkdir()
    (folder / "warm.safetensors").write_bytes(make_safetensors(WARM_BYTES, seed=1))
    with Client(registry.url, token) as client:
        client.upload(version.address, folder / "warm.safetensors")
        client.download(version.address, folder / "fetched")


def _tell_memory(figures: Figures, what: str, growth: Growth) -> None:
    figures.tell(f"{what}: memory of the server grew by", growth.own, "MiB", at_most=GROWTH_MIB_MAX)
    figures.tell(f"{what}: memory of its helpers grew by", growth.helpers, "MiB")


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
    _warm(registry, owner_token, version, tmp_path / "warm")
    for name, send in SENDERS.items():
        with wired(registry.url) as wire, growth_of(registry.pid) as growth:
            wire.cut_sent_at = places.copy()
            began = time.perf_counter()
            resent = send(wire, owner_token, version, file)
            seconds = time.perf_counter() - began
        figures.tell(f"{name}: up", mib / seconds, "MiB/s")
        figures.tell(f"{name}: cuts on the way up", wire.cuts, at_least=cuts)
        figures.tell(f"{name}: most sent again for one cut", resent.most / PART_BYTES, "parts", at_most=1)
        _tell_memory(figures, f"{name}, up", growth)
        assert wire.cuts == cuts
        assert resent.most <= PART_BYTES
        assert wire.sent_bytes - file.stat().st_size <= cuts * PART_BYTES + TALK_BYTES_A_PART * (mib // 16 + cuts + 4)

    wrong = 0
    for name in SENDERS:
        with wired(registry.url) as wire, growth_of(registry.pid) as growth:
            wire.cut_received_at = places.copy()
            began = time.perf_counter()
            with Client(wire.url, owner_token) as client:
                [fetched] = client.download(f"{version.address}/{name}.safetensors", tmp_path / "there")
            seconds = time.perf_counter() - began
        again = (wire.received_bytes - file.stat().st_size) / PART_BYTES / cuts
        figures.tell(f"{name}: down", mib / seconds, "MiB/s")
        figures.tell(f"{name}: cuts on the way down", wire.cuts, at_least=cuts)
        figures.tell(f"{name}: fetched again for each cut", again, "parts", at_most=1)
        _tell_memory(figures, f"{name}, down", growth)
        wrong += not fetched.artifact.sha256 == _sha256(fetched.file) == sha256
        fetched.file.unlink()
        assert wire.cuts == cuts
        assert again <= 1
    figures.tell("files with another SHA-256 after up and down", wrong, at_most=0)
    assert wrong == 0


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
