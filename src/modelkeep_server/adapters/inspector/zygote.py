"""
The process beside the server that forks one walled-in child for each file, and the child itself.

It has a thread of its own only, no secret, no environment and no open file but one socket to the server. Starting an
interpreter takes a tenth of a second; forking this one takes a few thousandths.
"""

import gc
import json
import os
import select
import signal
import socket
from dataclasses import dataclass

from modelkeep_server.adapters.inspector import walls
from modelkeep_server.adapters.inspector.wire import ANSWER, ASK, DONE, KILL, ORDER, READ, READ_MAX, SIZE
from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.report import Finding, Report, Verdict
from modelkeep_server.inspection.source import InMemory

_LOOK_SECONDS = 5.0
_CODECS = ("ascii", "cp437", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "idna")


def main(number: int) -> None:
    """Fork children as the server asks for them, until it goes away."""
    server = socket.socket(fileno=number)
    _warm_up()
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([server], [], [], _LOOK_SECONDS if children else None)
        _reap(children)
        if not ready:
            continue
        try:
            order, sockets, _, _ = socket.recv_fds(server, ORDER.size, 1)
        except OSError:
            order, sockets = b"", []
        if len(order) < ORDER.size:
            break
        what, value = ORDER.unpack(order)
        if what == KILL:
            # A child that was reaped is not in the set, so that no other process of its number is ever met.
            if value in children:
                os.kill(value, signal.SIGKILL)
            continue
        pid = os.fork()
        if pid == 0:
            server.close()
            _be_child(sockets[0], value)
        os.close(sockets[0])
        children.add(pid)
        server.sendall(ANSWER.pack(pid))
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _warm_up() -> None:
    # Nothing can be loaded from within the walls.
    for codec in _CODECS:
        "a".encode(codec).decode(codec)
    for sample in (b"", b"{}", b"a: 1\n", b"\x80\x02N.", b"PK\x05\x06" + bytes(18)):
        inspect(InMemory(sample))
    gc.collect()
    gc.freeze()


def _reap(children: set[int]) -> None:
    while children:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)


def _be_child(number: int, cpu_seconds: int) -> None:
    """Look through one file and end. Never returns."""
    status = 1
    try:
        walls.die_with_parent(os.getppid())
        os.dup2(number, 3)
        os.closerange(4, 256)
        server = socket.socket(fileno=3)
        walls.shut_in(cpu_seconds)
        size_bytes = SIZE.unpack(_receive(server, SIZE.size))[0]
        told = json.dumps(_look(_Asked(server, size_bytes)).to_json()).encode()
        server.sendall(ASK.pack(DONE, 0, len(told)) + told)
        status = 0
    finally:
        os._exit(status)


def _look(source: "_Asked") -> Report:
    try:
        return inspect(source)
    except _Gone:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever hostile bytes brought about, the file is refused for it
        words = f"It could not be looked through ({type(fault).__name__})."
        return Report(None, Verdict.BLOCKED, (Finding("scan.failed", words),))


class _Gone(Exception):
    """The server does not listen any more."""


@dataclass(frozen=True)
class _Asked:
    """A Source whose bytes the server holds."""

    server: socket.socket
    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read; also more than 1 MiB, in several asks."""
        length = max(0, min(length, self.size_bytes - offset))
        found = [self._ask(offset + at, min(READ_MAX, length - at)) for at in range(0, length, READ_MAX)]
        return found[0] if len(found) == 1 else b"".join(found)

    def _ask(self, offset: int, length: int) -> bytes:
        try:
            self.server.sendall(ASK.pack(READ, offset, length))
        except OSError as error:
            raise _Gone from error
        return _receive(self.server, ANSWER.unpack(_receive(self.server, ANSWER.size))[0])


def _receive(server: socket.socket, length: int) -> bytes:
    found = bytearray(length)
    view = memoryview(found)
    at = 0
    while at < length:
        got = server.recv_into(view[at:])
        if got == 0:
            raise _Gone
        at += got
    return bytes(found)
