"""
`modelkeep serve` in a process of its own that is there at once: forked from one which has loaded the program already.

A server that a person starts takes a second and more for loading; here they are started by the hundred. What starting
itself promises is tested on the command (tests/operate/test_serve.py).
"""

import gc
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

from modelkeep_server.operate import serve

_READY = multiprocessing.get_context("forkserver")
_READY.set_forkserver_preload([__name__])


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


def _serve(environment: Mapping[str, str], folder: Path, output: Path, saying: Connection) -> None:
    # As the command does once everything is loaded (modelkeep/cli/nouns.py).
    gc.freeze()
    with output.open("a") as errors:
        os.dup2(errors.fileno(), 2)
    os.dup2(saying.fileno(), 1)
    saying.close()
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    serve.app([])
