"""
A connection to a running registry that breaks where a test says so: bytes are passed on as they come, and counted.

It knows no HTTP, so that a cut falls anywhere. Nothing is imitated but the cut.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE_BYTES = 256 * 1024
#: Closes with a reset, as a cable that is pulled or a balancer that dies does.
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Wire:
    """
    Where clients connect. `sent_bytes` went to the registry in all, over every connection, `received_bytes` came back.

    `cut_sent_at` and `cut_received_at` are such sums, ascending: the connection that reaches one breaks. At `hold_at`
    of sent bytes everything stands still, until `release` is called; `held` tells that it is so. `upstream` may be set
    anew where the registry moved.
    """

    url: str
    upstream: str
    cut_sent_at: list[int] = field(default_factory=list)
    cut_received_at: list[int] = field(default_factory=list)
    hold_at: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    cuts: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    _go_on: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let what stands still go on."""
        self.hold_at = None
        self.held.clear()
        self._go_on.set()

    def wait_while_held(self) -> None:
        """Stand still where that was asked for."""
        hold_at = self.hold_at
        if hold_at is not None and self.sent_bytes >= hold_at:
            self._go_on.clear()
            self.held.set()
            self._go_on.wait(60)


@contextlib.contextmanager
def wired(upstream_url: str) -> Iterator[Wire]:
    """A wire to the registry at `upstream_url`."""
    listening = socket.create_server(("127.0.0.1", 0))
    wire = Wire(f"http://127.0.0.1:{listening.getsockname()[1]}", upstream_url)
    connections: list[_Connection] = []
    accepting = threading.Thread(target=_accept, args=(listening, wire, connections), daemon=True)
    accepting.start()
    try:
        yield wire
    finally:
        wire.release()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listening.close()
        for connection in connections:
            connection.cut()
            connection.join()


class _Connection:
    """Two sockets, and a thread for each direction."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire = wire
        self._ends = (client, server)
        self._running, self._lock = 2, threading.Lock()
        self._threads = [
            threading.Thread(target=self._pass_on, args=(True, client, server), daemon=True),
            threading.Thread(target=self._pass_on, args=(False, server, client), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def cut(self) -> None:
        """Break it in both directions, so that either end sees a reset."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        """Wait for both threads to end."""
        for thread in self._threads:
            thread.join()

    def _pass_on(self, sends: bool, source: socket.socket, sink: socket.socket) -> None:
        wire = self._wire
        try:
            while piece := source.recv(PIECE_BYTES):
                if sends:
                    wire.wait_while_held()
                done = wire.sent_bytes if sends else wire.received_bytes
                limits = wire.cut_sent_at if sends else wire.cut_received_at
                is_cut = bool(limits) and done + len(piece) >= limits[0]
                if is_cut:
                    piece = piece[: max(0, limits.pop(0) - done)]
                sink.sendall(piece)
                if sends:
                    wire.sent_bytes += len(piece)
                else:
                    wire.received_bytes += len(piece)
                if is_cut:
                    wire.cuts += 1
                    break
        except OSError:
            pass
        self.cut()
        # Only the close of a socket resets; before the other thread ended, its number could be another's meanwhile.
        with self._lock:
            self._running -= 1
            if self._running == 0:
                for end in self._ends:
                    end.close()


def _accept(listening: socket.socket, wire: Wire, connections: list[_Connection]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        target = urlsplit(wire.upstream)
        try:
            server = socket.create_connection((target.hostname or "", target.port or 80), timeout=5)
        except OSError:
            client.close()
            continue
        server.settimeout(None)
        connections.append(_Connection(wire, client, server))
