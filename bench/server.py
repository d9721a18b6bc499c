"""What is measured: a registry on a fresh data folder, and the bare peer beside it, each a process of its own."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from bench.seeding import Seeded, seed
from modelkeep_server.app import CannotStart
from modelkeep_server.settings import Settings

COMMAND = Path(sys.executable).parent / "modelkeep"
STARTS = 3


@dataclass(frozen=True)
class Running:
    """A server that answers. `start_seconds` is from the start of the process to the first answer, the median of 3."""

    port: int
    pid: int
    start_seconds: float
    idle_mib: float
    folder: Path
    seeded: Seeded

    def memory_mib(self, name: str = "VmRSS") -> float:
        """Resident memory of the server in MiB, now (VmRSS) or at its peak (VmHWM). Linux only."""
        return _memory_mib(self.pid, name)


@contextmanager
def start_registry(folder: Path, models: int, database_url: str | None) -> Iterator[Running]:
    """Make a registry of so many models, and serve it until the block ends. A database named must be empty."""
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
    try:
        seeded = seed(settings, models)
    except CannotStart as error:
        raise SystemExit(f"{error} `make bench` needs an empty database.") from error
    starts = []
    for _ in range(STARTS - 1):
        with _serving([str(COMMAND), "serve"], env, port) as (_, seconds):
            starts.append(seconds)
    with _serving([str(COMMAND), "serve"], env, port) as (process, seconds):
        starts.append(seconds)
        time.sleep(2)
        idle = _memory_mib(process.pid, "VmRSS")
        yield Running(port, process.pid, statistics.median(starts), idle, folder, seeded)


@contextmanager
def start_peer(model_json: str) -> Iterator[int]:
    """Serve the bare peer, which answers with this model, until the block ends; gives its port."""
    port = free_port()
    with _serving([sys.executable, "-m", "bench.peer", str(port)], {}, port, told=model_json):
        yield port


@contextmanager
def _serving(
    command: list[str], env: Mapping[str, str], port: int, told: str = ""
) -> Iterator[tuple[subprocess.Popen[str], float]]:
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(told)
        process.stdin.close()
        _await_answer(process, port)
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _await_answer(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with closing(connection), suppress(OSError):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        time.sleep(0.01)
    raise SystemExit("The server did not answer.")


def _memory_mib(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
