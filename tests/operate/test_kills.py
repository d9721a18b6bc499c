"""A server that is killed in the middle of its work loses nothing that it acknowledged, and shows nothing half done."""

import contextlib
import hashlib
import os
import random
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2
import pytest

from tests.support.endurance import Figures, sizes
from tests.support.running import COMMAND
from tests.support.safetensors import make_safetensors

FILE_BYTES = 200_000
SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 0.5


@dataclass
class Acknowledged:
    """What the server said was done: names of models, and paths of files with their digests."""

    models: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Victim:
    """A server that is started and killed, on one data folder."""

    folder: Path
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    url: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a command find this registry."""
        own = {"MODELKEEP_DATA_DIR": str(self.folder / "data"), "MODELKEEP_KEY_FILE": str(self.folder / "key")}
        return {**os.environ, **own, "MODELKEEP_PORT": "0"}

    def operate(self, *arguments: str) -> str:
        """The standard output of an operator's command."""
        done = subprocess.run(
            [COMMAND, *arguments], env=dict(self.environment), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Serve until the block ends, then kill the server as a power cut would."""
        process = subprocess.Popen(
            [COMMAND, "serve"], env=dict(self.environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        self.url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()


def hammer(victim: Victim, token: str, stopped: threading.Event, act: Callable[[httpx2.Client], None]) -> None:
    """Repeat an act until told to stop, or until the server is gone."""
    with (
        contextlib.suppress(httpx2.TransportError),
        httpx2.Client(base_url=f"{victim.url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client,
    ):
        while not stopped.is_set():
            act(client)


def register(victim: Victim, client: httpx2.Client) -> None:
    """Register one more model; note it once it is acknowledged."""
    name = f"model-{secrets.token_hex(6)}"
    body = {"name": name, "group": "kills", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}
    if client.post("/models", json=body).status_code == httpx2.codes.CREATED:
        victim.acknowledged.models.append(name)


def upload(victim: Victim, client: httpx2.Client) -> None:
    """Upload one more file; note it once it is acknowledged."""
    path = f"{secrets.token_hex(6)}.safetensors"
    content = make_safetensors(FILE_BYTES, seed=secrets.randbits(32))
    answer = client.put(f"/models/kills/first/versions/1.0.0/artifacts/{path}?type=WEIGHTS", content=content)
    if answer.status_code == httpx2.codes.CREATED:
        victim.acknowledged.files[path] = hashlib.sha256(content).hexdigest()


def run_round(victim: Victim, token: str, chance: random.Random) -> None:
    """Serve, let two writers work for a moment, and kill the server under them."""
    stopped = threading.Event()
    with victim.served():
        writers = [
            threading.Thread(target=hammer, args=(victim, token, stopped, partial(act, victim)))
            for act in (register, upload)
        ]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
    stopped.set()
    for writer in writers:
        writer.join()


def find_losses(victim: Victim, token: str) -> list[str]:
    """What was acknowledged and is not there any more, or not as it was sent."""
    lost: list[str] = []
    with victim.served(), httpx2.Client(base_url=f"{victim.url}/api/v1") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        lost += [
            name
            for name in victim.acknowledged.models
            if client.get(f"/models/kills/{name}").status_code != httpx2.codes.OK
        ]
        base = "/models/kills/first/versions/1.0.0/artifacts"
        for path, digest in victim.acknowledged.files.items():
            link = client.post(f"{base}/{path}/links").json()
            if hashlib.sha256(httpx2.get(link["url"]).content).hexdigest() != digest:
                lost.append(path)
    return lost


def furnish(victim: Victim) -> str:
    """Make the model and version that files go to, and give back a token for the writers."""
    token = victim.operate("admin", "create-token", "--user", "kim@company.com", "--roles", "MODEL_OWNER,ADMIN")
    with victim.served(), httpx2.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        body = {"name": "first", "group": "kills", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}
        client.post(f"{victim.url}/api/v1/models", json=body).raise_for_status()
        client.post(f"{victim.url}/api/v1/models/kills/first/versions", json={"version": "1.0.0"}).raise_for_status()
    return token


@pytest.mark.parametrize("kills", sizes(small=40, full=200))
def test_kills_lose_nothing_that_was_acknowledged(kills: int, tmp_path: Path, figures: Figures) -> None:
    """However often it is killed under writes and uploads: what was acknowledged is there, and the log verifies."""
    victim = Victim(tmp_path)
    token = furnish(victim)
    chance = random.Random(7)

    for _ in range(kills):
        run_round(victim, token, chance)
    lost = find_losses(victim, token)
    verdict = victim.operate("audit", "verify")

    figures.tell("kill -9 under writes and uploads", kills)
    figures.tell("acknowledged models", len(victim.acknowledged.models))
    figures.tell("acknowledged files", len(victim.acknowledged.files))
    figures.tell("acknowledged writes lost, torn or wrong", len(lost), at_most=0)
    figures.tell("audit verify finds nothing", int(verdict.startswith("OK: ")), at_least=1)
    assert lost == []
    assert verdict.startswith("OK: ")
    assert victim.acknowledged.models
    assert victim.acknowledged.files
