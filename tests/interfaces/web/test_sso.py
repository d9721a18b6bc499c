"""Signing in by a real issuer: accounts, roles, connecting, confirming and signing out."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.identity import secrets
from modelkeep_server.kit import clock
from modelkeep_server.ports import Issuer
from modelkeep_server.rules.permissions import Role
from tests.support import accounts
from tests.support.accounts import fresh_email
from tests.support.bad_issuer import BadIssuer, Manners
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.real_issuer import CLIENT_ID, RealIssuer
from tests.support.registries import BASE_URL, Registry
from tests.support.sso import open_issuer, open_real, with_issuers

ROLES = {
    "Thin Ltd": {"ml-owners": ["MODEL_OWNER"], "review/committee": ["MRC", "AUDITOR"]},
    "Full Ltd": {"ops": ["SRE"]},
}


@dataclass(frozen=True)
class Doors:
    """A registry's doors with two real issuers: `thin` tells groups at its userinfo alone, `full` in the ID token."""

    registry: Registry
    api: Api
    real: dict[str, RealIssuer]
    thin: str
    full: str

    def know(self, slug: str, groups: Sequence[str] = (), email: str | None = None, **more: Any) -> str:
        """Somebody that an issuer knows; gives back their e-mail, which is their subject too."""
        email = email or fresh_email("sso")
        claims = {"email": email, "email_verified": True, "name": "Sol Singleton", "groups": list(groups)}
        self.real[slug].know(email, **{**claims, **more})
        return email

    def go(self, browser: Browser, address: str, subject: str) -> Any:
        """Follow a link to an issuer, sign in there, and come back."""
        gone = browser.get(address)
        assert gone.status_code == 303, gone.text
        return self.come_back(browser, gone.headers["location"], subject)

    def come_back(self, browser: Browser, there: str, subject: str) -> Any:
        """Sign in at the address of an issuer, and come back."""
        assert there.startswith("http://127.0.0.1:"), there
        real = next(real for real in self.real.values() if there.startswith(real.url))
        return browser.get(real.enter(there, subject).removeprefix(BASE_URL))

    def sign_in(self, slug: str, subject: str, query: str = "") -> Browser:
        """A browser in which this person signed in, with the page's token of the new session."""
        browser = self.api.browser_of("")
        answer = self.go(browser, f"/login/{slug}{query}", subject)
        assert "failed" not in answer.headers["location"], answer.headers["location"]
        return self.api.browser_of(browser.cookies["mk-session"])


@pytest.fixture(scope="module")
def doors_of() -> dict[str, Doors]:
    """The doors made so far, by the kind of their database."""
    return {}


@pytest.fixture
def doors(
    registry: Registry,
    real_issuers: tuple[RealIssuer, RealIssuer],
    portal: BlockingPortal,
    doors_of: dict[str, Doors],
) -> Doors:
    """The shared registry with doors that know the real issuers."""
    if registry.kind not in doors_of:
        issuers: dict[str, Issuer] = {}
        real = {}
        for one, name in zip(real_issuers, ("Thin Ltd", "Full Ltd"), strict=True):
            issuer = open_real(one, slug=f"{name[:4].lower()}-{registry.kind}", name=name, roles=ROLES[name])
            issuers[issuer.slug], real[issuer.slug] = issuer, one
        known = with_issuers(registry, issuers)
        doors_of[registry.kind] = Doors(known, Api(known, portal), real, *real)
    return doors_of[registry.kind]


def me(browser: Browser) -> dict[str, Any]:
    """Who the registry says this is."""
    told = browser.get("/api/v1/me").json()
    return {"roles": told["roles"], "sources": {row["role"]: row["source"] for row in told["sources"]}}


def failure(answer: Any) -> str:
    """The fault that a sign-in ended with."""
    return parse_qs(urlsplit(answer.headers["location"]).query)["failed"][0]


