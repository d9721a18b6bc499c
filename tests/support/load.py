"""Many requests at a running registry over few connections, and what its process holds of memory meanwhile."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.safetensors import make_safetensors

#: What people and programs ask for, with how often of a thousand.
MIX: Sequence[tuple[str, int]] = (
    ("model", 300), ("catalogue", 150), ("search", 100), ("version page", 100), ("me", 80), ("events", 50),
    ("register", 60), ("add version", 40), ("wrong body", 50), ("not there", 60), ("not allowed", 9), ("upload", 1),
)  # fmt: skip
#: The same without what makes a registry larger: models are edited and none is added.
STILL_MIX: Sequence[tuple[str, int]] = tuple(
    ("edit", often) if kind == "register" else (kind, often)
    for kind, often in MIX
    if kind not in ("add version", "upload")
)
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """One request as it will be sent."""

    method: str
    path: str
    body: bytes = b""
    type: str = "application/json"


@dataclass
class Crowd:
    """
    Clients of one registry that ask for a mix of everything, `clients` at a time.

    `statuses` counts the answers; `owner` and `reader` are tokens, the second without the right to write.
    """

    url: str
    owner: str
    reader: str
    clients: int = 4
    statuses: Counter[int] = field(default_factory=Counter)

    def furnish(self) -> None:
        """The one model and version that everybody reads."""
        connection = self._connect()
        for path, body in (("", model_body("soak", "first")), ("/soak/first/versions", {"version": "1.0.0"})):
            sent = json.dumps(body).encode()
            assert self._send(connection, self.owner, Asked("POST", f"/api/v1/models{path}", sent)) == 201
        connection.close()

    def ask(self, requests: int, seed: int, mix: Sequence[tuple[str, int]] = MIX) -> None:
        """Send so many requests of a mix in all, and wait for their answers."""
        share = [requests // self.clients + (place < requests % self.clients) for place in range(self.clients)]
        threads = [
            threading.Thread(target=self._work, args=(count, random.Random(f"{seed}-{place}"), mix))
            for place, count in enumerate(share)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, count: int, chance: random.Random, mix: Sequence[tuple[str, int]]) -> None:
        connection = self._connect()
        names, weights = zip(*mix, strict=True)
        for kind in chance.choices(names, weights, k=count):
            token = self.reader if kind == "not allowed" else self.owner
            self.statuses[self._send(connection, token, _KINDS[kind](chance))] += 1
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        place = urlsplit(self.url)
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT_SECONDS)

    def _send(self, connection: http.client.HTTPConnection, token: str, asked: Asked) -> int:
        headers = {"authorization": f"Bearer {token}", "content-type": asked.type, "accept": "*/*"}
        connection.request(asked.method, asked.path, asked.body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def model_body(group: str, name: str) -> dict[str, object]:
    """A model as it is registered."""
    return {"group": group, "name": name, "description": "d", "owners": ["a@b.co"], "riskTier": "LOW", "tags": [name]}


def _register(chance: random.Random) -> Asked:
    body = model_body(f"group-{chance.randrange(50)}", f"model-{chance.getrandbits(60):x}")
    return Asked("POST", "/api/v1/models", json.dumps(body).encode())


def _add_version(chance: random.Random) -> Asked:
    number = f"{chance.randrange(10**9)}.{chance.randrange(10**9)}.0"
    metadata = {"intendedUse": f"{number} " * 40}
    body = json.dumps({"version": number, "metadata": metadata}).encode()
    return Asked("POST", "/api/v1/models/soak/first/versions", body)


def _edit(chance: random.Random) -> Asked:
    patch = {"description": f"{chance.getrandbits(60):x} " * 20, "tags": [f"{chance.getrandbits(16):x}"]}
    return Asked("PATCH", "/api/v1/models/soak/first", json.dumps(patch).encode())


def _upload(chance: random.Random) -> Asked:
    path = f"/api/v1/models/soak/first/versions/1.0.0/artifacts/{chance.getrandbits(60):x}.safetensors?type=WEIGHTS"
    content = make_safetensors(100_000, seed=chance.getrandbits(32))
    return Asked("PUT", path, content, "application/octet-stream")


_KINDS: dict[str, Callable[[random.Random], Asked]] = {
    "model": lambda _: Asked("GET", "/api/v1/models/soak/first"),
    "catalogue": lambda chance: Asked("GET", f"/api/v1/models?limit={chance.randint(1, 50)}"),
    "search": lambda chance: Asked("GET", f"/api/v1/models?q=model-{chance.getrandbits(8):x}&limit=20"),
    "version page": lambda _: Asked("GET", "/models/soak/first/versions/1.0.0"),
    "me": lambda _: Asked("GET", "/api/v1/me"),
    "events": lambda _: Asked("GET", "/api/v1/audit/events?limit=20"),
    "register": _register,
    "add version": _add_version,
    "edit": _edit,
    "wrong body": lambda chance: Asked("POST", "/api/v1/models", b'{"name": "' + b"x" * chance.randint(1, 999)),
    "not there": lambda chance: Asked("GET", f"/api/v1/models/none/{chance.getrandbits(60):x}"),
    "not allowed": _register,
    "upload": _upload,
}


def slope_of(points: Sequence[tuple[float, float]]) -> float:
    """How steeply the line rises that fits these points best (least squares)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return rise / sum((x - mean_x) ** 2 for x, _ in points)
