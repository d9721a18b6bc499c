"""Keys that are rotated under a server that runs, is killed in the middle of it, and has uploads under way."""

import hashlib
import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from modelkeep_server.features.artifacts.sealing import PART_BYTES
from modelkeep_server.operate.reach import perform
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.settings import Settings
from tests.support import tus
from tests.support.endurance import Figures, sizes
from tests.support.hammering import API, Victim, furnish
from tests.support.safetensors import make_safetensors

FILES = f"{API}/models/kills/first/versions/1.0.0/artifacts"
LONGEST_SECONDS = 0.1


def connect(victim: Victim, token: str) -> httpx2.Client:
    """A client of whoever's token this is."""
    return httpx2.Client(base_url=victim.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def send_files(client: httpx2.Client, count: int) -> dict[str, str]:
    """Files by path, with their digests."""
    sent = {}
    for number in range(count):
        content = make_safetensors(500, seed=number)
        client.put(f"{FILES}/{number}.safetensors?type=WEIGHTS", content=content).raise_for_status()
        sent[f"{number}.safetensors"] = hashlib.sha256(content).hexdigest()
    return sent


def find_wrong(client: httpx2.Client, files: dict[str, str]) -> list[str]:
    """Files that do not come back as they were sent."""
    wrong = []
    for path, digest in files.items():
        url = client.post(f"{FILES}/{path}/links").json()["url"]
        if hashlib.sha256(client.get(url).content).hexdigest() != digest:
            wrong.append(path)
    return wrong


def rotate(settings: Settings, told: list[dict[str, Any]]) -> None:
    """Ask the running server to rotate; it may be killed meanwhile."""
    try:
        told.append(perform(settings, "keys.rotate", {"resume": False}))
    except OperationRefused as error:
        told.append({"refused": str(error)})


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """Inode and time of every stored file."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kills", sizes(small=1, full=40))
def test_a_rotation_survives_kills_and_uploads_go_on(kills: int, tmp_path: Path, figures: Figures) -> None:
    """Killed at any moment and begun again: every file opens with the old keys gone, and the upload is completed."""
    victim = Victim(tmp_path)
    settings = Settings(data_dir=tmp_path / "data", key_file=tmp_path / "key")
    chance = random.Random(7)
    large = make_safetensors(PART_BYTES + 1_000_000, seed=99)
    half = len(large) // 2
    told: list[dict[str, Any]] = []
    with victim.served():
        token = furnish(victim)
        with connect(victim, token) as client:
            files = send_files(client, 30 if kills < 10 else 450)
            begun = tus.begin(client, "kills/first:1.0.0", len(large), content=large[:half], path="large.safetensors")
            url = httpx2.URL(begun.headers["location"]).path
    before = stamps(tmp_path / "data" / "files")

    for _ in range(kills):
        with victim.served():
            asking = threading.Thread(target=rotate, args=(settings, told))
            asking.start()
            time.sleep(chance.uniform(0, LONGEST_SECONDS))
        asking.join()
    with victim.served(), connect(victim, token) as client:
        perform(settings, "keys.rotate", {"resume": True})
        copied = perform(settings, "keys.copy", {"shares": 1, "needed": 1})
        after = stamps(tmp_path / "data" / "files")
        offset = tus.offset_of(client, url)
        done = tus.send(client, url, offset, large[offset:])
        perform(settings, "keys.confirm", {"fingerprint": copied["fingerprint"]})
        dropped = perform(settings, "keys.retire-old", {"serversAgree": False})["dropped"]
        files["large.safetensors"] = hashlib.sha256(large).hexdigest()
        wrong = find_wrong(client, files)
        findings = perform(settings, "audit.verify", {})["findings"]

    cut = sum("refused" in one for one in told)
    figures.tell("kill -9 during a rotation", kills)
    figures.tell("of these before it had ended", cut)
    figures.tell("keys made, and dropped in the end", len(dropped))
    figures.tell("files that do not open", len(wrong), at_most=0)
    figures.tell(
        "stored files that were touched", sum(after.get(path) != stamp for path, stamp in before.items()), at_most=0
    )
    figures.tell("findings of audit verify", len(findings), at_most=0)
    assert done.status_code == 204
    assert wrong == []
    assert {path: after.get(path) for path in before} == before
    assert findings == []
    assert cut or len(dropped) >= kills
    assert list(tmp_path.glob("key*")) == [tmp_path / "key"]
