"""
Files through a plain socket: what a client costs is left out as far as it can be, since it shares the machine.

`python -m bench.pump` takes a transfer as JSON on its input. What is received is hashed where asked, and not kept.
"""

import hashlib
import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_ROOM = 1024 * 1024
_TEXT = 4096


@dataclass(frozen=True)
class Transfer:
    """A request with its head, and the file that follows as its body, if any. `digest`: hash what comes back."""

    port: int
    head: str
    body: str | None = None
    digest: bool = False


@dataclass(frozen=True)
class Transferred:
    """How long it took from connecting to the last byte. `body` is the beginning of the answer's text."""

    seconds: float
    status: int
    body: str
    sha256: str


def run(transfer: Transfer) -> Transferred:
    """Run a transfer in a process of its own. Raises ConnectionError where the answer was not 2xx."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.pump"], input=json.dumps(asdict(transfer)), stdout=subprocess.PIPE, text=True,
        check=True,
    )  # fmt: skip
    result = Transferred(**json.loads(done.stdout))
    if not 200 <= result.status < 300:
        raise ConnectionError(f"{result.status} {result.body}")
    return result


def _transfer(job: Transfer) -> Transferred:
    hashing = hashlib.sha256() if job.digest else None
    room = memoryview(bytearray(_ROOM))
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", job.port)) as connection:
        connection.sendall(job.head.encode())
        if job.body is not None:
            with Path(job.body).open("rb") as file:
                connection.sendfile(file)
        held = b""
        while b"\r\n\r\n" not in held:
            held += room[: _receive(connection, room)]
        head, _, text = held.partition(b"\r\n\r\n")
        if hashing:
            hashing.update(text)
        left = _length_of(head) - len(text)
        while left:
            run = room[: _receive(connection, room)]
            left -= len(run)
            if hashing:
                hashing.update(run)
            if len(text) < _TEXT:
                text += run[:_TEXT]
    seconds = time.perf_counter() - began
    return Transferred(
        seconds, int(head[9:12]), text.decode("utf-8", "replace"), hashing.hexdigest() if hashing else ""
    )


def _receive(connection: socket.socket, room: memoryview) -> int:
    got = connection.recv_into(room)
    if not got:
        raise ConnectionError("The server hung up.")
    return got


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionError("The answer has no Content-Length.")


def main() -> None:
    """Run the transfer on the input, and print what came of it as JSON."""
    print(json.dumps(asdict(_transfer(Transfer(**json.load(sys.stdin))))))


if __name__ == "__main__":
    main()
