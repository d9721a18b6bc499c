"""
The load generator: a process of its own that keeps some connections busy, each with one request at a time.

It shares the machine with the server it measures, so it does as little as it can: requests are bytes made beforehand,
and of an answer only the status and the length are read. `python -m bench.load` takes a job as JSON on its input.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import cast

import uvloop

#: Stands in a request where each sending puts a number of its own, of as many digits.
NUMBER = "@@@@@@@@"
_LENGTH = b"content-length: "
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Job:
    """
    What to send: `requests` in turn, whole with their heads, over `clients` connections for `seconds`.

    It goes on until `least` answers came, not counting the first `warm_up`, of which no times are told.
    """

    port: int
    requests: Sequence[str]
    clients: int
    seconds: float
    first_number: int = 0
    least: int = 0
    warm_up: int = 0


@dataclass(frozen=True)
class Load:
    """
    What came of it, after the warm-up; times are in milliseconds. `failed` counts answers that were not 2xx, and `late`
    those of them that were 503.
    """

    per_second: float
    p50_ms: float
    p95_ms: float
    answered: int
    failed: int
    late: int


def run(job: Job) -> Load:
    """Run a job in a process of its own. Raises CalledProcessError where a connection was lost."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Load(**json.loads(done.stdout))


class _Tally:
    def __init__(self) -> None:
        self.times: list[float] = []
        self.failed = 0
        self.late = 0
        self.over = False


class _Client(asyncio.Protocol):
    """One connection: the next request leaves when the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], tally: _Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._held = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._held += data
        head = self._held.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._held[:head].lower().index(_LENGTH) + len(_LENGTH)
        if len(self._held) < head + 4 + int(self._held[at : self._held.index(b"\r", at)]):
            return
        self._tally.times.append(time.perf_counter() - self._sent_at)
        self._tally.failed += self._held[9:10] != b"2"
        self._tally.late += self._held[9:12] == b"503"
        self._held = b""
        if self._tally.over:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._tally.over:
            self.closed.set_result(None)
        else:
            self.closed.set_exception(exc or ConnectionError("The server hung up."))

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def _numbered(job: Job) -> Iterator[bytes]:
    marker, number = NUMBER.encode(), job.first_number
    for request in cycle([request.encode() for request in job.requests]):
        if marker in request:
            number += 1
            yield request.replace(marker, b"%08d" % number)
        else:
            yield request


async def _load(job: Job) -> Load:
    tally, requests = _Tally(), _numbered(job)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: _Client(requests, tally), "127.0.0.1", job.port))[1]
        for _ in range(job.clients)
    ]
    closed = asyncio.gather(*(client.closed for client in clients))
    await asyncio.wait([closed], timeout=job.seconds)
    while len(tally.times) < job.warm_up + job.least and not closed.done():
        await asyncio.wait([closed], timeout=_LOOK_SECONDS)
    tally.over = True
    await asyncio.wait_for(closed, 60)
    took = time.perf_counter() - began
    times = [seconds * 1000 for seconds in tally.times[job.warm_up :]]
    p95 = statistics.quantiles(times, n=20)[18] if len(times) > 1 else times[0]
    return Load(len(tally.times) / took, statistics.median(times), p95, len(times), tally.failed, tally.late)


def main() -> None:
    """Run the job on the input, and print what came of it as JSON."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_load(Job(**json.load(sys.stdin)))))))


if __name__ == "__main__":
    main()
