"""Requests of the API at 1 and at 16 clients, each beside the bare peer in the same round."""

import json
import random
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bench.load import NUMBER, Job, Load, run
from bench.seeding import OWNER, WORDS, Seeded
from bench.server import Running

CLIENTS = (1, 16)
BARE = "bare route"
_DIFFERENT = 500


@dataclass(frozen=True)
class Measured:
    """One kind of request at so many clients: medians of the rounds. `of_bare` is its speed over that of the peer."""

    name: str
    clients: int
    per_second: float
    p50_ms: float
    p95_ms: float
    of_bare: float


def measure_calls(registry: Running, seeded: Seeded, peer_port: int, seconds: float, rounds: int) -> list[Measured]:
    """Every kind in turn, round by round, so that a minute in which the machine is busy decides nothing."""
    measured = []
    first_number = 0
    for _ in range(rounds):
        loads: dict[tuple[str, int], Load] = {}
        for clients in CLIENTS:
            for name, requests in _requests_of(seeded).items():
                port = peer_port if name == BARE else registry.port
                load = run(Job(port, requests, clients, seconds, first_number))
                if load.failed:
                    raise SystemExit(f"{name}: {load.failed} of {load.answered} answers were not 2xx.")
                first_number += load.answered + clients
                loads[name, clients] = load
        measured.append(loads)
    return _to_medians(measured)


def _to_medians(rounds: Sequence[Mapping[tuple[str, int], Load]]) -> list[Measured]:
    by_kind: dict[tuple[str, int], list[tuple[Load, float]]] = defaultdict(list)
    for loads in rounds:
        for (name, clients), load in loads.items():
            by_kind[name, clients].append((load, load.per_second / loads[BARE, clients].per_second))
    return [
        Measured(
            name,
            clients,
            statistics.median(load.per_second for load, _ in found),
            statistics.median(load.p50_ms for load, _ in found),
            statistics.median(load.p95_ms for load, _ in found),
            statistics.median(ratio for _, ratio in found),
        )
        for (name, clients), found in by_kind.items()
    ]


def _requests_of(seeded: Seeded) -> dict[str, list[str]]:
    """The requests of each kind; many different ones, so that no answer is the one before."""
    chance = random.Random(2)
    addresses = chance.sample(seeded.addresses, min(_DIFFERENT, len(seeded.addresses)))
    words = [" ".join(chance.sample(WORDS, 2)) for _ in range(_DIFFERENT)]
    token = seeded.token
    model = {
        "group": "posted", "name": f"model-{NUMBER}", "description": "Measured.", "owners": [OWNER], "riskTier": "LOW",
        "tags": ["bench"],
    }  # fmt: skip
    return {
        BARE: [ask("GET", f"/models/{address}", token) for address in addresses],
        "GET model": [ask("GET", f"/api/v1/models/{address}", token) for address in addresses],
        "POST model": [ask("POST", "/api/v1/models", token, json.dumps(model))],
        "list 50": [ask("GET", "/api/v1/models", token)],
        "text query": [ask("GET", f"/api/v1/models?q={quote(text)}", token) for text in words],
    }


def ask(method: str, path: str, token: str, body: str = "", *, length: int | None = None) -> str:
    """A request, whole with its head. `length`: of a body that is sent apart, in bytes."""
    size = len(body.encode()) if length is None else length
    kind = "application/json" if length is None else "application/octet-stream"
    about_body = f"Content-Type: {kind}\r\nContent-Length: {size}\r\n" if size else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {token}\r\n{about_body}\r\n{body}"
    )
