"""
`modelkeep serve`, and an operator's other commands, in processes of their own that are there at once: forked from one
which has loaded the program already.

What a person starts takes a second and more for loading; here they are started by the hundred. What starting itself
promises is tested on the command (tests/operate/test_serve.py). Hashes of passphrases cost the least here, too.
"""

import gc
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from modelkeep import cli
from modelkeep_server.operate import serve
from tests.support.accounts import hash_cheaply

_READY = multiprocessing.get_context("forkserver")
_READY.set_forkserver_preload(
    [__name__, "modelkeep_server.operate.admin", "modelkeep_server.operate.audit", "modelkeep_server.db.migrate"]
)


def start_server(environment: Mapping[str, str], folder: Path, output: Path) -> tuple[BaseProcess, IO[str]]:
    """
    A server in this folder with these variables alone; what it says as an error goes to the file `output`.

    Returns:
        The process, and the lines of its standard output. Close them.
    """
    said, saying = _READY.Pipe(duplex=False)
    process = _READY.Process(target=_serve, args=(dict(environment), folder, output, saying), daemon=True)
    process.start()
    saying.close()
    lines = os.fdopen(os.dup(said.fileno()))
    said.close()
    return process, lines


def run_command(environment: Mapping[str, str], arguments: Sequence[str], timeout: float) -> tuple[int, str, str]:
    """
    What `modelkeep` does with these arguments, and these variables alone.

    Returns:
        Its exit code, and what it wrote to standard output and to standard error.

    Raises:
        subprocess.TimeoutExpired: It did not end within so many seconds, and was killed.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _READY.Process(target=_command, args=(dict(environment), list(arguments), out, err), daemon=True)
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["modelkeep", *arguments], timeout)
        code = process.exitcode or 0
        process.close()
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def _serve(environment: Mapping[str, str], folder: Path, output: Path, saying: Connection) -> None:
    with output.open("a") as errors:
        _begin(environment, saying.fileno(), errors.fileno())
    saying.close()
    os.chdir(folder)
    serve.app([])


def _command(environment: Mapping[str, str], arguments: Sequence[str], out: Path, err: Path) -> None:
    with out.open("w") as said, err.open("w") as complained:
        _begin(environment, said.fileno(), complained.fileno())
    sys.argv = ["modelkeep", *arguments]
    cli.main()


def _begin(environment: Mapping[str, str], out: int, err: int) -> None:
    # As the command does once everything is loaded (modelkeep/cli/nouns.py).
    gc.freeze()
    hash_cheaply()
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(environment)
