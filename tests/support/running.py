"""A registry that runs as users run it: `modelkeep serve` in a process of its own, with its own data folder and key."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from modelkeep_server.operate.lock import LOCK_NAME
from tests.support.warm import run_command, start_server

COMMAND = Path(sys.executable).with_name("modelkeep")
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True)
class RunningRegistry:
    """
    A registry that answers at `url`. `environment` makes operator commands find it; `output` is what it printed; `pid`
    is its process.
    """

    url: str
    environment: Mapping[str, str]
    output: Path
    pid: int

    def token(self, email: str, roles: str) -> str:
        """A token for a person, by `modelkeep admin create-token` beside the running server."""
        return self.operate("admin", "create-token", "--user", email, "--roles", roles).strip()

    def kill(self) -> None:
        """End the server at once, as a power cut would, and wait until its data folder is free."""
        os.kill(self.pid, signal.SIGKILL)
        self.await_free_folder()

    def await_free_folder(self) -> None:
        """Wait until a server that is ending has let go of its data folder, which the system does last."""
        lock = Path(self.environment["MODELKEEP_DATA_DIR"]) / LOCK_NAME
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)

    def operate(self, *arguments: str) -> str:
        """What an operator's command prints on standard output. One that fails raises with what it said."""
        code, out, err = run_command(self.environment, arguments, START_SECONDS)
        if code != 0:
            raise RuntimeError(f"modelkeep {' '.join(arguments)} ended with {code}: {err}")
        return out


@contextlib.contextmanager
def running_registry(folder: Path, *, by_command: bool = False, **settings: str) -> Iterator[RunningRegistry]:
    """
    Serve a registry on a free port until the block ends.

    Args:
        folder: An empty folder for its data, key and output.
        by_command: Start it by the command itself, as people do, where starting, ending or memory is what is looked at.
        settings: `MODELKEEP_*` variables, by their names.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODELKEEP_")}
    environment = {
        **inherited,
        "MODELKEEP_DATA_DIR": str(folder / "data"),
        "MODELKEEP_KEY_FILE": str(folder / "key"),
        "MODELKEEP_PORT": "0",
        **settings,
    }
    output = folder / "output"
    output.write_text("")
    serving = _by_command if by_command or "PYTHONPATH" in settings or sys.platform == "darwin" else _by_fork
    with serving(environment, folder, output) as (pid, url):
        yield RunningRegistry(url, environment, output, pid)


@contextlib.contextmanager
def _by_command(environment: Mapping[str, str], folder: Path, output: Path) -> Iterator[tuple[int, str]]:
    with output.open("w") as said:
        process = subprocess.Popen(
            [COMMAND, "serve"], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=said, text=True
        )
        assert process.stdout is not None
        with process.stdout as lines:
            try:
                yield process.pid, _await_address(lines, process.kill, output)
            finally:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@contextlib.contextmanager
def _by_fork(environment: Mapping[str, str], folder: Path, output: Path) -> Iterator[tuple[int, str]]:
    process, lines = start_server(environment, folder, output)
    with lines:
        try:
            yield process.pid or 0, _await_address(lines, process.kill, output)
        finally:
            process.terminate()
            process.join(STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()


def _await_address(lines: IO[str], end: Callable[[], None], output: Path) -> str:
    """The address from the server's first line. A server that says nothing for too long is ended."""
    watchdog = threading.Timer(START_SECONDS, end)
    watchdog.start()
    try:
        line = lines.readline()
    finally:
        watchdog.cancel()
    if "http" not in line:
        raise RuntimeError(f"The server did not start: {line}{output.read_text()}")
    # Nothing reads on after the first line; a full pipe would stop the server.
    threading.Thread(target=_drain, args=(lines,), daemon=True).start()
    return line[line.index("http") :].strip()


def _drain(lines: IO[str]) -> None:
    with contextlib.suppress(ValueError, OSError):  # the pipe was closed when the server ended
        for _ in lines:
            pass
