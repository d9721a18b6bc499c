"""A server under writers that note what it acknowledged, to be killed or copied in the middle of it."""

import contextlib
import hashlib
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from modelkeep.client import Client
from tests.support.safetensors import make_safetensors
from tests.support.tus import begin, offset_of, send
from tests.support.warm import run_command, start_server

FILE_BYTES = 200_000
RUN_BYTES = 30_000
API = "/api/v1"


@dataclass
class Acknowledged:
    """What the server said was done: names of models, and paths of files with their digests."""

    models: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How much it acknowledged."""
        return len(self.models) + len(self.files)


@dataclass
class Begun:
    """An upload under way: where it goes on, and its content."""

    path: str
    content: bytes
    url: str = ""


@dataclass
class Victim:
    """
    A server that is started and killed, on one data folder. `begun` are the uploads that are not finished, `sent` is
    the SHA-256 of everything that was ever sent, by its path. `resumed` counts how often an upload was gone on with by
    a server that did not begin it.
    """

    folder: Path
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    begun: list[Begun] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    resumed: int = 0
    url: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a command find this registry."""
        own = {"MODELKEEP_DATA_DIR": str(self.folder / "data"), "MODELKEEP_KEY_FILE": str(self.folder / "key")}
        return {**os.environ, **own, "MODELKEEP_PORT": "0"}

    def operate(self, *arguments: str) -> str:
        """The standard output of an operator's command."""
        code, out, err = run_command(self.environment, arguments, 60)
        assert code == 0, err
        return out.strip()

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Serve until the block ends, then kill the server as a power cut would."""
        process, lines = start_server(self.environment, self.folder, self.folder / "output")
        with lines:
            self.url = lines.readline().rsplit(" ", 1)[-1].strip()
            try:
                yield
            finally:
                process.kill()
                process.join()
                process.close()


def hammer(victim: Victim, token: str, stopped: threading.Event, act: Callable[[httpx2.Client], None]) -> None:
    """Repeat an act until told to stop, or until the server is gone."""
    with (
        contextlib.suppress(httpx2.TransportError),
        httpx2.Client(base_url=victim.url, headers={"Authorization": f"Bearer {token}"}) as client,
    ):
        while not stopped.is_set():
            act(client)


def register(victim: Victim, client: httpx2.Client) -> None:
    """Register one more model; note it once it is acknowledged."""
    name = f"model-{secrets.token_hex(6)}"
    body = {"name": name, "group": "kills", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}
    if client.post(f"{API}/models", json=body).status_code == httpx2.codes.CREATED:
        victim.acknowledged.models.append(name)


def upload(victim: Victim, client: httpx2.Client) -> None:
    """Upload one more file; note it once it is acknowledged."""
    path = f"{secrets.token_hex(6)}.safetensors"
    content = make_safetensors(FILE_BYTES, seed=secrets.randbits(32))
    victim.sent[path] = hashlib.sha256(content).hexdigest()
    answer = client.put(f"{API}/models/kills/first/versions/1.0.0/artifacts/{path}?type=WEIGHTS", content=content)
    if answer.status_code == httpx2.codes.CREATED:
        victim.acknowledged.files[path] = victim.sent[path]


def resume(victim: Victim, client: httpx2.Client) -> None:
    """Go on with an upload that was left in the middle, or begin one; send it in runs; note it once it is whole."""
    if not victim.begun:
        content = make_safetensors(FILE_BYTES, seed=secrets.randbits(32))
        victim.begun.append(Begun(f"{secrets.token_hex(6)}.safetensors", content))
        victim.sent[victim.begun[0].path] = hashlib.sha256(content).hexdigest()
    upload = victim.begun[0]
    if upload.url:
        at = offset_of(client, upload.url)
        victim.resumed += 1
    else:
        answer = begin(client, "kills/first:1.0.0", len(upload.content), path=upload.path)
        if answer.status_code != httpx2.codes.CREATED:
            return
        upload.url, at = answer.headers["location"], 0
    while at < len(upload.content):
        answer = send(client, upload.url, at, upload.content[at : at + RUN_BYTES])
        if answer.status_code != httpx2.codes.NO_CONTENT:
            return
        at = int(answer.headers["upload-offset"])
    victim.acknowledged.files[upload.path] = victim.sent[upload.path]
    victim.begun.remove(upload)


def finish_uploads(victim: Victim, token: str) -> None:
    """Send what is left of every upload that was begun. Serves the registry for it."""
    with victim.served(), httpx2.Client(base_url=victim.url, headers={"Authorization": f"Bearer {token}"}) as client:
        while victim.begun:
            resume(victim, client)


def find_losses(victim: Victim, token: str) -> list[str]:
    """What was acknowledged and is not there any more, or not as it was sent. Serves the registry for it."""
    with victim.served(), httpx2.Client(base_url=victim.url, headers={"Authorization": f"Bearer {token}"}) as client:
        return find_missing(client, victim.acknowledged)


def find_torn(victim: Victim, token: str) -> list[str]:
    """
    What is listed and is not what was sent, byte for byte, where nobody was told that it is there; the rest is for
    `find_losses`. Serves the registry for it.
    """
    with victim.served(), Client(victim.url, token) as client, tempfile.TemporaryDirectory() as folder:
        torn = []
        for artifact in client.list_artifacts("kills/first:1.0.0"):
            if artifact.sha256 == victim.acknowledged.files.get(artifact.path):
                continue
            [fetched] = client.download(f"kills/first:1.0.0/{artifact.path}", folder)
            arrived = hashlib.sha256(fetched.file.read_bytes()).hexdigest()
            fetched.file.unlink()
            if not arrived == artifact.sha256 == victim.sent[artifact.path]:
                torn.append(artifact.path)
        return torn


def find_missing(client: Any, acknowledged: Acknowledged) -> list[str]:
    """As `find_losses`, by a client with the writers' token at a registry that runs."""
    lost = [
        name for name in acknowledged.models if client.get(f"{API}/models/kills/{name}").status_code != httpx2.codes.OK
    ]
    files = f"{API}/models/kills/first/versions/1.0.0/artifacts"
    for path, digest in acknowledged.files.items():
        link = client.post(f"{files}/{path}/links").json()
        if hashlib.sha256(client.get(link["url"]).content).hexdigest() != digest:
            lost.append(path)
    return lost


def furnish(victim: Victim) -> str:
    """Make the model and version that files go to at a server that runs; gives a token for the writers."""
    token = victim.operate("admin", "create-token", "--user", "kim@company.com", "--roles", "MODEL_OWNER,ADMIN")
    with httpx2.Client(base_url=f"{victim.url}{API}", headers={"Authorization": f"Bearer {token}"}) as client:
        body = {"name": "first", "group": "kills", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}
        client.post("/models", json=body).raise_for_status()
        client.post("/models/kills/first/versions", json={"version": "1.0.0"}).raise_for_status()
    return token


def start_writers(victim: Victim, token: str, stopped: threading.Event, *, pairs: int = 1) -> list[threading.Thread]:
    """
    Let writers work until they are told to stop: pairs, one that registers models and one that uploads in one go, and
    one that uploads in runs and goes on with what was left.
    """
    writers = [
        threading.Thread(target=hammer, args=(victim, token, stopped, partial(act, victim)))
        for act in ((register, upload) * pairs + (resume,))
    ]
    for writer in writers:
        writer.start()
    return writers
