"""What belongs to one person alone, in the world of the golden table: tokens, notices, browsers that are signed in."""

from collections.abc import Iterable, Mapping
from typing import Any

from modelkeep_server.features.notify import telling
from tests.support.clients import Api, Browser
from tests.support.make import Person
from tests.support.registries import Registry

#: The nouns in addresses of what nobody but its person may touch, whatever their role.
OWN = ("notices", "tokens", "sessions", "searches")
_TOLD: Mapping[str, Any] = {"model": "golden/model", "status": "GRANTED"}


def give_belongings(registry: Registry, api: Api, people: Iterable[tuple[Person, Browser]]) -> list[dict[str, str]]:
    """One of each for each person, as ids by noun. The browser that they come with stays signed in."""
    known = list(people)
    with registry.writing() as work:
        keys = [person.actor.user_id or 0 for person, _ in known]
        telling.tell(work, None, "access.decided", _TOLD, keys, href="/", model_key=None)
    return [_give(registry, api, person, browser) for person, browser in known]


def _give(registry: Registry, api: Api, person: Person, browser: Browser) -> dict[str, str]:
    token = browser.call("POST", "/api/v1/tokens", json={"name": "golden"})
    assert token.status_code == 201, token.text
    # Another browser than the one that asks, whose session has to last.
    api.browser(person)
    newest = "SELECT public_id FROM sessions WHERE person_id = :key ORDER BY id DESC LIMIT 1"
    session = registry.look(newest, key=person.actor.user_id)[0][0]
    notices = browser.call("GET", "/api/v1/notices").json()["items"]
    told = next(one["id"] for one in notices if one["kind"] == "access.decided")
    kept = browser.call("POST", "/api/v1/searches", json={"name": "Kept", "query": "tag:kept"})
    assert kept.status_code == 201, kept.text
    return {"tokens": token.json()["id"], "notices": told, "sessions": session, "searches": kept.json()["id"]}
