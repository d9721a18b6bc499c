"""Two who do the same at the same moment: one does it, the other is told so, and neither meets a fault."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelkeep_server.features.models.views import Model
from tests.support.clients import Api, Client
from tests.support.endurance import Figures, sizes
from tests.support.footprint import Footprint, footprint
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry


def make_model(client: Client, who: str, model: Model, number: int) -> Any:
    """Register a model whose name the other wants as well, in other letters."""
    name = f"twin-{number}" if who == "first" else f"TWIN-{number}"
    body = {"group": model.group, "name": name, "description": who, "owners": ["a@b.co"], "riskTier": "LOW"}
    return client.post("/api/v1/models", json=body)


def make_version(client: Client, who: str, model: Model, number: int) -> Any:
    """Add a version whose number the other wants as well."""
    body = {"version": f"2.{number}.0", "description": who}
    return client.post(f"/api/v1/models/{model.address}/versions", json=body)


def send_file(client: Client, who: str, model: Model, number: int) -> Any:
    """Send a file whose name the other wants as well, with other content."""
    path = f"/api/v1/models/{model.address}/versions/1.0.0/artifacts/{number}.txt?type=CONFIG"
    return client.put(path, content=f"{who} {number}".encode())


#: What is made, how it is made, and what one of it leaves: rows of these tables.
MADE: dict[str, tuple[Callable[[Client, str, Model, int], Any], str]] = {
    "a model": (make_model, "models"),
    "a version": (make_version, "versions"),
    "a file": (send_file, "artifacts"),
}


def grown(before: Footprint, after: Footprint, table: str) -> tuple[int, int]:
    """How many rows of a table there are more, and how many stored files."""
    return dict(after.rows)[table] - dict(before.rows)[table], after.files - before.files


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("races", sizes(small=50, full=500))
def test_of_two_who_make_the_same_one_wins(
    registry: Registry, make: Make, api: Api, races: int, made: str, figures: Figures
) -> None:
    """201 for one and 409 for the other, and one of it is there, with nothing left of the other."""
    act, table = MADE[made]
    model = make.model()
    owner = make.version(model) and make.owner_of(model)
    clients = {"first": api.as_(owner), "second": api.as_(owner)}
    before = footprint(registry)
    line = threading.Barrier(2)
    outcomes: Counter[tuple[Any, ...]] = Counter()

    def run(who: str, number: int) -> Any:
        line.wait(timeout=60)
        answer = act(clients[who], who, model, number)
        return answer.status_code if answer.status_code == 201 else refusal(answer)[0]

    with ThreadPoolExecutor(2) as pool:
        for number in range(races):
            outcomes[tuple(sorted(pool.map(run, clients, (number, number))))] += 1

    figures.tell(f"races of two for {made}", races)
    figures.tell("not won by exactly one", races - outcomes[(201, 409)], at_most=0)
    assert outcomes == {(201, 409): races}
    assert grown(before, footprint(registry), table) == (races, races if made == "a file" else 0)


@pytest.mark.parametrize("rounds", sizes(small=15, full=150))
def test_editing_and_uploading_never_wait_for_each_other(make: Make, api: Api, rounds: int, figures: Figures) -> None:
    """Edits of a version, files sent to it and edits of its model, all at once: each is done, and none is a 503."""
    model = make.model()
    owner = make.version(model) and make.owner_of(model)
    route = f"/api/v1/models/{model.address}"

    def edit(number: int) -> int:
        patch = {"description": f"Edit {number}."}
        return int(api.as_(owner).patch(f"{route}/versions/1.0.0", json=patch).status_code)

    def send(number: int) -> int:
        path = f"{route}/versions/1.0.0/artifacts/{number}.txt?type=CONFIG"
        return int(api.as_(owner).put(path, content=f"file {number}".encode()).status_code)

    def edit_model(number: int) -> int:
        return int(api.as_(owner).patch(route, json={"tags": [f"tag-{number}"]}).status_code)

    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(act, number) for number in range(rounds) for act in (edit, send, edit_model)]
        statuses = Counter(future.result() for future in sent)

    figures.tell("edits and uploads at once", statuses.total())
    figures.tell("of them refused or failed", statuses.total() - statuses[200] - statuses[201], at_most=0)
    assert statuses == {200: 2 * rounds, 201: rounds}
