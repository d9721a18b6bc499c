"""A registry of its own for measuring: a fresh data folder, a real process, a token."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

COMMAND = Path(sys.executable).parent / "modelkeep"


@dataclass(frozen=True)
class Running:
    """A server that answers. `start_seconds` is from the start of the process to the first answer."""

    url: str
    token: str
    pid: int
    start_seconds: float
    folder: Path

    def memory_mib(self, name: str = "VmRSS") -> float:
        """Resident memory of the server in MiB, now (VmRSS) or at its peak (VmHWM). Linux only."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)


@contextmanager
def start_server() -> Iterator[Running]:
    """Serve a fresh registry until the block ends."""
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as made:
        folder = Path(made)
        port = _free_port()
        env = os.environ | {
            "MODELKEEP_DATA_DIR": str(folder / "data"),
            "MODELKEEP_KEY_FILE": str(folder / "key"),
            "MODELKEEP_PORT": str(port),
        }
        _serve_once(env, port)
        began = time.perf_counter()
        process = subprocess.Popen([COMMAND, "serve"], env=env, stdout=subprocess.DEVNULL)
        try:
            _await_answer(port)
            seconds = time.perf_counter() - began
            token = subprocess.run(
                [COMMAND, "admin", "create-token", "--user", "bench@company.com", "--roles", "MODEL_OWNER,ADMIN"],
                env=env,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            yield Running(f"http://127.0.0.1:{port}", token, process.pid, seconds, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _serve_once(env: dict[str, str], port: int) -> None:
    """Make the database first, since what is measured is a later start."""
    process = subprocess.Popen([COMMAND, "serve"], env=env, stdout=subprocess.DEVNULL)
    _await_answer(port)
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.01)
    raise TimeoutError("The server did not answer within a minute.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
