"""The pages of service accounts: a sponsor keeps them by forms, everyone reads them."""

import re
from typing import Any

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Browser
from tests.support.make import Make

SCOPES = ["read", "write", "download"]


def make_account(browser: Browser, make: Make, at: str = "/service-accounts", **fields: Any) -> str:
    """The page of a service account made by the form."""
    made = browser.submit(at, {"name": make.group(), "purpose": "Uploads at night.", "scopes": SCOPES, **fields})
    assert made.status_code == 303, made.text
    return str(made.headers["location"].partition("?")[0])


def base_of(page: str) -> dict[str, str]:
    """The revision and the prints that an editing form carries."""
    return dict(re.findall(r'<input type="hidden" name="(revision|base\.[a-zA-Z]+)" value="([^"]*)">', page))


def test_a_model_owner_keeps_a_service_account_by_forms(make: Make, api: Api) -> None:
    """Made, a token shown once as a line to paste, scopes narrowed, the token revoked, the account ended."""
    owner = make.owner()
    browser = api.browser(owner)

    page = make_account(browser, make)
    made = browser.submit(f"{page}/tokens", {"tokenName": "ci", "days": "7", "tokenScopes": ["read", "write"]})

    (secret,) = re.findall(r"export MODELKEEP_TOKEN=(mk_pat_\w+)", made.text)[:1]
    program = api.with_token(secret)
    assert program.get("/api/v1/me").json()["sponsor"] == owner.email
    shown = browser.get(page).text
    assert "mk_pat_" not in shown
    saved = browser.submit(page, {**base_of(shown), "purpose": "Reads.", "sponsor": owner.email, "scopes": ["read"]})
    assert saved.status_code == 303
    assert program.get("/api/v1/me").json()["scopes"] == ["read"]
    (revoke,) = re.findall(rf'action="({page}/tokens/[^/"]+/revoke)"', browser.get(page).text)
    assert browser.submit(revoke).status_code == 303
    assert program.get("/api/v1/me").status_code == 401
    assert page in browser.get("/service-accounts").text
    assert browser.submit(f"{page}/end").status_code == 303
    assert "was ended" in browser.get(page).text
    assert page not in browser.get("/service-accounts").text
    assert page in browser.get("/service-accounts?ended=yes").text
    assert "/service-accounts" in browser.get("/profile").text


def test_what_is_wrong_with_a_service_account_stands_at_its_field(make: Make, api: Api) -> None:
    """What was typed stays, and ticks too; a stale form says what others changed."""
    owner = make.owner()
    browser = api.browser(owner)
    page = make_account(browser, make)
    form = base_of(browser.get(page).text)

    new = browser.submit("/service-accounts", {"name": "night run", "purpose": "Typed.", "scopes": ["deploy"]})
    changed = browser.submit(page, {**form, "purpose": "", "sponsor": "nobody@example.com"})
    tokens = [
        browser.submit(f"{page}/tokens", {"tokenName": name, "days": days, "tokenScopes": scopes})
        for name, days, scopes in (("", "7", ["read"]), ("ci", "91", ["read"]), ("ci", "x", ["read"]), ("ci", "7", []))
    ]

    assert [answer.status_code for answer in (new, changed, *tokens)] == [422] * 6
    assert 'id="name-error"' in new.text
    assert "Typed." in new.text
    assert re.search(r'value="deploy" checked', new.text)
    assert not re.search(r'value="read" checked', new.text)
    for control in ("purpose", "sponsor", "scopes"):
        assert f'id="{control}-error"' in changed.text, control
    for control, answer in zip(("tokenName", "days", "days", "tokenScopes"), tokens, strict=True):
        assert f'id="{control}-error"' in answer.text, control
    browser.submit(page, {**form, "purpose": "First.", "sponsor": owner.email, "scopes": SCOPES})
    stale = browser.submit(page, {**form, "purpose": "Uploads at night.", "sponsor": owner.email, "scopes": ["read"]})
    assert (stale.status_code, "First." in stale.text) == (412, True)


def test_others_read_service_accounts_and_are_told_whom_to_ask(make: Make, api: Api) -> None:
    """No form, no token; an Admin sees everyone's, and names the sponsor of a new one."""
    sponsor, admin = make.owner(), make.person(Role.ADMIN)
    name = make.group()
    page = make_account(api.browser(admin), make, "/admin/service-accounts", sponsor=sponsor.email, name=name)
    make_token = {"tokenName": "secret-name-of-a-token", "days": "7", "tokenScopes": ["read"]}
    assert api.browser(sponsor).submit(f"{page}/tokens", make_token).status_code == 200

    for other in (make.owner(), make.person()):
        browser = api.browser(other)
        text = browser.get(page).text
        assert f"Only its sponsor, {sponsor.email}, or an Admin may do this." in text
        assert "secret-name-of-a-token" not in text
        assert ">Save<" not in text
        assert page in browser.get(f"/service-accounts?all=yes&q={name}").text
        assert page not in browser.get(f"/service-accounts?q={name}").text
        refused = [browser.submit(f"{page}{path}").status_code for path in ("", "/tokens", "/end")]
        assert refused == [403] * 3
    assert "secret-name-of-a-token" in api.browser(admin).get(page).text
    lacking = api.browser(make.person(Role.SRE)).get("/service-accounts").text
    assert "Model Owner or Admin" in lacking