def test_roles_are_those_of_the_groups_at_each_sign_in(doors: Doors, make: Make) -> None:
    """
    The first sign-in makes the account with the roles of its groups; a later one follows the groups; what an
    Admin gave stays; the source of each is told.
    """
    email = doors.know(doors.thin, ["ml-owners", "ML-OWNERS ", "root", "other"])
    secret = accounts.invite(doors.registry, email, [Role.SRE])
    first = doors.sign_in(doors.thin, email, f"?invitation={secret}")
    told = me(first)
    newcomer = doors.know(doors.thin, ["ml-owners"])
    events = make.event_count()
    doors.sign_in(doors.thin, newcomer)
    made = make.events(since=events)

    doors.know(doors.thin, ["review/committee"], email)
    events = make.event_count()
    later = me(doors.sign_in(doors.thin, email))

    assert told == {
        "roles": ["MODEL_OWNER", "SRE"],
        "sources": {"MODEL_OWNER": "the group ml-owners at Thin Ltd", "SRE": "an invitation"},
    }
    assert [event.action for event in made] == ["user.create", "identity.link", "role.grant", "session.start"]
    assert {event.auth for event in made} == {f"issuer:{doors.thin}"}
    assert later["roles"] == ["MRC", "SRE", "AUDITOR"]
    assert later["sources"]["MRC"] == "the group review/committee at Thin Ltd"
    assert [event.action for event in make.events(since=events)] == [
        "role.end", "role.grant", "role.grant", "session.start",
    ]  # fmt: skip
    assert me(first) == later


def test_a_new_key_of_the_issuer_is_learned_when_it_is_met(doors: Doors) -> None:
    """Signing in goes on when the issuer has changed its key since its keys were read."""
    real = doors.real[doors.full]
    issuer = open_real(real)
    doors.registry.house.parts.issuers[issuer.slug] = issuer  # type: ignore[index]
    email = doors.know(doors.full)
    doors.sign_in(issuer.slug, email)

    with real.rotated():
        later = doors.sign_in(issuer.slug, email)

    assert later.get("/api/v1/me").json()["email"] == email


