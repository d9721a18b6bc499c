"""Forged requests (CSRF): a write with a cookie counts only where a page of this registry sent it. ASVS 3.5."""

from typing import Any

import pytest

from modelkeep_server.rules.events import Outcome
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.registries import BASE_URL, Registry

OWN = {"origin": BASE_URL}
SAME = {"sec-fetch-site": "same-origin"}

#: What a browser would send along from elsewhere, or what a program would make up. The token beside it is right.
FOREIGN = {
    "cross-site": {"sec-fetch-site": "cross-site", **OWN},
    "same-site": {"sec-fetch-site": "same-site", **OWN},
    "typed address": {"sec-fetch-site": "none", **OWN},
    "typed address, foreign origin": {"sec-fetch-site": "none", "origin": "https://evil.example"},
    "two values": {"sec-fetch-site": "same-origin, cross-site"},
    "another case": {"sec-fetch-site": "Same-Origin", "origin": "https://evil.example"},
    "no headers": {},
    "foreign origin": {"origin": "https://evil.example"},
    "opaque origin": {"origin": "null"},
    "another port": {"origin": "http://127.0.0.1:8001"},
    "another scheme": {"origin": "https://127.0.0.1:8000"},
    "a host that begins alike": {"origin": "http://127.0.0.1:8000.evil.example"},
    "referer only": {"referer": f"{BASE_URL}/profile"},
}
OWN_PAGES = {
    "fetch metadata": SAME,
    "fetch metadata and origin": {**SAME, **OWN},
    "origin alone": OWN,
    "localhost": {"origin": "http://localhost:8000"},
    "IPv6 loopback": {"origin": "http://[::1]:8000"},
}


def bare(browser: Browser) -> Browser:
    """The browser without the headers it sends by itself."""
    for name in ("origin", "sec-fetch-site"):
        del browser.headers[name]
    return browser


def post_json(browser: Browser, headers: dict[str, str], token: str | None) -> Any:
    """Make a token as a script of a page would."""
    sent = {**headers, "accept": "application/json", **({} if token is None else {"x-csrf-token": token})}
    return browser.post("/api/v1/tokens", json={"name": "forged"}, headers=sent)


def post_form(browser: Browser, headers: dict[str, str], token: str | None) -> Any:
    """Make a token as the form of a page would."""
    fields = {"name": "forged", "scopes": "read", **({} if token is None else {"csrf_token": token})}
    return browser.post("/profile/tokens", data=fields, headers={**headers, "accept": "text/html"})


@pytest.mark.parametrize("post", [post_json, post_form])
def test_what_comes_from_elsewhere_is_refused_and_on_record(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, post: Any
) -> None:
    """The whole matrix: 403, one event each, and nothing done, though cookie and token are right."""
    browser = bare(fresh_api.browser(fresh_make.owner()))
    outcomes = {}

    for name, headers in FOREIGN.items():
        before = fresh_make.event_count()
        answer = post(browser, headers, browser.csrf)
        events = [(event.action, event.outcome, event.rule) for event in fresh_make.events(since=before)]
        outcomes[name] = (answer.status_code, events)

    refused = (403, [("request.refuse", Outcome.REFUSED, "forged_request")])
    assert outcomes == dict.fromkeys(FOREIGN, refused)
    assert fresh_registry.look("SELECT 1 FROM tokens WHERE name = 'forged'") == []


@pytest.mark.parametrize("post", [post_json, post_form])
@pytest.mark.parametrize("case", ["missing", "empty", "made up", "of another session", "of nobody"])
def test_a_page_without_its_own_token_is_refused_and_on_record(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, post: Any, case: str
) -> None:
    """The right origin is not enough: the token ties the request to this very session."""
    browser = bare(fresh_api.browser(fresh_make.owner()))
    token = {
        "missing": None,
        "empty": "",
        "made up": "0" * 64,
        "of another session": fresh_api.browser(fresh_make.owner()).csrf,
        "of nobody": fresh_api.browser_of("").csrf,
    }[case]
    before = fresh_make.event_count()

    answer = post(browser, {**SAME, **OWN}, token)

    assert answer.status_code == 403
    assert [event.rule for event in fresh_make.events(since=before)] == ["forged_request"]
    assert fresh_registry.look("SELECT 1 FROM tokens WHERE name = 'forged'") == []


@pytest.mark.parametrize("post", [post_json, post_form])
@pytest.mark.parametrize("name", OWN_PAGES)
def test_a_page_of_this_registry_is_served(make: Make, api: Api, post: Any, name: str) -> None:
    """Old browsers send Origin alone, new ones fetch metadata; both work, under every loopback name."""
    browser = bare(api.browser(make.owner()))

    answer = post(browser, OWN_PAGES[name], browser.csrf)

    assert answer.status_code == (201 if post is post_json else 200), answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/tokens/x", "/logout", "/nowhere"])
def test_every_writing_method_is_judged_at_every_address(make: Make, api: Api, method: str, path: str) -> None:
    """The gate stands before the routes: what is refused there never learns whether the address exists."""
    browser = bare(api.browser(make.owner()))

    answer = browser.request(method, path, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/login", "/setup", "/invitations/unknown"])
def test_the_open_forms_are_guarded_too(api: Api, path: str) -> None:
    """Nobody can be signed in to somebody else's account by a page of another site."""
    browser = bare(api.browser_of(""))
    fields = {"email": "a@b.co", "passphrase": "x" * 20, "csrf_token": browser.csrf}

    from_elsewhere = browser.post(path, data=fields, headers={"sec-fetch-site": "cross-site"})
    without_token = browser.post(path, data={**fields, "csrf_token": ""}, headers=SAME)

    assert (from_elsewhere.status_code, without_token.status_code) == (403, 403)


def test_a_form_is_no_way_into_the_api(make: Make, api: Api) -> None:
    """A plain form, which another site could send without asking, does not pass for JSON."""
    browser = api.browser(make.owner())

    answer = browser.post("/api/v1/tokens", data={"csrf_token": browser.csrf, "name": "forged"})

    assert answer.status_code == 403


def test_another_programs_odd_cookie_does_not_lose_the_session(make: Make, api: Api) -> None:
    """Cookies of a host are shared by all its ports; one that is no well-formed cookie must not hide ours."""
    browser = api.browser(make.owner())
    cookie = f'settings={{"a": [1, "b"]}}; =; ;;\x80bad; mk-session={browser.secret}; last="'

    answer = browser.post(
        "/api/v1/tokens",
        json={"name": "kept"},
        headers={b"cookie": cookie.encode("latin-1"), b"x-csrf-token": browser.csrf.encode()},
    )

    assert answer.status_code == 201


def test_other_origins_are_not_told_that_they_may_read(make: Make, api: Api) -> None:
    """CORS is off: no answer carries leave for another origin, and preflights are not answered."""
    client = api.as_(make.owner())
    foreign = {"origin": "https://evil.example", "access-control-request-method": "POST"}

    read = client.get("/api/v1/me", headers=foreign)
    preflight = client.options("/api/v1/models", headers=foreign)

    assert not [name for name in (*read.headers, *preflight.headers) if name.startswith("access-control-")]
    assert preflight.status_code == 405
