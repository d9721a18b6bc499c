"""A registry that runs as users run it: `modelkeep serve` in a process of its own, with its own data folder and key."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

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

    def operate(self, *arguments: str) -> str:
        """What an operator's command prints on standard output. One that fails raises with what it said."""
        done = subprocess.run(
            [COMMAND, *arguments],
            check=False,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        if done.returncode != 0:
            raise RuntimeError(f"modelkeep {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout


@contextlib.contextmanager
def running_registry(folder: Path, **settings: str) -> Iterator[RunningRegistry]:
    """
    Serve a registry on a free port until the block ends.

    Args:
        folder: An empty folder for its data, key and output.
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
    with output.open("w") as said:
        process = subprocess.Popen(
            [COMMAND, "serve"], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            url = _await_address(process, output)
            yield RunningRegistry(url, environment, output, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _await_address(process: "subprocess.Popen[str]", output: Path) -> str:
    """The address from the server's first line. A server that says nothing for too long is ended."""
    if process.stdout is None:
        raise RuntimeError("The server's output is not connected.")
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if "http" not in line:
        process.wait(STOP_SECONDS)
        raise RuntimeError(f"The server did not start: {line}{output.read_text()}")
    # Nothing reads on after the first line; a full pipe would stop the server.
    threading.Thread(target=_drain, args=(process,), daemon=True).start()
    return line[line.index("http") :].strip()


def _drain(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ValueError):  # the pipe was closed when the server ended
        for _ in process.stdout or ():
            pass
