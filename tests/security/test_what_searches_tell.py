"""
What one may not see is in nothing that searching answers: no result, count, completion, correction, export, page, nor
what a request costs. Every door is asked by everybody who may stand to a hidden model, before it is there and after.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import pytest

from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.search.saved.matching import MATCH
from modelkeep_server.kit import clock
from tests.support.clients import Api, Browser, Client
from tests.support.endurance import Figures, sizes
from tests.support.hidden_models import ENDED, HIDDEN_SPELLING, LIKE, SECRET, UNLIKE, gather, hide_some, show_some
from tests.support.make import Make
from tests.support.passing import still
from tests.support.registries import Registry
from tests.support.statements import counted

#: Queries by what is unlike everything else, and by what is like it.
QUERIES = (
    "", SECRET, f"{SECRET}word", f'"{SECRET} of us"', "*yxcover*", f"name:{SECRET}", "name:zyx*",
    f"group:{SECRET}-group", f"tag:{SECRET}-tag", "tag:*covert*", f"owner:{SECRET}@example.com",
    f"framework:{SECRET}-flow", "framework:*-flow", f"modelType:{SECRET}-type", f"license:LicenseRef-{SECRET}-flow",
    "version:6.6.6", "state:APPROVED_STAGING", "newest:APPROVED_STAGING", "is:restricted", "-is:restricted",
    "fraud", '"fraud"', "frau", "fr*", "scores payments", "tag:shared-tag", "-tag:plain",
    "tag:fraud riskTier:MEDIUM", "group:open-group", "framework:pytorch", "riskTier:HIGH", "state:SUBMITTED",
    "updated:>2020-01-01", "created:today", "has:version", "-fraud",
    "is:retired", "-is:retired", "is:external", "is:live", "has:card", "has:files", "-has:version",
    f"tag:{SECRET}-ended", "is:retired tag:plain", "is:active", "is:mine", "NOT (fraud OR churn)",
)  # fmt: skip
#: Texts that somebody is about to go on with.
BEGUN = (
    "", "z", "zyx", SECRET, "tag:", "tag:z", "tag:zyx", "tag:sha", "group:", "group:zyx", "group:o", "owner:",
    "owner:zyx", "framework:", "framework:z", "framework:p", "modelType:", "license:", "license:Lic", "name:",
    "name:zyx", "name:fraud", "version:", "version:6", "fraud", "open", "is:", "state:A", 'tag:"',
    f"-tag:{SECRET[:4]}", "tag:(fraud OR ",
)  # fmt: skip
#: What cannot be read, near to what is hidden.
BROKEN = (
    f"{SECRET}:x", "tga:zyxcovert-tag", "riskTier:zyxcovert", "state:zyx", "is:zyxcovert", f'"{SECRET}',
    f"tag:{SECRET} AND", f"/{SECRET}/", f"{SECRET}~",
)  # fmt: skip
NOTICES = "/api/v1/notices"
#: What somebody has of their own: searches they saved, and what those told them.
OWN = ("/api/v1/searches", NOTICES, "/api/v1/todo", "/searches")
KINDS = ("/api/v1/models?", "/api/v1/models/export", "/api/v1/models/completions", "/models?", "/api/v1/tags")
SORTS = ("relevance", "updated", "created", "name")


def save_searches(browser: Browser) -> list[str]:
    """Searches that would find what is hidden, each of which tells of new models. Gives the doors to each."""
    found = []
    for query in ("fraud", SECRET, "tag:shared-tag", "-tag:plain", "is:restricted", "riskTier:HIGH"):
        told = {"name": f"Saved {query}", "query": query, "alert": True}
        saved = browser.call("POST", "/api/v1/searches", json=told)
        assert saved.status_code == 201, saved.text
        found += [
            door.format(saved.json()["id"]) for door in ("/api/v1/searches/{}", "/searches/{}", "/searches/{}/edit")
        ]
    return found


def doors(sorts: int = len(SORTS)) -> Iterator[str]:
    """Every address through which one searches; each query in so many of the orders, in turn."""
    for number, query in enumerate(QUERIES):
        for sort in (SORTS * 2)[number % len(SORTS) :][:sorts]:
            yield f"/api/v1/models?q={quote(query)}&sort={sort}"
        yield f"/api/v1/models?q={quote(query)}&limit=1&facets=true"
        yield f"/api/v1/models/export?format=csv&q={quote(query)}"
        yield f"/api/v1/models/export?format=json&q={quote(query)}"
        yield f"/models?q={quote(query)}"
    for text in BEGUN:
        yield f"/api/v1/models/completions?q={quote(text)}"
        yield f"/api/v1/groups?q={quote(text)}"
        yield f"/api/v1/tags?q={quote(text)}&sort=use"
    for text in ("", "z", "sha", "o"):
        yield f"/groups?q={text}"
        yield f"/tags?q={text}"
    for query in BROKEN:
        yield f"/api/v1/models?q={quote(query)}"
        yield f"/models?q={quote(query)}"
    for name, value in (
        ("group", f"{SECRET}-group"), ("tag", f"{SECRET}-tag"), ("owner", f"{SECRET}@example.com"),
        ("state", "SUBMITTED"), ("framework", f"{SECRET}-flow"), ("riskTier", "HIGH"), ("group", "open-group"),
        ("tag", "shared-tag"),
    ):  # fmt: skip
        yield f"/api/v1/models?{name}={value}"
        yield f"/models?{name}={value}"
    for model in (UNLIKE, LIKE, ENDED):
        for start in ("/models", "/api/v1/models"):
            yield f"{start}/{model['group']}/{model['name']}"
            yield f"{start}/{model['group']}/{model['name']}/versions"
    yield from ("/api/v1/groups?sort=use", "/api/v1/tags", "/", "/models/new", "/models?facets=all")


def look_around(browser: Browser, asked: Sequence[str]) -> dict[str, tuple[int, str, int]]:
    """What each door answers, without what changes each time, and how many statements that took."""
    told = {}
    for door in asked:
        accept = "application/json" if door.startswith("/api/") else "text/html"
        with counted() as statements:
            answer = browser.get(door, headers={"accept": accept}, follow_redirects=True)
        assert answer.status_code < 500, (door, answer.text)
        told[door] = (answer.status_code, still(answer.text), len(statements))
    return told


def tells(answers: Mapping[str, tuple[int, str, int]], before: Mapping[str, tuple[int, str, int]]) -> dict[str, str]:
    """Where the answers differ from those before, and how."""
    return {
        door: f"{before[door][0]} → {answers[door][0]}, {before[door][2]} → {answers[door][2]} statements\n"
        f"{_first_difference(before[door][1], answers[door][1])}"
        for door in answers
        if answers[door] != before[door]
    }


def _first_difference(before: str, after: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    return f"{before[max(0, at - 80) : at + 120]!r}\n→ {after[max(0, at - 80) : at + 120]!r}"


@pytest.mark.parametrize("every", sizes(small=8, full=1))
def test_hidden_models_change_nothing_for_those_who_may_not_see_them(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, every: int, figures: Figures
) -> None:
    """Byte by byte, and statement by statement, every answer is what it was before they were there."""
    cast = gather(fresh_make, fresh_api)
    show_some(fresh_registry, fresh_make, cast.owner)
    browsers = {who: fresh_api.browser(person) for who, person in cast.blind.items()}
    own = {who: save_searches(browser) for who, browser in browsers.items()}
    # Each is asked others of them, so that together they are asked all; of what is theirs, each.
    asked = {who: (*OWN, *own[who], *tuple(doors())[number::every]) for number, who in enumerate(browsers)}
    before = {}
    for who, browser in browsers.items():
        look_around(browser, ("/", "/models", "/api/v1/models"))
        before[who] = look_around(browser, asked[who])

    hide_some(fresh_registry, fresh_make, cast)
    house = fresh_registry.house
    house.handlers[MATCH].call(Task(1, clock.utc_now(), {}, 1))
    Runner(house.database, house.parts, house.handlers).do_all()

    told = {}
    for who, browser in browsers.items():
        after = look_around(browser, asked[who])
        if "let in" in who:
            # That they were, and are no more, they were told themselves: there is a mark on every page of theirs.
            after = {door: answer for door, answer in after.items() if door.startswith("/api/") and door != NOTICES}
            after = {door: (status, text, before[who][door][2]) for door, (status, text, _) in after.items()}
        told |= {(who, door): how for door, how in tells(after, before[who]).items()}
    figures.tell("doors asked of before and after models were hidden", sum(map(len, asked.values())))
    figures.tell("answers that differ", len(told), at_most=0)
    assert told == {}


def test_no_page_tells_those_of_them_who_were_let_in_once(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Nor where somebody saw them until yesterday, or an owner took that back."""
    cast = gather(fresh_make, fresh_api)
    show_some(fresh_registry, fresh_make, cast.owner)
    hide_some(fresh_registry, fresh_make, cast)
    # What was asked is said again, and the dashboard has what they were told when they were let in.
    asked = tuple(door for door in doors(sorts=1) if SECRET not in door and door != "/")

    # Each is asked others of them, so that together they are asked all.
    for number, who in enumerate(("who was let in until lately", "who was let in and then out")):
        answers = look_around(fresh_api.browser(cast.blind[who]), asked[number::2])
        assert {door for door, (_, text, _) in answers.items() if SECRET in text} == set(), who


