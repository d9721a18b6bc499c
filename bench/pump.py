"""
Files through a plain socket: what a client costs is left out as far as it can be, since it shares the machine.

`python -m bench.pump` says that it is ready, then takes a transfer as JSON on its input. What is received is hashed
where asked, and not kept.
"""

import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
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
    """
    From connecting to the last byte, in seconds of the machine's monotonic clock, which all its processes share.

    `body` is the beginning of the answer's text.
    """

    began: float
    ended: float
    status: int
    body: str
    sha256: str


@dataclass(frozen=True)
class Together:
    """Transfers at the same time: `seconds` from the first connecting to the last byte of the last."""

    seconds: float
    answers: Sequence[Transferred]


def fetch(port: int, path: str, *, digest: bool) -> Transfer:
    """A plain GET."""
    return Transfer(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", digest=digest)


def run(transfers: Sequence[Transfer]) -> Together:
    """Run transfers at once, each in a process of its own. Raises ConnectionError where an answer was not 2xx."""
    command = [sys.executable, "-m", "bench.pump"]
    pumps = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in transfers]
    for process in pumps:
        assert process.stdout is not None
        process.stdout.readline()
    for process, transfer in zip(pumps, transfers, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(transfer)) + "\n")
        process.stdin.flush()
    answers = []
    for process in pumps:
        text, _ = process.communicate()
        if process.returncode:
            raise ConnectionError("A transfer broke off.")
        answers.append(Transferred(**json.loads(text)))
    for answer in answers:
        if not 200 <= answer.status < 300:
            raise ConnectionError(f"{answer.status} {answer.body}")
    seconds = max(answer.ended for answer in answers) - min(answer.began for answer in answers)
    return Together(seconds, answers)


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
    ended = time.perf_counter()
    sha256 = hashing.hexdigest() if hashing else ""
    return Transferred(began, ended, int(head[9:12]), text.decode("utf-8", "replace"), sha256)


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
    print("ready", flush=True)
    print(json.dumps(asdict(_transfer(Transfer(**json.loads(sys.stdin.readline()))))))


if __name__ == "__main__":
    main()