def test_signing_out_can_go_on_to_the_issuer(doors: Doors) -> None:
    """Signed out here at once; a link leads to the issuer's own sign-out, once, and it knows us and the way back."""
    email = doors.know(doors.full, ["ops"])
    browser = doors.sign_in(doors.full, email)
    secret = browser.cookies["mk-session"]

    answer = browser.submit("/logout")
    page = browser.get(answer.headers["location"])
    leaving = browser.get(f"/login/{doors.full}/leave")
    again = browser.get(f"/login/{doors.full}/leave")

    assert doors.api.browser_of(secret).get("/profile").headers["location"].startswith("/login")
    assert "Sign out at Full Ltd too" in page.text
    asked = parse_qs(urlsplit(leaving.headers["location"]).query)
    assert leaving.headers["location"].startswith(f"{doors.real[doors.full].url}/session/end?")
    assert asked["client_id"] == [CLIENT_ID]
    assert asked["post_logout_redirect_uri"] == [f"{BASE_URL}/login?done=signed-out"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert again.headers["location"] == "/login?done=signed-out"


def test_an_account_that_is_there_is_never_taken_over_by_its_address(doors: Doors, make: Make) -> None:
    """The same verified e-mail opens no account that is not connected; one event, and words that say what to do."""
    known = accounts.make_account(doors.registry, Role.MODEL_OWNER)
    doors.know(doors.thin, ["ml-owners"], known.email)
    browser = doors.api.browser_of("")
    events = make.event_count()

    answer = doors.go(browser, f"/login/{doors.thin}", known.email)
    page = browser.get(answer.headers["location"])

    assert failure(answer) == "account_exists"
    assert "connect Thin Ltd on your profile page" in page.text
    assert [(event.action, event.rule) for event in make.events(since=events)] == [
        ("session.start", "oidc_account_exists")
    ]
    assert "mk-session" not in browser.cookies


def test_connecting_and_disconnecting_an_account(doors: Doors, make: Make) -> None:
    """
    From the profile, by a form of ours: afterwards the issuer signs that account in, whatever its e-mail there. Nobody
    else can connect the same; the last way in stays.
    """
    known = accounts.make_account(doors.registry)
    there = doors.know(doors.thin, ["ml-owners"])
    browser = doors.api.browser_of(known.session)
    page = browser.submit(f"/profile/identities/{doors.thin}/connect")
    link = re.findall(r'href="(http://127[^"]+)"', page.text)[0].replace("&amp;", "&")
    answer = doors.come_back(browser, link, there)
    signed_in = doors.sign_in(doors.thin, there)
    profile = signed_in.get("/profile").text
    other = doors.api.browser_of(accounts.make_account(doors.registry).session)
    refused_page = other.submit(f"/profile/identities/{doors.thin}/connect")
    refused_link = re.findall(r'href="(http://127[^"]+)"', refused_page.text)[0].replace("&amp;", "&")
    events = make.event_count()

    refused = doors.come_back(other, refused_link, there)

    assert answer.headers["location"] == "/profile?done=connected"
    assert known.email in profile
    assert [event.rule for event in make.events(since=events)] == ["oidc_identity_taken"]
    assert (refused.status_code, "somebody else&#39;s account" in refused.text) == (403, True)
    identity = re.findall(r"/profile/identities/([0-9a-f-]{36})/disconnect", profile)[0]
    assert other.submit(f"/profile/identities/{identity}/disconnect").status_code == 404
    assert signed_in.submit(f"/profile/identities/{identity}/disconnect").status_code == 303
    assert doors.sign_in(doors.thin, there).get("/api/v1/me").json()["email"] == there
    only = doors.sign_in(doors.full, doors.know(doors.full))
    assert "your only way" in only.get("/profile").text
    (mine,) = doors.registry.look(
        "SELECT public_id FROM identities WHERE person_id = (SELECT max(person_id) FROM identities)"
    )
    assert only.submit(f"/profile/identities/{mine[0]}/disconnect").status_code == 409


def test_an_invitation_is_accepted_by_an_issuer_for_its_own_address_only(doors: Doors, make: Make) -> None:
    """The roles of the invitation and those of the groups; another address is refused and leaves the link open."""
    email = doors.know(doors.thin, ["ml-owners"])
    secret = accounts.invite(doors.registry, email, [Role.SRE])
    stranger = doors.know(doors.thin)
    page = doors.api.browser_of("").get(f"/invitations/{secret}")

    refused = doors.go(doors.api.browser_of(""), f"/login/{doors.thin}?invitation={secret}", stranger)
    told = me(doors.sign_in(doors.thin, email, f"?invitation={secret}"))
    used = doors.go(doors.api.browser_of(""), f"/login/{doors.thin}?invitation={secret}", stranger)

    assert f"/login/{doors.thin}?invitation={secret}" in page.text
    assert (failure(refused), failure(used)) == ("invitation_of_another", "invitation_gone")
    assert told["roles"] == ["MODEL_OWNER", "SRE"]
    assert told["sources"]["SRE"] == "an invitation"


def test_a_one_time_link_connects_an_account_that_is_there(doors: Doors) -> None:
    """A link for somebody who has an account lets the issuer sign them in from then on."""
    known = accounts.make_account(doors.registry, Role.MRC)
    secret = accounts.invite(doors.registry, known.email)
    doors.know(doors.full, [], known.email)

    first = doors.sign_in(doors.full, known.email, f"?invitation={secret}")
    later = doors.sign_in(doors.full, known.email)

    assert me(first)["roles"] == me(later)["roles"] == ["MRC"]


def test_confirming_by_the_issuer_makes_the_session_fresh(doors: Doors, make: Make) -> None:
    """
    The issuer asks anew; then what needs a fresh session works, with an event and under a new secret. Another person
    confirms nothing.
    """
    email = doors.know(doors.thin)
    browser = doors.sign_in(doors.thin, email)
    doors.registry.tamper(
        "UPDATE sessions SET authenticated_at = :old WHERE secret_hash = :hashed",
        old=clock.to_us(clock.utc_now() - timedelta(hours=2)),
        hashed=secrets.hash_secret(browser.cookies["mk-session"]),
    )
    secret = browser.cookies["mk-session"]
    stale = browser.submit(f"/profile/identities/{doors.full}/connect")
    gone = browser.get(f"/login/{doors.thin}/confirm?next=/profile")
    wrong = doors.come_back(browser, gone.headers["location"], doors.know(doors.thin))
    events = make.event_count()

    answer = doors.go(browser, f"/login/{doors.thin}/confirm?next=/profile", email)

    assert parse_qs(urlsplit(gone.headers["location"]).query)["prompt"] == ["login"]
    assert (stale.status_code, wrong.status_code) == (403, 403)
    assert answer.headers["location"] == "/profile"
    assert [(event.action, event.outcome) for event in make.events(since=events)] == [("session.confirm", "ALLOWED")]
    renewed = doors.api.browser_of(answer.cookies["mk-session"])
    assert renewed.submit(f"/profile/identities/{doors.full}/connect").status_code == 200
    assert doors.api.browser_of(secret).get("/profile").status_code == 303


def test_an_issuer_that_does_not_ask_anew_confirms_nothing(
    registry: Registry, make: Make, bad_issuer: BadIssuer, portal: BlockingPortal
) -> None:
    """Without `auth_time`, or with an old one, the session stays as it is, and the refusal is on record."""
    issuers: dict[str, Issuer] = {}
    known = with_issuers(registry, issuers)
    api = Api(known, portal)
    bad_issuer.manners, bad_issuer.subject, bad_issuer.email = Manners(), fresh_email("sub"), fresh_email()
    issuer = open_issuer(bad_issuer.url)
    issuers[issuer.slug] = issuer
    browser = api.browser_of("")
    gone = browser.get(f"/login/{issuer.slug}")
    browser.get(f"/login/{issuer.slug}/callback", params=bad_issuer.authorize(gone.headers["location"]))
    rules = []

    for changes in ({"auth_time": None}, {"auth_time": 1_700_000_000}, {"auth_time": "now"}):
        bad_issuer.manners = Manners(
            claims=lambda c, changes=changes: {k: v for k, v in {**c, **changes}.items() if v is not None}
        )
        gone = browser.get(f"/login/{issuer.slug}/confirm")
        events = make.event_count()
        answer = browser.get(f"/login/{issuer.slug}/callback", params=bad_issuer.authorize(gone.headers["location"]))
        assert answer.status_code == 403
        rules += [(event.action, event.rule) for event in make.events(since=events)]

    assert rules == [
        ("session.confirm", "oidc_not_shown_anew"),
        ("session.confirm", "oidc_not_shown_anew"),
        ("session.confirm", "oidc_malformed_token"),
    ]


def test_a_disabled_person_is_not_signed_in(doors: Doors, make: Make) -> None:
    """Also by an issuer that vouches for them; the page says so and whom to ask."""
    email = doors.know(doors.thin)
    route = f"/api/v1/users/{doors.sign_in(doors.thin, email).get('/api/v1/me').json()['id']}"
    assert doors.api.as_(make.person(Role.ADMIN)).patch(route, json={"disabled": True}).status_code == 200
    browser = doors.api.browser_of("")
    events = make.event_count()

    answer = doors.go(browser, f"/login/{doors.thin}", email)

    assert failure(answer) == "account_disabled"
    assert [event.rule for event in make.events(since=events)] == ["oidc_account_disabled"]


def test_two_first_sign_ins_at_once_make_one_account(doors: Doors) -> None:
    """Somebody who presses the button in two tabs has one account, and both tabs are signed in."""
    email = doors.know(doors.thin, ["ml-owners"])
    browsers = [doors.api.browser_of("") for _ in range(2)]
    backs = [
        doors.real[doors.thin].enter(browser.get(f"/login/{doors.thin}").headers["location"], email)
        for browser in browsers
    ]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda b, back: b.get(back.removeprefix(BASE_URL)), browsers, backs))

    assert [answer.headers["location"] for answer in answers] == ["/", "/"]
    assert doors.registry.look("SELECT count(*) FROM people WHERE email = :email", email=email)[0][0] == 1
    assert [me(doors.api.browser_of(b.cookies["mk-session"]))["roles"] for b in browsers] == [["MODEL_OWNER"]] * 2


def test_passphrases_can_be_switched_off(doors: Doors, registry: Registry, portal: BlockingPortal) -> None:
    """No form, and no way around it: neither signing in nor accepting by a passphrase."""
    known = with_issuers(registry, doors.registry.house.parts.issuers, local_accounts=False)
    api = Api(known, portal)
    member = accounts.make_account(registry)
    secret = accounts.invite(registry)
    stranger = api.browser_of("")

    page = stranger.get("/login").text
    answer = stranger.submit("/login", {"email": member.email, "passphrase": accounts.PASSPHRASE})
    invited = stranger.get(f"/invitations/{secret}").text
    accepted = stranger.submit(f"/invitations/{secret}", {"name": "A", "passphrase": accounts.PASSPHRASE})

    assert 'name="passphrase"' not in page + invited
    assert "Continue with Thin Ltd" in page
    assert (answer.status_code, accepted.status_code) == (401, 401)
    assert "mk-session" not in stranger.cookies