def test_everybody_else_finds_them_through_every_kind_of_door(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """So that the test above asks for what could be told: whoever sees them is told of them there."""
    cast = gather(fresh_make, fresh_api)
    show_some(fresh_registry, fresh_make, cast.owner)
    hide_some(fresh_registry, fresh_make, cast)

    for who, person in cast.seeing.items():
        browser = fresh_api.browser(person)
        # What was asked is said again, so that only doors that do not name it count.
        named = [door for door in doors() if SECRET not in door]
        silent = [
            kind
            for kind in KINDS
            if not any(
                SECRET in text
                for door in named
                if door.startswith(kind)
                for _, text, _ in look_around(browser, [door]).values()
            )
        ]
        assert silent == [], who


def test_a_spelling_is_not_told_by_a_model_that_one_may_not_see(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Where a hidden model was the first to have a tag, spelled in its way, others are shown theirs."""
    cast = gather(fresh_make, fresh_api)
    hide_some(fresh_registry, fresh_make, cast)
    show_some(fresh_registry, fresh_make, cast.owner)

    answers = look_around(fresh_api.browser(cast.blind["a stranger"]), tuple(doors(sorts=1)))

    assert {door for door, (_, text, _) in answers.items() if HIDDEN_SPELLING in text} == set()


@pytest.mark.parametrize("query", ["", "fraud", "-tag:nothing"])
def test_cursors_and_the_pages_they_lead_to_tell_nothing_of_them(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, query: str
) -> None:
    """In every order, one model a page: the same cursors, byte by byte, with the same model behind each."""
    cast = gather(fresh_make, fresh_api)
    show_some(fresh_registry, fresh_make, cast.owner)
    strangers = {who: fresh_api.as_(person) for who, person in cast.blind.items()}
    before = {(who, sort): walk(client, query, sort) for who, client in strangers.items() for sort in SORTS}

    hide_some(fresh_registry, fresh_make, cast)

    after = {(who, sort): walk(client, query, sort) for who, client in strangers.items() for sort in SORTS}
    assert after == before
    assert {len(pages) for pages in before.values()} == {3}


def walk(client: Client, query: str, sort: str) -> list[tuple[str, int, str | None]]:
    """Of each page the model on it, the total and the cursor to the next."""
    pages: list[tuple[str, int, str | None]] = []
    while not pages or pages[-1][2] is not None:
        asked = {"q": query, "sort": sort, "limit": 1, **({"cursor": pages[-1][2]} if pages else {})}
        told = client.get("/api/v1/models", params=asked).json()
        pages.append((told["items"][0]["name"], told["total"], told["nextCursor"]))
    return pages


@pytest.mark.parametrize("query", ["", "fraud", "-fraud", "tag:fraud", "is:restricted"])
def test_an_id_of_a_hidden_model_is_no_model(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, query: str
) -> None:
    """By its id, alone or joined to more, it is found by nobody who may not see it."""
    cast = gather(fresh_make, fresh_api)
    hidden = hide_some(fresh_registry, fresh_make, cast)

    for person in cast.blind.values():
        for model in hidden:
            answer = fresh_api.as_(person).get("/api/v1/models", params={"q": f"{query} {model.id}".strip()})
            assert answer.status_code in (200, 422), answer.text
            assert answer.status_code == 422 or answer.json()["items"] == []


def test_nothing_but_restricted_models_is_hidden() -> None:
    """Searches and lists of values take hidden models off by the index of these: another kind must be entered there."""
    assert set(Visibility) == {Visibility.INTERNAL, Visibility.RESTRICTED}
