"""
Whatever is typed into a query box, at every door that takes a query: an answer or a refusal with its place, the same on
both databases, soon, and never a fault.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from tests.support.bank import CLARA, found_bank
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.registries import KINDS, Registries
from tests.support.search_fuzz import make_noise

MODELS = "/api/v1/models"
#: Nothing that is typed may take longer, in milliseconds.
SLOWEST_MS = 250
#: How often what took longer is asked again, so that the least of it counts and not what else the machine did.
AGAIN = 4
SORTS = ("", "relevance", "updated", "created", "name", "colour")

pytestmark = pytest.mark.postgres


class Fuzzer:
    """Asks both databases the same, and gathers what was wrong with the answers."""

    def __init__(self, clients: dict[str, Client], seed: int) -> None:
        self._clients = clients
        self._chance = random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.asked = 0
        self.late: list[str] = []
        self.slowest: tuple[float, str] = (0, "")
        self.wrong: list[str] = []

    def ask(self) -> None:
        """One text at one door."""
        noise = make_noise(self._chance)
        path, params = self._door(noise)
        answers = {kind: self._get(client, path, params) for kind, client in self._clients.items()}
        self.asked += 1
        told = [self._read(path, answer) for answer in answers.values()]
        if told[0] != told[1]:
            self.wrong.append(f"{path} {params!r}: {told[0]} but {told[1]}")
        for kind, answer in answers.items():
            if answer.status_code not in (200, 422, 400):
                self.wrong.append(f"{kind} {path} {params!r}: {answer.status_code} {answer.text[:300]}")

    def _door(self, noise: str) -> tuple[str, dict[str, Any]]:
        chance = self._chance
        sort = chance.choice(SORTS)
        asked = {"q": noise, **({"sort": sort} if sort else {})}
        return chance.choice(
            (
                (MODELS, {**asked, "limit": chance.choice((1, 50, 200))}),
                (MODELS, asked),
                (MODELS, {chance.choice(("group", "tag", "owner", "framework", "state")): noise}),
                (f"{MODELS}/completions", {"q": noise, "at": chance.randint(0, len(noise) + 1)}),
                (f"{MODELS}/export", {**asked, "format": chance.choice(("csv", "json"))}),
                ("/api/v1/groups", {"q": noise}),
                ("/models", asked),
            )
        )  # fmt: skip

    def _get(self, client: Client, path: str, params: dict[str, Any]) -> Any:
        answer, took, worked = self._timed(client, path, params)
        for _ in range(AGAIN):
            if took > SLOWEST_MS:
                _, again, less = self._timed(client, path, params)
                took, worked = min(took, again), min(worked, less)
        self.slowest = max(self.slowest, (took, f"{path} {params!r}"))
        if took > SLOWEST_MS:
            self.late.append(f"{took:.0f} ms, {worked:.0f} of them this process's own: {path} {params!r:.200}")
        self.statuses[answer.status_code] += 1
        return answer

    def _timed(self, client: Client, path: str, params: dict[str, Any]) -> tuple[Any, float, float]:
        begun, worked = time.perf_counter(), time.process_time()
        answer = client.get(path, params=_sendable(params))
        return answer, (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000

    def _read(self, path: str, answer: Any) -> Any:
        """What an answer says, without what differs from one registry to another."""
        if answer.status_code == 422 and path.startswith("/api/"):
            return [(one["field"], one["message"], one.get("position")) for one in answer.json()["errors"]]
        if answer.status_code != 200 or not path.startswith("/api/"):
            return answer.status_code
        if path.endswith("/export"):
            return len(answer.text.splitlines())
        told = answer.json()
        names = [row.get("name", row.get("insert")) for row in told["items"]]
        return names, told.get("total")


def _sendable(params: dict[str, Any]) -> dict[str, Any]:
    """Halves of characters cannot be sent; as a browser does, others take their place."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in params.items()
    }


@pytest.fixture
def clients(
    registries: Registries, portal: BlockingPortal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Client]]:
    """A browser of Clara's at the bank on each database; it is hers for pages too."""
    folder = tmp_path_factory.mktemp("banks")
    with (
        registries.template(KINDS[0]).copied(folder / KINDS[0]) as one,
        registries.template(KINDS[1]).copied(folder / KINDS[1]) as other,
    ):
        yield {
            registry.kind: Api(registry, portal).browser(found_bank(registry).visitors[CLARA])  # type: ignore[arg-type]
            for registry in (one, other)
        }


@pytest.mark.parametrize("seconds", sizes(small=5, full=600))
def test_whatever_is_typed_is_answered(clients: dict[str, Client], seconds: int, figures: Figures) -> None:
    """Grammar gone wrong, other programs' syntax, every script: no fault, and one answer of both databases."""
    fuzzer = Fuzzer(clients, seed=seconds)
    until = time.monotonic() + seconds

    while time.monotonic() < until:
        fuzzer.ask()

    figures.tell("texts asked of both databases", fuzzer.asked, at_least=1)
    figures.tell("of which were read", fuzzer.statuses[200] / 2)
    figures.tell(f"answers above {SLOWEST_MS} ms", len(fuzzer.late), at_most=0)
    figures.tell("the slowest answer", fuzzer.slowest[0], "ms", at_most=SLOWEST_MS)
    figures.tell("answers of 5xx", sum(count for code, count in fuzzer.statuses.items() if code >= 500), at_most=0)
    figures.tell("answers that differ or are none", len(fuzzer.wrong), at_most=0)
    print(
        f"{fuzzer.asked} texts, {dict(fuzzer.statuses)}, {len(fuzzer.late)} late, "
        f"slowest {fuzzer.slowest[0]:.0f} ms: {fuzzer.slowest[1][:300]}"
    )
    print("\n".join(fuzzer.late))
    assert fuzzer.wrong[:10] == []
    assert {200, 422} <= set(fuzzer.statuses)
