"""The largest file that is taken by default, up and down in a browser; `make endurance` alone has the time."""

import hashlib
import json
import struct
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from modelkeep.client import Client
from tests.journeys.conftest import enter, visit
from tests.support.endurance import Figures, sizes
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

GIB = 1024**3
GROWTH_BYTES_MAX = 64 * 1024**2
BASE = "/models/nlp-models/large/versions/1.0.0"


def write_large(path: Path, size_bytes: int) -> None:
    """A valid safetensors file of just this size, whose one tensor is a hole."""
    room = 120
    body = size_bytes - 8 - room
    tensor = {"weight": {"dtype": "U8", "shape": [body], "data_offsets": [0, body]}}
    with path.open("wb") as out:
        out.write(struct.pack("<Q", room) + json.dumps(tensor).encode().ljust(room))
        out.truncate(size_bytes)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class Watch:
    """How much memory a process holds at most, above what it held at first. Bytes."""

    def __init__(self, pid: int) -> None:
        self._pid, self._ended = pid, threading.Event()
        self._first = self._most = self._read()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """Stop looking, and say how far it grew."""
        self._ended.set()
        self._thread.join()
        return self._most - self._first

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            self._most = max(self._most, self._read())

    def _read(self) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0


def furnish(running: RunningRegistry) -> None:
    """A draft that takes files, and one small file in it, so that the server is warm."""
    with Client(running.url, running.token("wim@company.com", "MODEL_OWNER")) as client:
        client.register_model(
            {
                "name": "large",
                "group": "nlp-models",
                "description": "A model of the largest size.",
                "owners": ["wim@company.com"],
                "riskTier": "LOW",
            }
        )
        client.create_version("nlp-models/large:1.0.0")


@pytest.mark.parametrize("size_bytes", sizes(full=5 * GIB))
def test_the_largest_file_goes_up_and_down_in_a_browser(
    chromium: Browser, tmp_path: Path, size_bytes: int, figures: Figures
) -> None:
    """5 GiB are sent and fetched by the pages, the digests agree, and the server grows by less than 64 MiB for each."""
    there = tmp_path / "large.safetensors"
    write_large(there, size_bytes)
    with running_registry(tmp_path) as served:
        furnish(served)
        visitor = visit(enter(chromium, served, "wim@company.com", "MODEL_OWNER"), served.url)
        visitor.page.set_default_timeout(30_000)
        visitor.go(f"{BASE}/artifacts")
        expect(visitor.page.locator("[data-drop]")).to_be_visible()
        visitor.page.set_input_files("#files", {"name": "warm.json", "mimeType": "", "buffer": b'{"warm": true}'})
        expect(visitor.page.locator("[data-upload-list] > li").first).to_contain_text("verified", timeout=30_000)

        watch, began = Watch(served.pid), time.monotonic()
        visitor.page.set_input_files("#files", there)
        row = visitor.page.locator("[data-upload-list] > li").last
        expect(row).to_contain_text("verified", timeout=30 * 60_000)
        up_seconds, grown_up = time.monotonic() - began, watch.end()
        watch, began = Watch(served.pid), time.monotonic()
        visitor.page.reload()
        with visitor.page.expect_download(timeout=60_000) as download:
            visitor.page.get_by_role("button", name="Download large.safetensors").click()
        fetched = Path(download.value.path())
        down_seconds, grown_down = time.monotonic() - began, watch.end()
        same = digest_of(fetched) == digest_of(there)
        visitor.page.context.close()

    figures.tell("browser: sent", size_bytes / up_seconds / 1e6, "MB/s")
    figures.tell("browser: fetched", size_bytes / down_seconds / 1e6, "MB/s")
    figures.tell("browser: server memory while sending", grown_up / 1024**2, "MiB", at_most=64)
    figures.tell("browser: server memory while fetching", grown_down / 1024**2, "MiB", at_most=64)
    assert same
    assert grown_up < GROWTH_BYTES_MAX
    assert grown_down < GROWTH_BYTES_MAX
