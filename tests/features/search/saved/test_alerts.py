"""Being told of new models by saved searches: of each once, in one's own sight, of many in one notice."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from modelkeep_server.db.tables import search_matches
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.search.saved import alerts, matching
from modelkeep_server.features.search.saved.matching import MATCH
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import let_in
from tests.support.make import Make, Person
from tests.support.pages import look, words_of
from tests.support.registries import Registry
from tests.support.statements import counted

PLACE = "/api/v1/searches"


@pytest.fixture
def term() -> str:
    """A word that stands in no other model."""
    return f"zq{secrets.token_hex(6)}"


@pytest.fixture
def tell(registry: Registry) -> Callable[[], None]:
    """Does what the job does."""
    task = Task(1, datetime.now(UTC), {}, 1)
    return lambda: registry.house.handlers[MATCH].call(task)


@pytest.fixture
def told(api: Api, tell: Callable[[], None]) -> Callable[[Person], list[str]]:
    """What somebody was told of matches by now, the newest first."""

    def read(person: Person) -> list[str]:
        tell()
        items = api.as_(person).get("/api/v1/notices").json()["items"]
        return [one["message"] for one in items if one["kind"] == "search.match"]

    return read


def save(api: Api, person: Person, query: str, name: str = "Mine", **more: Any) -> dict[str, Any]:
    """A search saved through the API, with an alert unless said otherwise."""
    answer = api.as_(person).post(PLACE, json={"name": name, "query": query, "alert": True, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_new_model_that_matches_is_told_of_once(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """One notice in the inbox, which leads to the model; nothing more when the model changes."""
    reader = make.person()
    save(api, reader, f"tag:{term}", "High-risk NLP")

    model = make.model(tags=[term])

    first = told(reader)
    make.edit(model, description="Something else.")
    assert (first, told(reader)) == ([f"New match for “High-risk NLP”: {model.address}"],) * 2
    (notice,) = api.as_(reader).get("/api/v1/notices").json()["items"]
    assert notice["href"] == f"/models/{model.address}"


def test_a_model_that_matches_only_later_is_told_of_then(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """A tag that is added, a version that is made."""
    reader = make.person()
    save(api, reader, f"tag:{term}", "Tagged")
    save(api, reader, f"name:{term} has:version", "With a version")
    model = make.model(name=f"{term}-scorer")
    before = told(reader)

    make.edit(model, tags=[term])
    tagged = told(reader)
    make.version(model)

    assert (before, tagged) == ([], [f"New match for “Tagged”: {model.address}"])
    assert told(reader)[0] == f"New match for “With a version”: {model.address}"


def test_models_of_before_the_alert_are_no_news(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Only what is registered after the alert was turned on counts, also where it matches later."""
    reader = make.person()
    known, other = make.model(tags=[term]), make.model()
    save(api, reader, f"tag:{term}")

    make.edit(known, description="Changed.")
    make.edit(other, tags=[term])

    assert told(reader) == []


