"""
Several servers in one process, sharing one signal handler: the registry on its address, operators on a Unix socket.

The socket is bound here under umask 0177, so that only the server's own user reaches it (uvicorn would make it 0666).
"""

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from modelkeep_server.operate.patience import PatientProtocol

MAX_SOCKET_PATH = 100
BACKLOG = 2048
GRACE_SECONDS = 20
#: A thread that never comes back (a dead network disk) must not keep the process for ever.
END_SECONDS = 2 * GRACE_SECONDS + 10


class _Quiet(uvicorn.Server):
    """A server that leaves signals to us; two of them would fight over one handler."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve_all` listens for signals."""
        yield


def bind_address(host: str, port: int) -> socket.socket:
    """A listening socket on the registry's address. Raises OSError where the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, since only then does the event loop switch Nagle's delay off for its connections.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    listener.set_inheritable(False)
    return listener


def bind_control(folder: Path) -> tuple[socket.socket, Path]:
    """A listening Unix socket for operators: in the data folder, or in a 0700 folder where that path is too long."""
    path = folder.absolute() / "control.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        path = Path(tempfile.mkdtemp(prefix="modelkeep-")) / "control.sock"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    earlier = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(earlier)
    listener.listen(16)
    return listener, path


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on the fastest event loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def serve_all(
    doors: Sequence[tuple[Any, socket.socket]],
    on_ready: Callable[[], None],
    *,
    stopping: threading.Event,
    drain_seconds: float = 0,
) -> None:
    """
    Serve each app on its socket until SIGINT or SIGTERM, then finish what is running, for at most 20 seconds.

    The signal sets `stopping`; `drain_seconds` later new connections are refused. A second signal ends the process at
    once, whatever is running.
    """
    servers = [_Quiet(_config(app)) for app, _ in doors]
    loop = asyncio.get_running_loop()

    def close() -> None:
        for server in servers:
            server.should_exit = True

    def stop(number: int) -> None:
        if stopping.is_set():
            # Nothing acknowledged is lost: the database and the file store are made for power cuts.
            os._exit(128 + number)
        stopping.set()
        last = threading.Timer(drain_seconds + END_SECONDS, os._exit, (1,))
        last.daemon = True
        last.start()
        loop.call_later(drain_seconds, close)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    running = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, (_, listener) in zip(servers, doors, strict=True)
    ]
    # uvicorn tells of its start by a flag only.
    while not all(server.started for server in servers) and not any(task.done() for task in running):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.to_thread(on_ready)
    await asyncio.gather(*running)


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
