"""Letting a command line in by a code (RFC 8628): what it is told, what the person sees, and who gets a token when."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.tokens import device_logins
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry

START, FETCH = "/api/v1/device-logins", "/api/v1/device-logins/token"


def start(api: Api, **asked: Any) -> dict[str, Any]:
    """A command line asks; both its codes."""
    answer = api.anonymous.post(START, json=asked)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def fetch(registry: Registry, api: Api, codes: dict[str, Any]) -> Any:
    """Come for the token, as late after the last time as one must."""
    registry.tamper("UPDATE device_logins SET polled_at = NULL")
    return api.anonymous.post(FETCH, json={"deviceCode": codes["deviceCode"]})


def answer(browser: Browser, codes: dict[str, Any], say: str = "allow", **fields: Any) -> Any:
    """Press a button of the page, with what is ticked there."""
    return browser.submit("/device/answer", {"code": codes["userCode"], "answer": say, "days": "7", **fields})


def test_a_command_line_is_let_in_once(registry: Registry, api: Api, make: Make) -> None:
    """It waits, is told not to hurry, gets the token that was allowed, and never a second one; all of it on record."""
    person = make.owner()
    browser = api.browser(person)
    codes = start(api, clientName="modelkeep on build-7")
    waits = fetch(registry, api, codes)
    hurries = api.anonymous.post(FETCH, json={"deviceCode": codes["deviceCode"]})
    page = browser.get(codes["verificationUriComplete"].removeprefix("http://127.0.0.1:8000")).text

    allowed = answer(browser, codes, scopes=["read", "download"])
    token = fetch(registry, api, codes)
    again = fetch(registry, api, codes)

    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["userCode"])
    assert (codes["expiresIn"], codes["interval"]) == (900, 5)
    assert refusal(waits) == (400, "authorization_pending")
    assert refusal(hurries) == (400, "slow_down")
    assert all(
        word in page for word in (codes["userCode"], "modelkeep on build-7", "testclient", "Only if you started")
    )
    assert (allowed.status_code, allowed.headers["location"]) == (303, "/device?answered=allowed")
    assert (token.status_code, token.json()["scopes"]) == (201, ["read", "download"])
    assert refusal(again) == (400, "expired_token")
    assert api.with_token(token.json()["token"]).get("/api/v1/me").json()["email"] == person.email
    [event] = make.events(object_id=token.json()["id"], action="token.create")
    assert event.after == {"scopes": ["read", "download"], "days": 7, "device": True}
    assert event.actor.email == person.email


def test_codes_are_stored_hashed(registry: Registry, api: Api) -> None:
    """Whoever reads the database can neither fetch a token nor allow one."""
    codes = start(api)

    [row] = registry.look("SELECT * FROM device_logins ORDER BY created_at DESC LIMIT 1")

    stored = " ".join(str(value) for value in row)
    assert codes["deviceCode"] not in stored
    assert codes["userCode"] not in stored
    assert codes["userCode"].replace("-", "") not in stored


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_signing_in_first_comes_back_to_the_code(registry: Registry, api: Api) -> None:
    """A stranger with the link signs in and then sees what asks."""
    stranger = api.anonymous

    sent = stranger.get("/device?code=BDWP-HQPK", headers={"accept": "text/html"})

    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=%2Fdevice%3Fcode%3DBDWP-HQPK"


def test_a_denied_command_line_is_told_so(registry: Registry, api: Api, make: Make) -> None:
    """And nobody can allow it afterwards."""
    codes = start(api)
    browser = api.browser(make.owner())

    denied = answer(browser, codes, "deny")
    late = answer(browser, codes, scopes=["read"])
    told = fetch(registry, api, codes)

    assert denied.headers["location"] == "/device?answered=denied"
    assert late.status_code == 422
    assert "No terminal waits with this code" in late.text
    assert refusal(told) == (400, "access_denied")


def test_codes_die_after_fifteen_minutes(registry: Registry, api: Api, make: Make) -> None:
    """The short one opens no page then, the long one fetches nothing."""
    then = clock.utc_now() - timedelta(minutes=15, seconds=1)
    with registry.writing(now=then) as work:
        made = device_logins.start(work)
    browser = api.browser(make.owner())

    page = browser.get(f"/device?code={made.user_code}")
    told = api.anonymous.post(FETCH, json={"deviceCode": made.device_code})

    assert page.status_code == 422
    assert refusal(told) == (400, "expired_token")


def test_two_that_fetch_at_once_get_one_token(registry: Registry, api: Api, make: Make) -> None:
    """One wins, the other is told that the code was used."""
    browser = api.browser(make.owner())
    codes = start(api)
    answer(browser, codes, scopes=["read"])
    barrier, found = threading.Barrier(4), []

    def come() -> None:
        client = api.anonymous
        barrier.wait()
        found.append(client.post(FETCH, json={"deviceCode": codes["deviceCode"]}).status_code)

    comers = [threading.Thread(target=come) for _ in range(4)]
    for comer in comers:
        comer.start()
    for comer in comers:
        comer.join()

    assert sorted(found) == [201, 400, 400, 400]


def test_the_session_that_allowed_it_must_still_be_there(registry: Registry, api: Api, make: Make) -> None:
    """Whoever signs out before the token was fetched has taken it back; so has whoever lost the role for a scope."""
    gone, demoted = start(api), start(api, scopes=["read", "deploy"])
    browser, sre = api.browser(make.owner()), make.person(Role.SRE)
    answer(browser, gone, scopes=["read"])
    browser.submit("/logout")
    answer(api.browser(sre), demoted, scopes=["read", "deploy"])
    mine = "WHERE person_id = :id"
    registry.tamper(f"UPDATE role_grants SET ended_at = 1 {mine}", id=sre.actor.user_id)

    told = [fetch(registry, api, codes) for codes in (gone, demoted)]

    registry.tamper(f"UPDATE role_grants SET ended_at = NULL {mine}", id=sre.actor.user_id)
    assert [refusal(one) for one in told] == [(400, "access_denied")] * 2


def test_a_person_gives_no_more_than_was_asked_and_than_they_may(registry: Registry, api: Api, make: Make) -> None:
    """What was not asked for or is beyond their roles is refused by field; review lives a day; strong scopes ask once
    more who it is."""
    browser = api.browser(make.person(Role.MODEL_OWNER, Role.MRC))
    narrow, beyond, reviewing = start(api, scopes=["read"]), start(api, scopes=["admin"]), start(api, scopes=["review"])

    not_asked = answer(browser, narrow, scopes=["write"])
    not_theirs = answer(browser, beyond, scopes=["admin"])
    nothing = answer(browser, narrow)
    registry.tamper("UPDATE sessions SET authenticated_at = authenticated_at - 901000000")
    stale = answer(browser, reviewing, scopes=["review"], days="30")
    registry.tamper("UPDATE sessions SET authenticated_at = authenticated_at + 901000000")
    fresh = answer(browser, reviewing, scopes=["review"], days="30")
    token = fetch(registry, api, reviewing).json()

    assert [(one.status_code, "did not ask" in one.text) for one in (not_asked, not_theirs)] == [
        (422, True),
        (422, False),
    ]
    assert "no use for: admin" in not_theirs.text
    assert nothing.status_code == 422
    assert stale.status_code == 403
    assert fresh.status_code == 303
    lives = (token["createdAt"][:10], token["expiresAt"][:10])
    assert lives[0] < lives[1]
    assert token["scopes"] == ["review"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"clientName": "x" * 81}, "clientName"),
        ({"clientName": "a\nb"}, "clientName"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["boss"]}, "scopes.0"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_what_asks_wrongly_is_told_by_field(registry: Registry, api: Api, body: dict[str, Any], wrong: str) -> None:
    """A name of one short line, and scopes that there are."""
    answered = api.anonymous.post(START, json=body)

    assert answered.status_code == 422
    assert [fault["field"] for fault in answered.json()["errors"]] == [wrong]


def test_codes_cannot_be_guessed_at_leisure(registry: Registry, api: Api, make: Make) -> None:
    """Tries are counted, whichever address of the page they come by; unknown long codes and new ones likewise."""
    person = make.owner()
    browser, limit = api.browser(person), registry.house.parts.limits.sign_in_tries
    with registry.writing() as work:
        device_logins.count_try(work, person.actor)
    key = f"device:as:{person.actor.pseudonym}"
    registry.tamper("UPDATE rate_counters SET count = :limit WHERE key = :key", limit=limit, key=key)

    looks = browser.get("/device?code=BDWP-HQPK")
    presses = answer(browser, {"userCode": "BDWP-HQPK"}, scopes=["read"])

    assert (looks.status_code, presses.status_code) == (429, 429)
    assert int(looks.headers["retry-after"]) > 0


def test_a_session_cookie_has_no_part_in_it(registry: Registry, api: Api, make: Make) -> None:
    """These two calls need no token of a page, since they do nothing in anybody's name: no token comes of them."""
    browser = api.browser(make.owner())

    begun = browser.post(START, json={}, headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
    told = browser.post(FETCH, json={"deviceCode": begun.json()["deviceCode"]})

    assert begun.status_code == 201
    assert refusal(told) == (400, "authorization_pending")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_token_that_stands_for_a_fresh_session_is_made_in_one(registry: Registry, api: Api, make: Make) -> None:
    """One with review, audit or admin asks who it is once more where that was shown over 15 minutes ago."""
    browser = api.browser(make.person(Role.AUDITOR))
    registry.tamper("UPDATE sessions SET authenticated_at = authenticated_at - 901000000")

    refused = browser.call("POST", "/api/v1/tokens", json={"name": "log", "scopes": ["audit"]})
    plain = browser.call("POST", "/api/v1/tokens", json={"name": "plain", "scopes": ["read"]})
    registry.tamper("UPDATE sessions SET authenticated_at = authenticated_at + 901000000")
    made = browser.call("POST", "/api/v1/tokens", json={"name": "log", "scopes": ["audit"]})

    assert refusal(refused) == (403, "confirm_needed")
    assert (plain.status_code, made.status_code) == (201, 201)
