"""Showing once more who one is: which acts ask for it, and that nothing typed is lost on the way."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import ConfirmNeeded
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import FRESH_FOR_RIGHTS, Role
from tests.features.identity.test_people import of
from tests.support.accounts import PASSPHRASE, fresh_email, make_account
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.problems import refusal
from tests.support.registries import Registry


def stale_browser(registry: Registry, api: Api, *roles: Role) -> Browser:
    """The browser of somebody who signed in half an hour ago."""
    account = make_account(registry, *roles)
    with registry.writing(now=clock.utc_now() - timedelta(minutes=30)) as work:
        person_id = lookups.find_person_id(work, account.email)
        assert person_id is not None
        session = sessions.start_session(work, person_id, method="passphrase")
    return api.browser_of(session.secret)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's own form."""
    form = page[page.index("<main") :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")])
    return {name: html.unescape(value) for name, value in found}


def secret_of(answer: Any) -> str:
    """The session that an answer gives out."""
    return str(answer.headers["set-cookie"].partition("mk-session=")[2].partition(";")[0])


def test_a_form_waits_until_its_person_confirmed_and_then_goes_on(registry: Registry, make: Make, api: Api) -> None:
    """403 with what was typed; a wrong passphrase loses none of it; the right one renews the session and sends it."""
    browser, email = stale_browser(registry, api, Role.ADMIN), fresh_email()
    typed = {"emails": f'Ann <{email}>\nand "<b>" & co', "roles": ["MRC", "SRE"], "passphrase": "never carried"}

    asked = browser.submit("/admin/invitations", typed)
    carried = hidden(asked.text)
    wrong = browser.post("/confirm", data={**carried, "passphrase": "not this one at all"})
    typed_again = hidden(wrong.text) | {"passphrase": PASSPHRASE, "sent.emails": email}
    confirmed = browser.post("/confirm", data={**typed_again, "sent.roles": ["MRC", "SRE"]})
    renewed = api.browser_of(secret_of(confirmed))
    going_on = hidden(confirmed.text)
    sent = renewed.post("/admin/invitations", data={**going_on, "roles": ["MRC", "SRE"]})

    assert asked.status_code == 403
    assert "Confirm that it is you" in words_of(asked.text)
    assert carried["sent.emails"] == typed["emails"]
    assert asked.text.count('name="sent.roles"') == 2
    assert "never carried" not in asked.text
    assert (wrong.status_code, "not your passphrase" in wrong.text) == (401, True)
    assert (confirmed.status_code, going_on["emails"]) == (200, email)
    assert 'action="/admin/invitations"' in confirmed.text
    assert sent.status_code == 200
    assert email in words_of(sent.text)
    assert api.browser_of(browser.secret).get("/profile").headers["location"].startswith("/login")
    with_rule = [(event.outcome, event.rule) for event in make.events(action="session.confirm")][-2:]
    assert with_rule == [(Outcome.REFUSED, "sign_in_failed"), (Outcome.ALLOWED, None)]


def test_too_much_to_carry_is_said(registry: Registry, api: Api) -> None:
    """What is longer than can be carried stays on its own page, and the confirming page says so."""
    browser = stale_browser(registry, api, Role.ADMIN)

    asked = browser.submit("/admin/invitations", {"emails": "x" * 400_000})
    confirmed = browser.post("/confirm", data={**hidden(asked.text), "passphrase": PASSPHRASE})

    assert "too long to be kept" in words_of(asked.text)
    assert "sent." not in asked.text
    assert confirmed.headers["location"] == "/"


def test_a_page_that_asks_for_it_is_gone_on_to(registry: Registry, api: Api) -> None:
    """Confirming leads to the page that was asked for, never to another site."""
    browser = stale_browser(registry, api, Role.ADMIN)
    token = browser.csrf

    away = browser.post("/confirm", data={"csrf_token": token, "next": "https://evil.example", "passphrase": "no no"})
    form = {"csrf_token": token, "next": "/audit?q=x", "passphrase": PASSPHRASE}
    there = browser.post("/confirm", data=form)

    assert 'value="/"' in away.text
    assert "evil.example" not in away.text
    assert (there.status_code, there.headers["location"]) == (303, "/audit?q=x")


def test_a_waiting_form_goes_nowhere_else(registry: Registry, api: Api) -> None:
    """An action of another site becomes the home page, and a form without the session's token is refused."""
    browser = stale_browser(registry, api)

    form = {"csrf_token": browser.csrf, "action": "//evil.example/x", "sent.a": "b", "passphrase": PASSPHRASE}
    sent = browser.post("/confirm", data=form)
    forged = browser.post("/confirm", data={"action": "/logout", "passphrase": PASSPHRASE})

    assert 'action="/"' in sent.text
    assert "evil.example" not in sent.text
    assert forged.status_code == 403


def test_programs_are_told_to_confirm_or_to_send_a_token(registry: Registry, make: Make, api: Api) -> None:
    """403 `confirm_needed` for a session that is not fresh, on each of these; none of it with a token or a new one."""
    browser, person = stale_browser(registry, api, Role.ADMIN, Role.MRC), make.person()
    route = of(api.as_(make.person(Role.ADMIN)), person)

    tried = [
        browser.call("POST", f"{route}/roles", json={"role": "SRE"}),
        browser.call("DELETE", f"{route}/roles/SRE"),
        browser.call("PATCH", route, json={"disabled": True}),
        browser.call("POST", f"{route}/reset"),
        browser.call("POST", "/api/v1/invitations", json={"email": fresh_email()}),
        *(
            browser.call("POST", "/api/v1/tokens", json={"name": "x", "scopes": ["read", scope], "days": 1})
            for scope in ("review", "audit", "admin")
        ),
    ]
    plain = browser.call("POST", "/api/v1/tokens", json={"name": "x"})

    assert {refusal(answer) for answer in tried} == {(403, ConfirmNeeded.code)}
    assert plain.status_code == 201
    assert api.as_(make.person(Role.ADMIN)).post(f"{route}/roles", json={"role": "SRE"}).status_code == 200


def test_pages_say_beforehand_that_they_will_ask(registry: Registry, make: Make, api: Api) -> None:
    """A quiet line where such an act stands; none for a session that is fresh."""
    line = "You will be asked to confirm that it is you."
    stale, fresh = stale_browser(registry, api, Role.ADMIN), api.browser(make.person(Role.ADMIN))
    person = f"/admin/people/{of(api.as_(make.person(Role.ADMIN)), make.person()).rpartition('/')[2]}"

    for path in ("/admin/invitations", person):
        assert line in words_of(stale.get(path).text)
        assert line not in words_of(fresh.get(path).text)
    assert "you will be asked to confirm" in words_of(stale.get("/profile").text)


@pytest.mark.parametrize("minutes", [FRESH_FOR_RIGHTS - 1, FRESH_FOR_RIGHTS + 1])
def test_freshness_ends_after_its_minutes(registry: Registry, make: Make, api: Api, minutes: int) -> None:
    """A quarter of an hour for roles, to the minute."""
    admin = make.person(Role.ADMIN)
    with registry.writing(now=clock.utc_now() - timedelta(minutes=minutes)) as work:
        session = sessions.start_session(work, admin.actor.user_id or 0, method="passphrase")

    answer = api.browser_of(session.secret).call("POST", "/api/v1/invitations", json={"email": fresh_email()})

    assert answer.status_code == (201 if minutes < FRESH_FOR_RIGHTS else 403)


def test_a_passphrase_is_changed_by_whoever_knows_the_present_one(registry: Registry, make: Make, api: Api) -> None:
    """Other browsers end, this one goes on under a new secret; a wrong one or a short new one changes nothing."""
    account = make_account(registry)
    browser = api.browser_of(account.session)
    sign_in = {"email": account.email, "passphrase": PASSPHRASE}
    other = api.browser_of(secret_of(api.browser_of("").submit("/login", sign_in)))
    wanted = "nine slow yellow trams"

    wrong = browser.submit("/profile/passphrase", {"present": "no idea at all, sorry", "passphrase": wanted})
    short = browser.submit("/profile/passphrase", {"present": PASSPHRASE, "passphrase": "short"})
    kept = other.get("/profile").status_code
    changed = browser.submit("/profile/passphrase", {"present": PASSPHRASE, "passphrase": wanted})

    assert (wrong.status_code, "not your passphrase" in wrong.text) == (401, True)
    assert (short.status_code, "At least 15" in short.text or "at least 15" in short.text) == (422, True)
    assert kept == 200
    assert changed.headers["location"] == "/profile?done=passphrase"
    assert other.get("/profile").status_code == 303
    assert api.browser_of(browser.secret).get("/profile").status_code == 303
    assert api.browser_of(secret_of(changed)).get("/profile").status_code == 200
    assert api.browser_of("").submit("/login", sign_in).status_code == 401
    assert api.browser_of("").submit("/login", sign_in | {"passphrase": wanted}).status_code == 303


def test_other_browsers_are_signed_out_at_once(registry: Registry, api: Api) -> None:
    """Every one but this."""
    account = make_account(registry)
    browser = api.browser_of(account.session)
    sign_in = {"email": account.email, "passphrase": PASSPHRASE}
    others = [api.browser_of(secret_of(api.browser_of("").submit("/login", sign_in))) for _ in range(2)]

    answer = browser.submit("/profile/sessions/revoke-others")

    shown = words_of(browser.get("/profile").text)

    assert answer.headers["location"] == "/profile?done=sessions-revoked"
    assert "Another browser" not in shown
    assert [other.get("/profile").status_code for other in others] == [303, 303]
    assert browser.get("/profile").status_code == 200


def test_a_person_knows_their_browsers_by_words(registry: Registry, api: Api) -> None:
    """Which browser on which system, as it said when it signed in, and which of them is this one."""
    account = make_account(registry)
    visitor = api.browser_of("")
    visitor.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    signed_in = visitor.submit("/login", {"email": account.email, "passphrase": PASSPHRASE})

    words = words_of(api.browser_of(secret_of(signed_in)).get("/profile").text)

    assert "Firefox on Linux this browser" in words
    assert "Another browser" in words
