"""Files that are printed beside each other: few enough for the machine, and none for who went away."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from modelkeep_server.interfaces.printing import PRINTS_AT_ONCE, PRINTS_OF_ONE
from tests.support.clients import Api
from tests.support.full_versions import card_of
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.running import RunningRegistry, running_registry

OWNER = "priya@company.com"
MODEL = "/api/v1/models"
VERSION = f"{MODEL}/churn/predictor/versions/1.0.0"


@pytest.mark.parametrize("waiting", [{"me": PRINTS_OF_ONE}, {"another": PRINTS_AT_ONCE}])
def test_only_so_many_wait_for_a_file(registry: Registry, api: Api, make: Make, waiting: dict[str, int]) -> None:
    """One more, of one person or of all, is told when to come again; what needs no process is answered."""
    version = make.version()
    owner = make.owner_of(version)
    api.as_(owner).post(card_of(version))
    prints: Counter[str] = registry.app._app.state.door.prints
    prints.update({owner.actor.answered_by if who == "me" else who: count for who, count in waiting.items()})
    try:
        refused = api.as_(owner).get(card_of(version), params={"format": "pdf"})
        other = api.as_(owner).get(card_of(version), params={"format": "html"})
    finally:
        prints.clear()
    printed = api.as_(owner).get(card_of(version), params={"format": "pdf"})

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert (other.status_code, printed.status_code) == (200, 200)
    assert not prints


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with one card."""
    with running_registry(tmp_path_factory.mktemp("prints")) as running:
        headers = authorized(running)
        model = {"name": "predictor", "group": "churn", "owners": [OWNER], "description": "x", "riskTier": "LOW"}
        for path, body in ((MODEL, model), (f"{MODEL}/churn/predictor/versions", {"version": "1.0.0"})):
            httpx2.post(running.url + path, json=body, headers=headers).raise_for_status()
        for path in ("/card", "/card/publish"):
            httpx2.post(f"{running.url}{VERSION}{path}", headers=headers).raise_for_status()
        yield running


def authorized(running: RunningRegistry) -> dict[str, str]:
    return {"authorization": f"Bearer {running.token(OWNER, 'MODEL_OWNER')}"}


def test_other_requests_are_answered_while_many_print(running: RunningRegistry) -> None:
    """Whoever prints waits for those before; each gets the same file or is told when to come again."""
    headers = authorized(running)

    def ask(_: int) -> httpx2.Response:
        return httpx2.get(f"{running.url}{VERSION}/card?format=pdf", headers=headers, timeout=120)

    with ThreadPoolExecutor(20) as pool:
        asked = pool.map(ask, range(20))
        pages = [httpx2.get(running.url + VERSION, headers=headers, timeout=30).status_code for _ in range(20)]
        answers = list(asked)

    assert set(pages) == {200}
    assert {answer.status_code for answer in answers} <= {200, 503}
    files = [answer.content for answer in answers if answer.status_code == 200]
    assert len(files) >= PRINTS_OF_ONE
    assert len(set(files)) == 1
    assert all(answer.headers["retry-after"] == "5" for answer in answers if answer.status_code == 503)


def test_nothing_is_left_of_clients_that_went_away(running: RunningRegistry) -> None:
    """No process of theirs stays, neither working nor dead; the next one prints."""
    headers = authorized(running)
    place = urlsplit(running.url)
    lines = (f"GET {VERSION}/card?format=pdf HTTP/1.1", f"Host: {place.netloc}")
    asked = "\r\n".join((*lines, f"Authorization: {headers['authorization']}", "", ""))
    for _ in range(PRINTS_OF_ONE):
        with closing(socket.create_connection((place.hostname or "", place.port or 80))) as gone:
            gone.sendall(asked.encode())

    deadline = time.monotonic() + 60
    while list_children(running.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    again = httpx2.get(f"{running.url}{VERSION}/card?format=pdf", headers=headers, timeout=60)

    assert again.status_code == 200
    assert list_children(running.pid) == []


def list_children(pid: int) -> list[str]:
    """The processes that print for a server, and those that nobody fetched the end of."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rpartition(") ")[2].split()[:2]
            told = (stat.parent / "cmdline").read_text().replace("\0", " ")
            if int(parent) == pid and (state == "Z" or "adapters.pdf" in told):
                found.append(f"{state} {told}")
    return found
