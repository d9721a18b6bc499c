"""Nobody has the registry to themselves: who asks much at once waits for their own requests, and others do not."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event, Semaphore
from typing import Any

import pytest

from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.search import exporting, queries
from modelkeep_server.interfaces import turns
from modelkeep_server.interfaces.api.finding import EXPORTS_OF_ONE
from tests.support.clients import Api, Client
from tests.support.make import Make, Person
from tests.support.registries import Registry

PATIENCE_SECONDS = 60
SEARCH = "/api/v1/models?q=fraud"
EXPORT = "/api/v1/models/export?q=fraud"


class Slow:
    """Searches of one person that last until they are let go."""

    def __init__(self, person: Person, search: Callable[..., Any]) -> None:
        self.person = person
        self._search = search
        self.begun = Semaphore(0)
        self.let_go = Event()

    def list_models(self, work: Any, actor: Any, *asked: Any, **more: Any) -> Any:
        """In the place of the real search, which follows."""
        if actor.email == self.person.email:
            self.begun.release()
            self.let_go.wait(PATIENCE_SECONDS)
        return self._search(work, actor, *asked, **more)


@pytest.fixture
def slow(make: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """A person whose searches are slow."""
    slow = Slow(make.owner(), queries.list_models)
    monkeypatch.setattr(queries, "list_models", slow.list_models)
    yield slow
    slow.let_go.set()


def ask_at_once(pool: ThreadPoolExecutor, clients: list[Client], times: int) -> list[Future[Any]]:
    """So many searches, by each of these clients in turn."""
    return [pool.submit(clients[number % len(clients)].get, SEARCH) for number in range(times)]


def new_token(registry: Registry, person: Person) -> str:
    """One more token of a person."""
    with registry.writing() as work:
        return tokens.create_token_by_operator(work, host="test", email=person.email, roles=()).secret


def test_slow_searches_of_one_person_leave_room_for_others(
    slow: Slow, make: Make, api: Api, registry: Registry
) -> None:
    """By two sessions, and more than there are threads: half of these are theirs, and all are answered in the end."""
    half = registry.house.settings.connections // 2
    clients = [api.browser(slow.person) for _ in range(2)]
    for client in clients:
        assert client.get("/profile").status_code == 200

    with ThreadPoolExecutor(4 * half) as pool:
        asked = ask_at_once(pool, clients, 4 * half)
        assert all(slow.begun.acquire(timeout=PATIENCE_SECONDS) for _ in range(half))
        other = api.as_(make.owner()).get(SEARCH)
        began_besides = slow.begun.acquire(blocking=False)
        slow.let_go.set()

    assert other.status_code == 200
    assert not began_besides
    assert {one.result().status_code for one in asked} == {200}


def test_new_tokens_and_spellings_of_them_are_no_way_past_the_line(
    slow: Slow, make: Make, api: Api, registry: Registry
) -> None:
    """A token for each request, each written otherwise: at most one begins before it is known whose it is."""
    threads = registry.house.settings.connections
    headers = [
        {"authorization": f"{scheme}{' ' * blanks}{new_token(registry, slow.person)}"}
        for blanks, scheme in enumerate(["Bearer", "bearer"] * threads, start=1)
    ]
    one = api.as_(slow.person)

    with ThreadPoolExecutor(len(headers)) as pool:
        asked = [pool.submit(one.get, SEARCH, headers=sent) for sent in headers]
        assert all(slow.begun.acquire(timeout=PATIENCE_SECONDS) for _ in range(threads // 2))
        other = api.as_(make.owner()).get(SEARCH)
        begun = threads // 2 + sum(slow.begun.acquire(blocking=False) for _ in range(threads))
        slow.let_go.set()

    assert other.status_code == 200
    assert begun <= threads // 2 + 1
    assert {one.result().status_code for one in asked} == {200}


def test_who_waits_for_their_turn_keeps_no_place_that_others_wait_for(
    slow: Slow, make: Make, api: Api, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exports of somebody whose searches are slow go on, and so do those of others behind them."""
    half = registry.house.settings.connections // 2
    looked = Semaphore(0)
    look_into = exporting.look_into

    def look_into_slowly(work: Any, actor: Any, wanted: Any) -> None:
        look_into(work, actor, wanted)
        if actor.email == slow.person.email:
            looked.release()
            slow.begun.acquire(timeout=PATIENCE_SECONDS)

    monkeypatch.setattr(exporting, "look_into", look_into_slowly)
    one, other = api.as_(slow.person), api.as_(make.owner())
    assert one.get("/api/v1/searches").status_code == 200

    with ThreadPoolExecutor(4 * half) as pool:
        exports = [pool.submit(one.get, EXPORT) for _ in range(half - 1)]
        assert all(looked.acquire(timeout=PATIENCE_SECONDS) for _ in exports)
        searches = ask_at_once(pool, [one], 3 * half)
        of_other = pool.submit(other.get, EXPORT).result(PATIENCE_SECONDS / 4)
        slow.let_go.set()

    assert of_other.status_code == 200
    assert {asked.result().status_code for asked in [*exports, *searches]} == {200}


def test_one_person_has_one_of_the_places_where_exports_are_made(
    slow: Slow, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they ask for at once, that of another is made meanwhile; their own all come in the end."""
    measured = Semaphore(0)
    measure = exporting.measure

    def measure_slowly(work: Any, actor: Any, wanted: Any) -> Any:
        if actor.email == slow.person.email:
            measured.release()
            slow.let_go.wait(PATIENCE_SECONDS)
        return measure(work, actor, wanted)

    monkeypatch.setattr(exporting, "measure", measure_slowly)
    one, other = api.as_(slow.person), api.as_(make.owner())

    with ThreadPoolExecutor(EXPORTS_OF_ONE) as pool:
        exports = [pool.submit(one.get, EXPORT) for _ in range(EXPORTS_OF_ONE)]
        assert measured.acquire(timeout=PATIENCE_SECONDS)
        of_other = other.get(EXPORT)
        alone = not measured.acquire(blocking=False)
        slow.let_go.set()

    assert of_other.status_code == 200
    assert alone
    assert {asked.result().status_code for asked in exports} == {200}


def test_more_than_anybody_waits_for_is_refused(slow: Slow, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After, at once; what is under way is answered."""
    monkeypatch.setattr(turns, "UNDER_WAY_MAX", 6)
    clients = [api.as_(slow.person)]
    assert clients[0].get("/api/v1/searches").status_code == 200

    with ThreadPoolExecutor(10) as pool:
        waiting = set(ask_at_once(pool, clients, 10))
        refused = set[Future[Any]]()
        while len(refused) < 4:
            done, waiting = wait(waiting, PATIENCE_SECONDS, FIRST_COMPLETED)
            refused |= done
        slow.let_go.set()

    assert {(one.result().status_code, one.result().headers["retry-after"]) for one in refused} == {(429, "2")}
    assert {one.result().status_code for one in waiting} == {200}
