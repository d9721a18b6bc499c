"""The largest file that is taken by default, up and down in a browser; `make endurance` alone has the time."""

import hashlib
import json
import struct
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from modelkeep.client import Client
from modelkeep.resuming import PART_BYTES
from tests.journeys.conftest import Visitor, enter, visit
from tests.support.cutting import wired
from tests.support.endurance import Figures, sizes
from tests.support.memory import growth_of
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

GIB = 1024**3
GROWTH_MIB_MAX = 64
CUTS = 20
#: Headers of requests for each part, beside its bytes.
TALK_BYTES_A_PART = 8 * 1024
#: What had left before a cut, and was not taken any more.
ON_THE_WAY_BYTES = 1024**2
#: Goes in parts, as the large one does, and is small beside what a transfer may take.
WARM_BYTES = 17 * 1024**2
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


def furnish(running: RunningRegistry) -> None:
    """A draft that takes files."""
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


def fetch(visitor: Visitor, name: str) -> Path:
    """A file, as the button of its row downloads it."""
    with visitor.page.expect_download(timeout=60_000) as download:
        visitor.page.get_by_role("button", name=f"Download {name}").click()
    return Path(download.value.path())


@pytest.mark.skipif(sys.platform != "linux", reason="Memory is read from /proc.")
@pytest.mark.parametrize("size_bytes", sizes(full=5 * GIB))
def test_the_largest_file_goes_up_and_down_in_a_browser(
    chromium: Browser, tmp_path: Path, size_bytes: int, figures: Figures
) -> None:
    """5 GiB are sent over a line that breaks 20 times, and fetched: the digests agree, and the server stays small."""
    there, warm = tmp_path / "large.safetensors", tmp_path / "warm.safetensors"
    write_large(there, size_bytes)
    write_large(warm, WARM_BYTES)
    with running_registry(tmp_path, by_command=True) as served, wired(served.url) as wire:
        furnish(served)
        visitor = visit(enter(chromium, served, "wim@company.com", "MODEL_OWNER"), wire.url)
        visitor.page.set_default_timeout(30_000)
        visitor.go(f"{BASE}/artifacts")
        expect(visitor.page.locator("[data-drop]")).to_be_visible()
        visitor.page.set_input_files("#files", warm)
        expect(visitor.page.locator("[data-upload-list] > li").first).to_contain_text("verified", timeout=30_000)
        visitor.page.reload()
        fetch(visitor, "warm.safetensors")

        before, began = wire.sent_bytes, time.monotonic()
        wire.cut_sent_at = [before + size_bytes * (2 * n + 1) // (2 * CUTS) for n in range(CUTS)]
        with growth_of(served.pid) as up:
            visitor.page.set_input_files("#files", there)
            row = visitor.page.locator("[data-upload-list] > li").last
            expect(row).to_contain_text("verified", timeout=30 * 60_000)
        talk_bytes = TALK_BYTES_A_PART * (size_bytes // PART_BYTES + CUTS)
        up_seconds, again = time.monotonic() - began, wire.sent_bytes - before - size_bytes - talk_bytes
        began = time.monotonic()
        with growth_of(served.pid) as down:
            visitor.page.reload()
            fetched = fetch(visitor, "large.safetensors")
        down_seconds = time.monotonic() - began
        differs = digest_of(fetched) != digest_of(there)
        visitor.page.context.close()
    there.unlink()

    figures.tell("browser: sent", size_bytes / up_seconds / 1e6, "MB/s")
    figures.tell("browser: fetched", size_bytes / down_seconds / 1e6, "MB/s")
    figures.tell("browser: cuts on the way up", wire.cuts, at_least=CUTS)
    # Chromium sends a request whose connection broke again by itself, a whole part, however much of it had arrived; the
    # page hears of the cut by the 409 to that, and goes on from where the registry is.
    figures.tell("browser: sent again for each cut", again / PART_BYTES / CUTS, "parts", at_most=1)
    for way, growth in (("sending", up), ("fetching", down)):
        figures.tell(f"browser: server memory while {way}", growth.own, "MiB", at_most=GROWTH_MIB_MAX)
        figures.tell(f"browser: memory of its helpers while {way}", growth.helpers, "MiB")
    figures.tell("browser: files with another SHA-256", int(differs), at_most=0)
    assert wire.cuts == CUTS
    assert again <= CUTS * (PART_BYTES + ON_THE_WAY_BYTES)
    assert not differs
    assert max(up.own, down.own) < GROWTH_MIB_MAX
