"""What is measured: a registry on a fresh data folder, and the bare peer beside it, each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from bench.planting import plant_lineage
from bench.rounds import seed_reviews
from bench.seeding import Seeded, seed
from modelkeep_server.app import CannotStart
from modelkeep_server.settings import Settings

COMMAND = Path(sys.executable).parent / "modelkeep"
SETTLE_SECONDS = 2


@dataclass(frozen=True)
class Place:
    """A registry that is not served yet: where it lies, and how its server is told."""

    folder: Path
    settings: Settings
    env: Mapping[str, str]


@dataclass(frozen=True)
class Made(Place):
    """One with models in it."""

    seeded: Seeded


@dataclass(frozen=True)
class Running:
    """A server that answers. `start_seconds` is from the start of the process to the first answer."""

    port: int
    pid: int
    start_seconds: float

    def memory_mib(self, name: str = "VmRSS") -> float:
        """Resident memory of the server in MiB, now (VmRSS; RssAnon: its own) or at its peak (VmHWM). Linux only."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)

    @contextmanager
    def watched(self) -> Iterator[Callable[[], float]]:
        """
        Tells the most memory of its own that the server held since the block began, in MiB: without pages of files
        that it maps, which each of its connections would count again. Looked at ten times a second.
        """
        highest, ended = [self.memory_mib("RssAnon")], threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                highest[0] = max(highest[0], self.memory_mib("RssAnon"))

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield lambda: highest[0]
        finally:
            ended.set()
            watching.join()

    def settled_mib(self) -> float:
        """Resident memory in MiB once the server has nothing left to do for its start."""
        time.sleep(SETTLE_SECONDS)
        return self.memory_mib()


def lay_out(folder: Path, database_url: str | None) -> Place:
    """Where a registry will lie: on SQLite in the folder, or in that PostgreSQL database, whose schema is made."""
    port = free_port()
    named = {"MODELKEEP_DATABASE_URL": database_url} if database_url else {}
    env = {
        "MODELKEEP_DATA_DIR": str(folder / "data"),
        "MODELKEEP_KEY_FILE": str(folder / "key"),
        "MODELKEEP_PORT": str(port),
        **named,
    }
    settings = Settings(
        data_dir=folder / "data", key_file=folder / "key", port=port, database_url=database_url
    )  # fmt: skip
    if database_url:
        subprocess.run([COMMAND, "migrate"], env=os.environ | env, check=True, stdout=subprocess.DEVNULL)
    return Place(folder, settings, env)


def make_registry(
    folder: Path, models: int, database_url: str | None, *, open_reviews: int = 0, edges: int = 0
) -> Made:
    """
    Make a registry of so many models, of reviews that wait, and of so many edges of lineage. A database named must be
    empty.
    """
    place = lay_out(folder, database_url)
    try:
        seeded = seed(place.settings, models)
        if open_reviews:
            seed_reviews(place.settings, seeded.addresses, open_reviews)
        if edges:
            plant_lineage(place.settings, edges)
        return Made(place.folder, place.settings, place.env, seeded)
    except CannotStart as error:
        raise SystemExit(f"{error} `make bench` needs an empty database.") from error


@contextmanager
def serve(place: Place, storage_url: str | None = None) -> Iterator[Running]:
    """Serve a registry until the block ends, with its files at that storage URL (in its data folder)."""
    port = int(place.env["MODELKEEP_PORT"])
    stored = {"MODELKEEP_STORAGE_URL": storage_url} if storage_url else {}
    with serving([str(COMMAND), "serve"], {**place.env, **stored}, port) as (process, seconds):
        yield Running(port, process.pid, seconds)


@contextmanager
def start_peer(model_json: str) -> Iterator[int]:
    """Serve the bare peer, which answers with this model, until the block ends; gives its port."""
    port = free_port()
    with serving([sys.executable, "-m", "bench.peer", str(port)], {}, port, told=model_json):
        yield port


@contextmanager
def serving(
    command: list[str],
    env: Mapping[str, str],
    port: int,
    told: str = "",
    *,
    health: str = "/healthz",
    quiet: bool = False,
) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """
    Run a server until the block ends, once `health` answers; gives the process and the seconds until then.

    Args:
        told: What it finds on its input.
        quiet: What it says of itself is thrown away.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if quiet else None, text=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(told)
        process.stdin.close()
        _await_answer(process, port, health)
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _await_answer(process: subprocess.Popen[str], port: int, health: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with closing(connection), suppress(OSError):
            connection.request("GET", health)
            if connection.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(0.01)
    raise SystemExit("The server did not answer.")


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