def test_nobody_is_told_of_what_they_registered_or_may_not_see(
    registry: Registry, make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Not of their own, not of a RESTRICTED model of others; of that once they are let in."""
    owner, reader, guard = make.owner(), make.person(), make.person(Role.ADMIN)
    for person in (owner, reader, guard):
        save(api, person, term)
    model = make.model(owner, tags=[term], visibility="RESTRICTED")
    news = f"New match for “Mine”: {model.address}"

    assert (told(owner), told(reader), told(guard)) == ([], [], [news])

    let_in(registry, make, model, reader)

    assert (told(owner), told(reader), told(guard)) == ([], [news], [news])


def test_the_dashboard_counts_what_the_searches_one_follows_found_lately(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Those that found most stand first; a model that was hidden since counts no more."""
    owner, reader = make.owner(), make.person()
    save(api, reader, f"tag:{term}", "Everything tagged")
    save(api, reader, f"{term} -tag:{term}", "A quiet one")
    save(api, reader, term, "Not followed", alert=False)
    made = [make.model(owner, name=f"model-{number}", tags=[term]) for number in range(3)]
    told(reader)

    html = look(api, reader)

    words = words_of(html)
    assert "Searches you follow All Everything tagged 3 new A quiet one" in words
    assert "Not followed" not in words
    make.edit(made[0], visibility="RESTRICTED")
    assert "Everything tagged 2 new" in words_of(look(api, reader))
    assert "Searches you follow" not in words_of(look(api, owner))


def test_whoever_is_given_a_role_that_sees_more_is_told_of_what_came_since(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """A RESTRICTED model that was registered after the alert becomes visible by the role."""
    reader, admin = make.person(), make.person(Role.ADMIN)
    save(api, reader, term)
    model = make.model(tags=[term], visibility="RESTRICTED")
    before = told(reader)

    found = api.as_(admin).get("/api/v1/users", params={"q": reader.email}).json()["items"][0]["id"]
    granted = api.browser(admin).call("POST", f"/api/v1/users/{found}/roles", json={"role": "MRC"})

    assert granted.status_code in (200, 201), granted.text
    # The token was made before the role was given, and does not hold it; a browser does.
    reading = told(reader)
    page = api.browser(reader).get("/notices").text
    assert before == reading == []
    assert model.address in page


def test_many_at_once_are_one_notice_that_says_how_many(
    make: Make, api: Api, term: str, tell: Callable[[], None], told: Callable[[Person], list[str]]
) -> None:
    """It leads to the search, the newest first; what comes while it is unread is added to it."""
    reader, owner, group = make.person(), make.owner(), make.group()
    search = save(api, reader, f"{term}*", "All of them")
    for number in range(5):
        make.model(owner, group=group, name=f"{term}-{number}")
    first = told(reader)
    make.model(owner, group=group, name=f"{term}-last")

    then = told(reader)
    notice = api.as_(reader).get("/api/v1/notices").json()["items"][0]
    api.as_(reader).post("/api/v1/notices/read")
    alone = make.model(owner, group=group, name=f"{term}-alone")

    assert first == ["New match for “All of them”: 5 models"]
    assert then == ["New match for “All of them”: 6 models"]
    assert notice["href"] == f"/searches/{search['id']}?sort=created"
    assert told(reader) == [f"New match for “All of them”: {alone.address}", *then]


def test_a_shared_search_tells_whoever_follows_it_in_their_own_sight(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Each by their own alert; nobody any more once it is private or deleted."""
    saver, follower, other = make.person(), make.person(), make.person()
    shared = save(api, saver, term, sharing="SHARED", alert=False)
    at = f"{PLACE}/{shared['id']}"
    assert api.as_(follower).put(f"{at}/alert", json={}).status_code == 200
    first = make.model(tags=[term])
    news = [f"New match for “Mine”: {first.address}"]
    assert (told(saver), told(follower), told(other)) == ([], news, [])

    api.as_(saver).patch(at, json={"sharing": "PRIVATE"})
    make.model(tags=[term])
    private = told(follower)
    api.as_(saver).patch(at, json={"sharing": "SHARED"})
    api.as_(saver).delete(at)
    make.model(tags=[term])

    assert (private, told(follower)) == (news, news)


def test_an_alert_that_is_turned_off_tells_nothing(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Turned on again it begins anew: what came meanwhile is no news."""
    reader = make.person()
    at = f"{PLACE}/{save(api, reader, term)['id']}"
    assert api.as_(reader).delete(f"{at}/alert").status_code == 204
    meanwhile = make.model(tags=[term])
    off = told(reader)
    assert api.as_(reader).put(f"{at}/alert", json={}).json()["alert"] is True

    make.edit(meanwhile, description="Changed.")

    assert (off, told(reader)) == ([], [])


def test_a_disabled_account_is_told_nothing(
    registry: Registry, make: Make, api: Api, term: str, tell: Callable[[], None]
) -> None:
    """Nor is anything kept for when it is enabled again."""
    reader, admin = make.person(), make.person(Role.ADMIN)
    save(api, reader, term)
    found = api.as_(admin).get("/api/v1/users", params={"q": reader.email}).json()["items"][0]["id"]
    ended = api.browser(admin).call("PATCH", f"/api/v1/users/{found}", json={"disabled": True, "reason": "Left."})
    assert ended.status_code == 200, ended.text

    make.model(tags=[term])
    tell()

    count = registry.look(f"SELECT count(*) FROM notices WHERE person_id = {reader.actor.user_id}")
    assert count == [(0,)]


def test_a_query_of_dates_is_read_at_the_moment(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """What was registered just now is of today, and of the last week."""
    reader = make.person()
    save(api, reader, f"{term} created:>now-7d", "Lately")
    save(api, reader, f"{term} -created:today", "Before today")

    model = make.model(tags=[term])

    assert told(reader) == [f"New match for “Lately”: {model.address}"]


def test_queries_that_exclude_tell_as_well(
    make: Make, api: Api, term: str, told: Callable[[Person], list[str]]
) -> None:
    """Those with no word that a model must hold are asked of every new model: NOT, is:mine, an asterisk in front."""
    reader = make.owner()
    for name, query in (
        ("not", f"-tag:other group:{term}-g"),
        ("mine", f"is:mine {term}"),
        ("infix", f"*{term[2:]}*"),
        ("or", f"riskTier:HIGH OR name:{term}"),
        ("only not", f"NOT (riskTier:HIGH OR NOT name:{term})"),
    ):
        save(api, reader, query, name)

    model = make.model(group=f"{term}-g", name=f"{term}-scorer", owners=[reader.email])

    expected = {f"New match for “{name}”: {model.address}" for name in ("not", "mine", "infix", "or", "only not")}
    assert set(told(reader)) >= expected


def test_the_change_of_a_model_leaves_a_job_that_a_runner_does(
    registry: Registry, make: Make, api: Api, term: str
) -> None:
    """One for all changes of a few seconds, due at their end."""
    reader, house = make.person(), registry.house
    save(api, reader, term)
    for number in range(3):
        make.model(name=f"{term}-{number}")

    registry.tamper(f"UPDATE jobs SET due_at = 0 WHERE kind = '{MATCH}' AND status = 'WAITING'")
    Runner(house.database, house.parts, {MATCH: house.handlers[MATCH]}).do_all()

    (notice,) = api.as_(reader).get("/api/v1/notices").json()["items"]
    assert notice["message"] == "New match for “Mine”: 3 models"
    assert registry.look("SELECT count(*) FROM search_news") == [(0,)]


def test_what_was_found_is_told_once_however_often_it_is_found(
    registry: Registry, make: Make, api: Api, term: str
) -> None:
    """A worker that died after telling, and two that look at the same time, tell no second time."""
    reader = make.person()
    save(api, reader, term)
    make.model(tags=[term])
    with registry.reading() as work:
        batch = matching.find_matches(work)

    for _ in range(2):
        with registry.writing() as work:
            matching.tell_of(work, batch)

    messages = [one["message"] for one in api.as_(reader).get("/api/v1/notices").json()["items"]]
    assert len([one for one in messages if "Mine" in one]) == 1


def test_what_was_hidden_since_it_was_found_is_not_told(registry: Registry, make: Make, api: Api, term: str) -> None:
    """Whoever loses sight of a model before they are told of it is told nothing; who still sees it is."""
    reader, guard = make.person(), make.person(Role.ADMIN)
    for person in (reader, guard):
        save(api, person, term)
    model = make.model(tags=[term])
    with registry.reading() as work:
        batch = matching.find_matches(work)
    make.edit(model, visibility="RESTRICTED")

    with registry.writing() as work:
        matching.tell_of(work, batch)

    told = [api.as_(person).get("/api/v1/notices").json()["items"] for person in (reader, guard)]
    with registry.reading() as work:
        kept = work.all(select(search_matches).where(search_matches.c.model_id == model.key))
    assert ([len(items) for items in told], len(kept)) == ([0, 1], 1)


def test_what_others_take_away_uses_up_no_alert_of_a_follower(
    make: Make, api: Api, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They find such a search no more, and could not turn it off."""
    monkeypatch.setattr(alerts, "ALERTS_MAX", 2)
    saver, follower = make.person(), make.person()
    shared = [save(api, saver, term, name, sharing="SHARED", alert=False)["id"] for name in ("One", "Two", "Three")]
    followed = [api.as_(follower).put(f"{PLACE}/{one}/alert", json={}).status_code for one in shared]
    api.as_(saver).delete(f"{PLACE}/{shared[0]}")
    api.as_(saver).patch(f"{PLACE}/{shared[1]}", json={"sharing": "PRIVATE"})

    again = api.as_(follower).put(f"{PLACE}/{shared[2]}/alert", json={})

    assert followed == [200, 200, 409]
    assert again.status_code == 200, again.text


def test_no_query_that_somebody_saved_makes_the_database_look_for_it(
    make: Make, api: Api, term: str, tell: Callable[[], None]
) -> None:
    """However many are held against a changed model, and whatever wildcards they are made of, it is asked as much."""
    reader, owner = make.person(), make.owner()
    costs = []
    for number in range(2):
        for again in range(1 + 8 * number):
            save(api, reader, f"-version:*{number}*{again}* -tag:*q{again}* -*z{again}*", f"Any {number} {again}")
        make.model(owner, name=f"{term}-{number}")
        with counted() as statements:
            tell()
        costs.append(len(statements))

    # The notice by the first search, which is unread, is told anew.
    assert costs[1] <= costs[0] + 1
