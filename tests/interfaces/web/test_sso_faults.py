"""An issuer that misbehaves: each fault is refused with one event, and nobody gets an account or a session."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.adapters.sso.openid import OpenIdIssuer, Registration
from modelkeep_server.app import build_app
from modelkeep_server.features.identity.issuers.faults import FAULTS
from modelkeep_server.ports import Issuer
from tests.support.accounts import fresh_email
from tests.support.bad_issuer import BadIssuer, Manners, key_of
from tests.support.clients import Api, Client
from tests.support.door import the_loop
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.sso import open_issuer, with_issuers

FUTURE = 4_000_000_000
PUBLIC_KEY = key_of("other").as_dict(private=False)


def says(**claims: Any) -> Manners:
    """An ID token with these claims; None leaves one out."""
    return Manners(claims=lambda c: {k: v for k, v in {**c, **claims}.items() if v is not None})


def signs(**header: Any) -> Manners:
    """An ID token with these headers."""
    return Manners(header=lambda h: {**h, **header})


def returns(**query: Any) -> Manners:
    """People sent back with these parameters; None leaves one out."""
    return Manners(answer=lambda q: {k: v for k, v in {**q, **query}.items() if v is not None})


def publishes(**facts: Any) -> Manners:
    """A discovery document that says this."""
    return Manners(discovery=lambda d: {**d, **facts})


IN_THE_TOKEN = {
    "another issuer": (says(iss="https://evil.example"), "wrong_issuer"),
    "an issuer that only begins alike": (Manners(claims=lambda c: {**c, "iss": c["iss"] + "/"}), "wrong_issuer"),
    "another audience": (says(aud="other-client"), "wrong_audience"),
    "an audience that is no string": (says(aud={"modelkeep": True}), "wrong_audience"),
    "an audience that holds ours": (says(aud="not-modelkeep"), "wrong_audience"),
    "two audiences and no azp": (says(aud=["modelkeep", "other-client"]), "wrong_party"),
    "another azp": (says(azp="other-client"), "wrong_party"),
    "alg none": (signs(alg="none"), "algorithm_refused"),
    "alg NONE": (signs(alg="NONE"), "algorithm_refused"),
    "the public key as a shared secret": (signs(alg="HS256"), "algorithm_refused"),
    "an algorithm of another length": (signs(alg="RS512"), "algorithm_refused"),
    "an unknown key": (Manners(header=lambda h: {**h, "kid": "other"}, key="other"), "unknown_key"),
    "an embedded key": (Manners(header=lambda h: {**h, "jwk": PUBLIC_KEY}, key="other"), "embedded_key"),
    "the address of a key": (Manners(header=lambda h: {**h, "jku": "https://evil.example"}), "embedded_key"),
    "another key under our kid": (Manners(key="other"), "bad_signature"),
    "claims changed after signing": (
        Manners(token=lambda t: ".".join([t.split(".")[0], t.split(".")[1][:-4] + "AAAA", t.split(".")[2]])),
        "bad_signature",
    ),
    "a token of another purpose": (signs(typ="logout+jwt"), "malformed_token"),
    "a token in five parts": (Manners(token=lambda t: t + ".."), "malformed_token"),
    "no JSON in the header": (Manners(token=lambda t: "e30x." + t.split(".", 1)[1]), "malformed_token"),
    "expired": (says(exp=1_700_000_000), "expired"),
    "no end": (says(exp=None), "malformed_token"),
    "an end that is text": (says(exp="4000000000"), "malformed_token"),
    "an end beyond numbers": (says(exp=float("inf")), "malformed_token"),
    "issued in the future": (says(iat=FUTURE, exp=FUTURE + 60), "issued_in_future"),
    "not yet valid": (says(nbf=FUTURE), "not_yet_valid"),
    "no nonce": (says(nonce=None), "wrong_nonce"),
    "another nonce": (says(nonce="x" * 43), "wrong_nonce"),
    "no subject": (says(sub=None), "bad_subject"),
    "a subject that is a number": (says(sub=42), "bad_subject"),
    "an overlong subject": (says(sub="s" * 256), "bad_subject"),
    "a subject with a line break": (says(sub="some\none"), "bad_subject"),
    "another access token": (says(at_hash=base64.urlsafe_b64encode(b"x" * 16).decode()), "wrong_access_token"),
    "no e-mail": (says(email=None), "email_missing"),
    "an e-mail with a display name": (says(email="A <a@example.com>"), "email_missing"),
    "an e-mail not verified": (says(email_verified=False), "email_unverified"),
    "a verified that is text": (says(email_verified="true"), "email_unverified"),
    "a verified that is a number": (says(email_verified=1), "email_unverified"),
    "nothing about verified": (says(email_verified=None), "email_unverified"),
}
ON_THE_WAY = {
    "another iss": (returns(iss="https://evil.example"), "wrong_response_issuer"),
    "no iss although promised": (returns(iss=None), "wrong_response_issuer"),
    "no code": (returns(code=None), "no_code"),
    "a code with control characters": (returns(code="a\x07b"), "no_code"),
    "a person who says no": (returns(code=None, error="access_denied"), "access_denied"),
    "an error with words of its own": (returns(code=None, error="<b>call 0-800-HELP</b>"), "issuer_error"),
    "an error under another iss": (returns(error="access_denied", iss="https://evil.example"), "wrong_response_issuer"),
    "no known state": (returns(state="x" * 43), "unknown_attempt"),
    "no state": (returns(state=None), "unknown_attempt"),
    "two codes": (returns(code=["a", "b"]), "malformed_query"),
    "a redirect of the token endpoint": (Manners(status=302, location="https://evil.example/t"), "redirected"),
    "an answer without end": (Manners(raw=b'{"a": "' + b"x" * 600_000 + b'"}'), "too_large"),
    "an answer that is no JSON": (Manners(raw=b"<html>"), "malformed_answer"),
    "an answer that is a list": (Manners(raw=b"[]"), "malformed_answer"),
    "an answer nested too deep": (Manners(raw=b"[" * 100_000), "malformed_answer"),
    "a fault of its own": (Manners(status=500), "down"),
    "no ID token": (Manners(tokens=lambda t: {**t, "id_token": None}), "no_id_token"),
    "a client it does not know": (Manners(status=401, tokens=lambda t: {"error": "invalid_client"}), "client_refused"),
    "userinfo of another": (
        Manners(claims=lambda c: {k: v for k, v in c.items() if k != "name"}, userinfo=lambda u: {"sub": "other"}),
        "wrong_userinfo",
    ),
    "userinfo that verifies another e-mail": (
        Manners(
            claims=lambda c: {k: v for k, v in c.items() if k not in ("email_verified", "name")},
            userinfo=lambda u: {**u, "email": "mine@evil.example", "email_verified": True},
        ),
        "email_unverified",
    ),
}
BEFORE_LEAVING = {
    "another issuer in discovery": (publishes(issuer="https://evil.example"), "wrong_discovery"),
    "keys over plain http": (publishes(jwks_uri="http://evil.example/keys"), "unsafe_address"),
    "an address with a password": (publishes(token_endpoint="https://a:b@evil.example/t"), "unsafe_address"),
    "an address that is none": (publishes(authorization_endpoint=["x"]), "unsafe_address"),
}


@dataclass(frozen=True)
class Doors:
    """A registry's doors, the issuers it knows (any may be added), and the one that misbehaves."""

    registry: Registry
    issuers: dict[str, Issuer]
    bad: BadIssuer
    api: Api

    def add(self, manners: Manners, **changes: Any) -> str:
        """The slug of an issuer, known as if for the first time, that has these manners."""
        self.bad.manners = manners
        self.bad.subject, self.bad.email = fresh_email("sub"), fresh_email()
        issuer = open_issuer(self.bad.url, **changes)
        self.issuers[issuer.slug] = issuer
        return issuer.slug

    def leave(self, browser: Client, slug: str) -> dict[str, Any]:
        """Press the button, sign in there, and give back the query that one is sent back with."""
        gone = browser.get(f"/login/{slug}")
        assert gone.headers["location"].startswith(self.bad.url), gone.headers["location"]
        return self.bad.authorize(gone.headers["location"])

    def count(self) -> tuple[int, ...]:
        """How many people, identities, roles and sessions there are."""
        tables = ("people", "identities", "role_grants", "sessions")
        return tuple(self.registry.look(f"SELECT count(*) FROM {table}")[0][0] for table in tables)


