"""One client that does what people do, one act after the other, and takes the time of each."""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from bench.seeding import Cast
from bench.server import Running

#: What an act that people wait for may take, in milliseconds.
STEP_MS = 50.0


@dataclass(frozen=True)
class Timed:
    """How long one kind of step took, in milliseconds, over `count` of them; its median should be below `aim_ms`."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float
    aim_ms: float = STEP_MS


class Desk:
    """Sends what people do, one after the other, and takes the time of each."""

    def __init__(self, registry: Running, cast: Cast) -> None:
        self._connection = HTTPConnection("127.0.0.1", registry.port, timeout=60)
        self._cast = cast
        self._times: dict[str, list[float]] = defaultdict(list)

    def fetch(self, who: str, path: str, *, step: str) -> bytes:
        """Get a file of the API as one of the cast."""
        headers = {"Authorization": f"Bearer {self._cast.tokens[who]}"}
        answer, status = self._ask("GET", f"/api/v1{path}", None, headers, step)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {answer[:500]!r}")
        return answer

    def send(self, who: str, method: str, path: str, told: object = None, *, step: str = "") -> Mapping[str, Any]:
        """Send JSON or bytes as one of the cast; `step` names what is timed."""
        body = told if isinstance(told, bytes) or told is None else json.dumps(told).encode()
        kind = "application/octet-stream" if isinstance(told, bytes) else "application/json"
        headers = {"Authorization": f"Bearer {self._cast.tokens[who]}", "Content-Type": kind}
        answer, status = self._ask(method, f"/api/v1{path}", body, headers, step)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {answer[:500]!r}")
        found: Mapping[str, Any] = json.loads(answer)
        return found

    def look(self, path: str, *, step: str) -> None:
        """Open a page as the MRC."""
        cookie = {"Cookie": f"mk-session={self._cast.session}", "Accept": "text/html"}
        answer, status = self._ask("GET", path, None, cookie, step)
        if status != 200:
            raise SystemExit(f"{path}: {status} {answer[:500]!r}")

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], step: str
    ) -> tuple[bytes, int]:
        began = time.perf_counter()
        self._connection.request(method, path, body, dict(headers))
        answer = self._connection.getresponse()
        read = answer.read()
        if step:
            self._times[step].append((time.perf_counter() - began) * 1000)
        return read, answer.status

    def timed(self, aims: Mapping[str, float] | None = None) -> list[Timed]:
        """What was timed, in the order in which it was first done. `aims`: of steps that may take longer, or less."""
        return [
            Timed(
                name, len(times), statistics.median(times), statistics.quantiles(times, n=20)[-1],
                (aims or {}).get(name, STEP_MS),
            )
            for name, times in self._times.items()
        ]  # fmt: skip
