"""Signing in with e-mail and passphrase, and the sessions that follow."""

import re
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from argon2 import PasswordHasher

from modelkeep_server.features.identity import secrets
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import DEAR, PASSPHRASE, Account, fresh_email, make_account
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.registries import Registries, Registry


@pytest.fixture
def account(registry: Registry) -> Account:
    """Somebody with a passphrase."""
    return make_account(registry, Role.MODEL_OWNER)


def sign_in(api: Api, email: str, passphrase: str = PASSPHRASE, next: str = "/") -> Any:  # noqa: A002 - the form's name
    """Send the sign-in form."""
    return api.browser_of("").submit("/login", {"email": email, "passphrase": passphrase, "next": next})


def session_in(answer: Any) -> str:
    """The secret in the cookie that an answer sets."""
    found = re.search(r"mk-session=([^;]+)", answer.headers.get("set-cookie", ""))
    assert found is not None
    return found[1]


def test_the_right_passphrase_signs_in(api: Api, account: Account, make: Make) -> None:
    """The cookie cannot be read by scripts and is not sent by other sites; the sign-in is one event."""
    before = make.event_count()

    answer = sign_in(api, account.email)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "path=/", "samesite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert api.browser_of(session_in(answer)).call("GET", "/api/v1/me").json()["email"] == account.email
    (event,) = make.events(since=before)
    assert (event.action, event.outcome, event.auth) == ("session.start", Outcome.ALLOWED, "passphrase")
    assert event.actor.email == account.email


def test_an_address_is_the_same_in_any_case(api: Api, account: Account) -> None:
    """People do not remember how they wrote it."""
    assert sign_in(api, f" {account.email.upper()} ").status_code == 303


def test_a_wrong_passphrase_and_an_unknown_person_look_the_same(
    registry: Registry, make: Make, api: Api, account: Account
) -> None:
    """Nobody learns from the answer who has an account here; each try is one event."""
    without_passphrase = make.owner()
    pages, events = [], []

    for email, passphrase in (
        (account.email, "wrong but long enough"),
        (fresh_email("nobody"), PASSPHRASE),
        (without_passphrase.email, PASSPHRASE),
        (account.email, ""),
    ):
        before = make.event_count()
        answer = sign_in(api, email, passphrase)
        told = answer.text.replace(email, "").replace(answer.headers["x-request-id"], "")
        pages.append((answer.status_code, told, "set-cookie" in answer.headers))
        events.append([(event.action, event.outcome, event.rule) for event in make.events(since=before)])

    assert pages[0][0] == 401
    assert "is not right" in pages[0][1]
    assert pages == [pages[0]] * 4
    assert events == [[("session.start", Outcome.REFUSED, "sign_in_failed")]] * 4


def test_passphrases_are_kept_as_argon2id_hashes(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cost that OWASP asks for; the passphrase itself is nowhere."""
    monkeypatch.setattr(secrets, "_hasher", DEAR)
    account = make_account(registry)

    (row,) = registry.look("SELECT passphrase_hash FROM people WHERE email = :email", email=account.email)

    assert row.passphrase_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PasswordHasher().verify(row.passphrase_hash, PASSPHRASE)
    assert PASSPHRASE not in str(registry.look("SELECT * FROM people"))


def test_nobody_signs_in_where_there_is_no_hash() -> None:
    """A person without a passphrase has none that fits, not even the empty one."""
    assert not secrets.passphrase_fits(None, "")
    assert not secrets.passphrase_fits(None, PASSPHRASE)
    assert not secrets.passphrase_fits("not a hash", PASSPHRASE)


def test_too_many_tries_have_to_wait(registries: Registries, portal: BlockingPortal, tmp_path: Path, kind: str) -> None:
    """429 with Retry-After, for the right passphrase too, and not for ever: the window is five minutes."""
    with registries.template(kind).copied(tmp_path / "limited", {"sign_in_tries": 3}) as registry:
        api = Api(registry, portal)
        account = make_account(registry, Role.MRC)

        # A window may end between two tries, so up to two windows of three tries pass first.
        answers = [sign_in(api, account.email, "wrong but long enough") for _ in range(7)]
        right = sign_in(api, account.email)

    limited = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert 1 <= int(limited[0].headers["retry-after"]) <= 300
    assert right.status_code in (429, 303)


def test_tries_are_counted_by_address_and_by_person(
    registries: Registries, portal: BlockingPortal, tmp_path: Path
) -> None:
    """Going through many people from one place is limited as well, with ten times the room."""
    with registries.template("sqlite").copied(tmp_path / "limited", {"sign_in_tries": 1}) as registry:
        api = Api(registry, portal)

        statuses = {sign_in(api, fresh_email()).status_code for _ in range(21)}

    assert statuses == {401, 429}


def test_signing_in_makes_a_new_session_id(registry: Registry, api: Api, account: Account) -> None:
    """A cookie planted before, or a session from before, is never the one after (session fixation)."""
    planted = api.browser_of("planted-by-somebody-else")
    from_before = api.browser_of(account.session)
    fields = {"email": account.email, "passphrase": PASSPHRASE}

    after_planted = session_in(planted.submit("/login", fields))
    after_session = session_in(from_before.submit("/login", fields))

    assert len({"planted-by-somebody-else", account.session, after_planted, after_session}) == 4
    assert api.browser_of("planted-by-somebody-else").call("GET", "/api/v1/me").status_code == 401


def test_sessions_are_kept_hashed(registry: Registry, api: Api, account: Account) -> None:
    """Whoever reads the database cannot take a session over."""
    secret = session_in(sign_in(api, account.email))

    assert secret not in str(registry.look("SELECT * FROM sessions"))
    assert len(secret) >= 43


def revoke_path(browser: Browser, which: int) -> str:
    """The address of one of the sign-out buttons on the profile page."""
    return re.findall(r'action="(/profile/sessions/[^"]+/revoke)"', browser.get("/profile").text)[which]


def test_sessions_are_listed_and_one_can_be_revoked(registry: Registry, make: Make, api: Api, account: Account) -> None:
    """The profile shows each signed-in browser; revoking one ends that one at once, as an event."""
    here = api.browser_of(account.session)
    elsewhere = api.browser_of(session_in(sign_in(api, account.email)))
    page = here.get("/profile").text
    before = make.event_count()

    revoked = here.submit(revoke_path(here, 0))

    assert ("This browser" in page, "Another browser" in page) == (True, True)
    assert revoked.status_code == 303
    assert elsewhere.call("GET", "/api/v1/me").status_code == 401
    assert here.call("GET", "/api/v1/me").status_code == 200
    assert [event.action for event in make.events(since=before)] == ["session.end"]


def test_nobody_ends_another_persons_session(registry: Registry, make: Make, api: Api, account: Account) -> None:
    """It is not found, and goes on."""
    browser = api.browser_of(account.session)
    path = revoke_path(browser, 0)

    answer = api.browser(make.person(*Role)).submit(path)

    assert (answer.status_code, browser.call("GET", "/api/v1/me").status_code) == (404, 200)


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/models?q=a", "/models?q=a"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_after_signing_in_one_stays_in_this_registry(api: Api, account: Account, wanted: str, location: str) -> None:
    """The address to go on to cannot lead elsewhere."""
    assert sign_in(api, account.email, next=wanted).headers["location"] == location