@pytest.fixture(scope="module")
def doors_of() -> dict[str, Doors]:
    """The doors made so far, by the kind of their database."""
    return {}


@pytest.fixture
def doors(registry: Registry, bad_issuer: BadIssuer, portal: BlockingPortal, doors_of: dict[str, Doors]) -> Doors:
    """The shared registry with doors that know issuers."""
    if registry.kind not in doors_of:
        issuers: dict[str, Issuer] = {}
        known = with_issuers(registry, issuers)
        doors_of[registry.kind] = Doors(known, issuers, bad_issuer, Api(known, portal))
    return doors_of[registry.kind]


def assert_refused(answer: Any, slug: str, fault: str) -> None:
    """Back at the sign-in page with the reason, and without a session."""
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    told = parse_qs(target.query)
    assert (target.path, told["failed"], told["at"]) == ("/login", [fault], [slug])
    assert "session" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("name", [*IN_THE_TOKEN, *ON_THE_WAY])
def test_an_issuer_that_misbehaves_signs_nobody_in(doors: Doors, make: Make, name: str) -> None:
    """Each fault: one event that names it, no account, no identity, no session; the page says why."""
    manners, fault = {**IN_THE_TOKEN, **ON_THE_WAY}[name]
    slug, browser = doors.add(manners), doors.api.anonymous
    query = doors.leave(browser, slug)
    make.event_count()
    before, events = doors.count(), make.event_count()

    answer = browser.get(f"/login/{slug}/callback", params=query)

    assert_refused(answer, slug, fault)
    assert doors.count() == before
    (event,) = make.events(since=events)
    assert (event.action, event.outcome, event.rule) == ("session.start", "REFUSED", f"oidc_{fault}")
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert "0-800-HELP" not in page.text
    assert "evil" not in page.text


