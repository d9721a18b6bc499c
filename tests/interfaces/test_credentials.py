"""Tokens and sessions at the door: what each opens, and that it stops opening at once."""

from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.kit import clock
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.registries import Registry


def token_with(api: Api, person: Person, scopes: list[str]) -> str:
    """A token with these scopes, made in the person's browser."""
    answer = api.browser(person).call("POST", "/api/v1/tokens", json={"name": "narrow", "scopes": scopes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_a_token_that_is_sent_makes_cookies_count_for_nothing(make: Make, api: Api) -> None:
    """With Authorization the person is the token's, and a bad token is 401 whatever cookie comes along."""
    one, other = make.owner(), make.owner()
    browser = api.browser(one)

    as_other = browser.get("/api/v1/me", headers={"authorization": f"Bearer {other.token}"})
    as_nobody = browser.get("/api/v1/me", headers={"authorization": "Bearer mk_pat_x"})
    as_basic = browser.get("/api/v1/me", headers={"authorization": "Basic YTpi"})

    assert as_other.json()["email"] == other.email
    assert (as_nobody.status_code, as_basic.status_code) == (401, 401)


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/models", "/api/v1/tokens"])
def test_a_token_without_read_cannot_read(make: Make, api: Api, path: str) -> None:
    """Scopes limit: a token for writing shows nothing."""
    client = api.with_token(token_with(api, make.owner(), ["write"]))

    answer = client.get(path)

    assert answer.status_code == 403
    assert "needs the scope read" in answer.json()["detail"]


def test_a_token_without_write_cannot_write_and_one_without_download_gets_no_link(make: Make, api: Api) -> None:
    """Each scope opens its own acts only."""
    version = make.version()
    make.file(version)
    owner = make.owner_of(version)
    client = api.with_token(token_with(api, owner, ["read"]))
    address = f"/api/v1/models/{version.model}/versions"

    writing = client.post(address, json={"version": "2.0.0"})
    linking = client.post(f"{address}/1.0.0/artifacts/model.safetensors/links", json={})

    assert "needs the scope write" in writing.json()["detail"]
    assert "needs the scope download" in linking.json()["detail"]
    assert client.get(f"{address}/1.0.0").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/tokens", {"name": "more"}),
        ("DELETE", "/api/v1/tokens/0197a000-0000-7000-8000-000000000001", None),
    ],
)
def test_credentials_are_not_managed_with_a_token(
    make: Make, api: Api, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Making or revoking tokens takes a signed-in person; the refusal says so and is on record."""
    person = make.owner()
    before = make.event_count()

    answer = api.as_(person).request(method, path, json=body)

    assert answer.status_code == 403
    assert answer.json()["detail"].endswith("you need to be signed in; a token is not enough.")
    assert [event.outcome for event in make.events(since=before)] == [Outcome.REFUSED]


def test_a_token_never_signs_out(make: Make, api: Api) -> None:
    """The form of a page is no door for a token either."""
    answer = api.as_(make.owner()).post("/logout", data={})

    assert answer.status_code == 403


def test_review_is_in_no_token_by_default(make: Make, api: Api) -> None:
    """An MRC's new token reads, writes and downloads; to decide with it takes a choice."""
    browser = api.browser(make.person(Role.MRC, Role.MODEL_OWNER))

    made = browser.call("POST", "/api/v1/tokens", json={"name": "plain"}).json()

    assert made["scopes"] == ["read", "write", "download"]


def test_a_token_holds_no_more_than_its_person(make: Make, api: Api, registry: Registry) -> None:
    """`/me` with a token lists the acts that its scopes leave."""
    person = make.person(Role.MRC, Role.MODEL_OWNER)

    with_some = api.with_token(token_with(api, person, ["read"])).get("/api/v1/me").json()
    with_all = api.browser(person).call("GET", "/api/v1/me").json()

    assert {"me.read", "model.read"} <= set(with_some["permissions"])
    assert {act.partition(".")[2] for act in with_some["permissions"]} == {"export", "read", "try"}
    assert {"promotion.approve", "model.create", "token.create"} <= set(with_all["permissions"])
    assert (with_some["scopes"], with_all["scopes"]) == (["read"], None)


def test_an_expired_token_opens_nothing(registry: Registry, make: Make, api: Api) -> None:
    """From the moment it expires, 401."""
    person = make.person(Role.MRC)
    yesterday = clock.utc_now() - timedelta(days=1, seconds=1)
    with registry.writing(now=yesterday) as work:
        token = tokens.create_token_by_operator(work, host="test", email=person.email, roles=[Role.MRC], days=1)

    answer = api.with_token(token.secret).get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_revoked_token_opens_nothing(make: Make, api: Api) -> None:
    """The next request after revoking is 401."""
    browser = api.browser(make.owner())
    made = browser.call("POST", "/api/v1/tokens", json={"name": "short-lived"}).json()
    client = api.with_token(made["token"])
    assert client.get("/api/v1/me").status_code == 200

    revoked = browser.call("DELETE", f"/api/v1/tokens/{made['id']}")

    assert (revoked.status_code, client.get("/api/v1/me").status_code) == (204, 401)


@pytest.mark.parametrize("change", ["body", "handle", "checksum", "prefix", "case"])
def test_a_token_that_differs_anywhere_opens_nothing(make: Make, api: Api, change: str) -> None:
    """Not one character of a token is decoration."""
    token = make.owner().token
    flipped = "a" if token[30] != "a" else "b"
    wrong = {
        "body": token[:30] + flipped + token[31:],
        "handle": token[:10] + ("a" if token[10] != "a" else "b") + token[11:],
        "checksum": token[:-1] + ("0" if token[-1] != "0" else "1"),
        "prefix": token.removeprefix("mk_"),
        "case": token.upper(),
    }[change]

    assert api.with_token(wrong).get("/api/v1/me").status_code == 401


def test_an_ended_session_opens_nothing(make: Make, api: Api) -> None:
    """Signing out ends the session on the server; the cookie alone is worth nothing after."""
    browser = api.browser(make.owner())
    again = api.browser_of(browser.secret)
    assert again.call("GET", "/api/v1/me").status_code == 200

    signed_out = browser.submit("/logout")

    assert (signed_out.status_code, again.call("GET", "/api/v1/me").status_code) == (303, 401)


@pytest.mark.parametrize(("hours_ago", "status"), [(0.5, 200), (3, 401), (13, 401)])
def test_a_session_ends_when_idle_and_in_any_case(
    registry: Registry, make: Make, api: Api, hours_ago: float, status: int
) -> None:
    """Two hours without use end it, and twelve hours whatever it did."""
    person = make.owner()
    with registry.writing(now=clock.utc_now() - timedelta(hours=hours_ago)) as work:
        session = sessions.start_session(work, person.actor.user_id or 0, method="link")

    assert api.browser_of(session.secret).call("GET", "/api/v1/me").status_code == status


def test_a_disabled_person_is_out_at_the_next_request(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Token and session alike."""
    person = fresh_make.owner()
    client, browser = fresh_api.as_(person), fresh_api.browser(person)
    assert (client.get("/api/v1/me").status_code, browser.call("GET", "/api/v1/me").status_code) == (200, 200)

    fresh_registry.tamper("UPDATE people SET disabled = :yes WHERE email = :email", yes=True, email=person.email)

    assert (client.get("/api/v1/me").status_code, browser.call("GET", "/api/v1/me").status_code) == (401, 401)


def test_a_role_that_ended_is_gone_at_the_next_request(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Roles are read with every request, never kept in the token."""
    person = fresh_make.person(Role.MODEL_OWNER, Role.MRC)
    client = fresh_api.as_(person)
    assert client.get("/api/v1/me").json()["roles"] == ["MODEL_OWNER", "MRC"]

    fresh_registry.tamper("UPDATE role_grants SET ended_at = granted_at WHERE role = 'MRC'")

    assert client.get("/api/v1/me").json()["roles"] == ["MODEL_OWNER"]


def test_a_page_sends_strangers_to_sign_in_and_back(api: Api) -> None:
    """A page's 401 is the way to the sign-in form, which knows where to go on."""
    answer = api.anonymous.get("/models?q=a%20b", headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fmodels%3Fq%3Da%2520b")