@pytest.mark.parametrize("name", list(BEFORE_LEAVING))
def test_an_issuer_that_describes_itself_wrongly_is_never_visited(doors: Doors, make: Make, name: str) -> None:
    """The button leads back to the sign-in page with the reason, and one event says so."""
    manners, fault = BEFORE_LEAVING[name]
    slug = doors.add(manners)
    events = make.event_count()

    answer = doors.api.anonymous.get(f"/login/{slug}")

    assert_refused(answer, slug, fault)
    (event,) = make.events(since=events)
    assert (event.action, event.rule) == ("session.start", f"oidc_{fault}")


def test_what_belongs_to_one_attempt_opens_no_other(doors: Doors, make: Make) -> None:
    """A way back that is used twice, brought by another browser, swapped with another's, or another issuer's."""
    manners = Manners(checks_pkce=False)
    slug, browser, other = doors.add(manners), doors.api.anonymous, doors.api.anonymous
    first, second = doors.leave(browser, slug), doors.leave(browser, slug)
    spare, stolen = doors.leave(browser, slug), doors.leave(browser, slug)
    third = doors.leave(browser, slug)
    doors.leave(other, slug)
    second_slug = doors.add(manners)
    there = doors.leave(browser, second_slug)
    doors.bad.subject, doors.bad.email = fresh_email("sub"), fresh_email()
    told: dict[str, str] = {}

    def bring(who: Client, where: str, query: Mapping[str, Any], what: str) -> None:
        before, events = doors.count(), make.event_count()
        answer = who.get(f"/login/{where}/callback", params=query)
        told[what] = parse_qs(urlsplit(answer.headers["location"]).query).get("failed", [""])[0]
        assert doors.count() == before, what
        assert len(make.events(since=events)) == 1, what

    bring(browser, slug, {**first, "code": second["code"]}, "the code of another attempt")
    bring(browser, slug, first, "a state used once")
    bring(browser, slug, {**second, "code": first["code"]}, "another's code, the nonce swapped")
    bring(other, slug, stolen, "another browser")
    bring(browser, slug, stolen, "after another browser tried")
    bring(doors.api.anonymous, slug, third, "a browser without the cookie")
    bring(browser, slug, there, "another issuer's way back")
    bring(browser, second_slug, there, "and then its own")
    signed_in = browser.get(f"/login/{slug}/callback", params=spare)
    bring(doors.api.anonymous, slug, spare, "replayed after it signed in")

    assert signed_in.headers["location"] == "/"
    assert told == {
        "the code of another attempt": "wrong_nonce",
        "a state used once": "unknown_attempt",
        "another's code, the nonce swapped": "wrong_nonce",
        "another browser": "other_browser",
        "after another browser tried": "unknown_attempt",
        "a browser without the cookie": "other_browser",
        "another issuer's way back": "other_issuer",
        "and then its own": "unknown_attempt",
        "replayed after it signed in": "unknown_attempt",
    }


def test_what_is_kept_for_signing_out_is_no_way_in(doors: Doors, make: Make) -> None:
    """A stranger who names a session as their state takes nothing from it, and is told that nothing is known."""
    slug, browser = doors.add(Manners()), doors.api.anonymous
    signed_in = browser.get(f"/login/{slug}/callback", params=doors.leave(browser, slug))
    key = doors.registry.look("SELECT max(id) FROM sessions")[0][0]

    answer = doors.api.anonymous.get(f"/login/{slug}/callback", params={"state": f"session {key}"})

    assert_refused(answer, slug, "unknown_attempt")
    left = doors.api.browser_of(signed_in.cookies["mk-session"]).submit("/logout")
    assert left.headers["location"] == f"/login/{slug}/sign-out"


def test_an_issuer_elsewhere_names_no_place_on_this_machine(bad_issuer: BadIssuer) -> None:
    """Plain http on loopback is for issuers that are there themselves."""
    elsewhere = OpenIdIssuer(Registration("https://issuer.example", "modelkeep", None, "openid", None, None))
    here = OpenIdIssuer(Registration(bad_issuer.url, "modelkeep", None, "openid", None, None))
    place = f"{bad_issuer.url}/token"

    assert [issuer._is_safe(place) for issuer in (elsewhere, here)] == [False, True]


def test_a_code_is_bound_to_its_browser_by_pkce(doors: Doors) -> None:
    """An issuer that keeps to RFC 7636 refuses a code with the verifier of another attempt, and one used twice."""
    slug, browser = doors.add(Manners()), doors.api.anonymous
    first, second = doors.leave(browser, slug), doors.leave(browser, slug)

    answer = browser.get(f"/login/{slug}/callback", params={**first, "code": second["code"]})
    again = browser.get(f"/login/{slug}/callback", params={**second, "code": second["code"]})

    assert_refused(answer, slug, "token_refused")
    assert_refused(again, slug, "token_refused")


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d\n/evil", "javascript:alert(1)", "\t/x"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(doors: Doors, wanted: str) -> None:
    """What `next` says leads to a page of this registry or to the home page."""
    slug, browser = doors.add(Manners()), doors.api.anonymous
    gone = browser.get(f"/login/{slug}", params={"next": wanted})
    query = doors.bad.authorize(gone.headers["location"])

    answer = browser.get(f"/login/{slug}/callback", params=query)

    assert answer.headers["location"] == "/"


def test_an_issuer_that_is_down_or_slow_stops_nobody_else(doors: Doors, make: Make, monkeypatch: Any) -> None:
    """The sign-in page opens, its button says in words what is wrong, and who is signed in goes on untouched."""
    monkeypatch.setattr("modelkeep_server.adapters.sso.fetching.TIMEOUT_SECONDS", 0.3)
    down, slow = open_issuer("http://127.0.0.1:9"), doors.add(Manners(delay_seconds=0.6))
    doors.issuers[down.slug] = down
    inside = doors.api.browser(make.person())
    stranger = doors.api.anonymous

    answers = {slug: stranger.get(f"/login/{slug}") for slug in (down.slug, slow, down.slug)}
    page = stranger.get(answers[slow].headers["location"])

    for slug, answer in answers.items():
        assert_refused(answer, slug, "down")
    assert "does not answer right now" in page.text
    assert stranger.get("/login").status_code == 200
    assert inside.get("/").status_code == 200


def test_leaving_and_coming_back_are_counted(doors: Doors) -> None:
    """From one address only so often in five minutes, each by itself; then 429 says how long to wait."""
    parts = doors.registry.house.parts
    few = replace(parts, limits=replace(parts.limits, sign_in_tries=1))
    strict = replace(doors.registry, house=replace(doors.registry.house, parts=few))
    browser = Api(replace(strict, app=build_app(strict.house)), the_loop()).anonymous
    slug = doors.add(Manners())

    for path in (f"/login/{slug}", f"/login/{slug}/callback?state=x"):
        answers = [browser.get(path) for _ in range(11)]

        assert answers[-1].status_code == 429
        assert 0 < int(answers[-1].headers["retry-after"]) <= 300
        assert "location" not in answers[-1].headers


def test_every_fault_has_words() -> None:
    """Two sentences each, that name nothing but the issuer."""
    for words in FAULTS.values():
        for sentence in (words.what, words.remedy):
            assert sentence.endswith((".", "}."))
            assert sentence.replace("{name}", "").replace("{code}", "").count("{") == 0
    assert {fault for _, fault in {**IN_THE_TOKEN, **ON_THE_WAY, **BEFORE_LEAVING}.values()} <= FAULTS.keys()
