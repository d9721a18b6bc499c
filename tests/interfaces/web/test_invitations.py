"""Inviting several people by hand, the links that wait, and the bad input that such lists hold."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import PASSPHRASE, fresh_email, invite, make_account
from tests.support.clients import Api, Browser
from tests.support.make import Make
from tests.support.pages import look, words_of
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

LINK = re.compile(r">http://127\.0\.0\.1:8000(/invitations/[\w-]{43}(?:\?name=[\w+%]+)?)<")


def send(browser: Browser, lines: list[str], *roles: Role, **more: Any) -> Any:
    """Send the form of the page of invitations."""
    return browser.submit("/admin/invitations", {"emails": "\n".join(lines), "roles": [*roles], **more})


def test_six_people_are_invited_at_once_and_come(make: Make, api: Api) -> None:
    """
    One form, six lines as address books copy them; six links, shown once; each makes its account with the roles, and
    its form begins with the name that stood by the address.
    """
    browser, emails = api.browser(make.person(Role.ADMIN)), [fresh_email(f"six{number}") for number in range(6)]
    lines = [f"Ann Lee <{emails[0]}>", f"  {emails[1]}  ", f'"Lee, Bo" <{emails[2]}>;', "", *emails[3:], emails[5]]

    page = send(browser, lines, Role.SRE, Role.AUDITOR).text

    links = LINK.findall(page)
    assert len(links) == 6
    assert "6 links, shown this once" in words_of(page)
    assert all(f"{email} http" in page for email in emails)
    waiting = look(api, make.person(Role.AUDITOR), "/admin/invitations")
    assert all(email in waiting for email in emails)
    assert LINK.findall(waiting) == []
    for link, name in ((links[0], "Ann Lee"), (links[2], "Lee, Bo"), (links[1], "")):
        assert f'name="name" type="text" value="{name}"' in api.browser_of("").get(link).text
        answer = api.browser_of("").submit(link, {"name": "Somebody New", "passphrase": PASSPHRASE})
        assert answer.headers["location"] == "/?done=accepted"
    found = api.as_(make.person(Role.ADMIN)).get("/api/v1/users", params={"q": emails[2]}).json()["items"][0]
    assert {role["role"] for role in found["roles"]} == {"SRE", "AUDITOR"}


def test_each_line_at_fault_is_named_and_nobody_is_invited(registry: Registry, make: Make, api: Api) -> None:
    """Look-alikes, what cannot be seen, programs, teams, disabled accounts, oneself: a sentence each, no link."""
    admin, team = make.person(Role.ADMIN), fresh_email("team")
    client, browser, gone = api.as_(admin), api.browser(admin), make_account(registry)
    assert client.post("/api/v1/teams", json={"name": team[:20], "email": team}).status_code == 201
    gone_id = client.get("/api/v1/users", params={"q": gone.email}).json()["items"][0]["id"]
    client.patch(f"/api/v1/users/{gone_id}", json={"disabled": True})
    good = fresh_email()
    faulty = {
        "ann@comp\u0430ny.com": "mixes letters of Cyrillic and Latin",
        "an\u200bn@company.com": "cannot be seen by itself (U+200B)",
        "mu\u0308ller@company.com": "cannot be seen by itself (U+0308)",
        "müller@company.com": "letters here are A to Z",
        "ann@xn--compny-4nf.com": "look-alikes",
        "ann@company": "no valid domain",
        "ann": "not an e-mail address",
        "service:nightly": "is a program",
        team: "shared address of the team",
        gone.email: "has an account that is disabled",
        admin.email: "is your own account",
    }

    answer = send(browser, [good, *faulty])
    words = words_of(answer.text)

    assert answer.status_code == 422
    assert [wanted for wanted in faulty.values() if wanted not in words] == []
    assert LINK.findall(answer.text) == []
    assert good in answer.text
    assert client.get("/api/v1/users", params={"q": good}).json()["total"] == 0
    for line in faulty:
        assert fields_at_fault(client.post("/api/v1/invitations", json={"email": line})) == {"email"}
    assert send(browser, ["", " "]).status_code == 422
    assert "At most 50 at once" in words_of(send(browser, [fresh_email() for _ in range(51)]).text)
    assert send(browser, [good], "KING").status_code == 422  # type: ignore[arg-type]


def test_somebody_with_an_account_gets_a_reset_once_the_page_has_said_so(
    registry: Registry, make: Make, api: Api
) -> None:
    """First what it means, then the link: a new passphrase, no role, the other sessions end."""
    admin, account = make.person(Role.ADMIN), make_account(registry, Role.SRE)
    browser = api.browser(admin)

    first = send(browser, [account.email.upper()], Role.ADMIN)
    second = send(browser, [account.email], Role.ADMIN, resets="yes")
    link = LINK.findall(second.text)[0]
    shown = api.anonymous.get(link)
    still_in = api.browser_of(account.session).get("/profile").status_code
    accepted = api.browser_of("").submit(link, {"passphrase": "nine slow yellow trams"})

    assert LINK.findall(first.text) == []
    assert "has an account already." in words_of(first.text)
    assert "adds no role" in words_of(first.text)
    assert "Choose a new passphrase" in shown.text
    assert "Full system access" not in shown.text
    assert still_in == 200
    assert accepted.headers["location"] == "/?done=renewed"
    assert api.browser_of(account.session).get("/profile").status_code == 303
    found = api.as_(admin).get("/api/v1/users", params={"q": account.email}).json()["items"][0]
    assert [role["role"] for role in found["roles"]] == ["SRE"]
    sign_in = {"email": account.email, "passphrase": "nine slow yellow trams"}
    assert api.browser_of("").submit("/login", sign_in).status_code == 303


def test_a_link_is_renewed_and_taken_back(registry: Registry, make: Make, api: Api) -> None:
    """The old one opens nothing from then on, neither does a used or taken one; both are on record."""
    admin, email = make.person(Role.ADMIN), fresh_email()
    client, browser = api.as_(admin), api.browser(admin)
    made = client.post("/api/v1/invitations", json={"email": f"Ann <{email}>", "roles": ["SRE"]}).json()
    old = made["url"].partition(":8000")[2]

    page = browser.submit(f"/admin/invitations/{made['id']}/renew")
    new = LINK.findall(page.text)[0]
    waiting = client.get("/api/v1/invitations", params={"limit": 200}).json()["items"]
    mine = next(row for row in waiting if row["email"] == email)
    statuses = (api.anonymous.get(old).status_code, api.anonymous.get(new).status_code)
    taken = browser.submit(f"/admin/invitations/{mine['id']}/revoke")
    again = client.delete(f"/api/v1/invitations/{mine['id']}")

    assert (made["kind"], made["roles"], made["email"]) == ("INVITATION", ["SRE"], email)
    assert (mine["roles"], mine["by"], mine["url"]) == (["SRE"], admin.email, None)
    assert statuses == (401, 200)
    assert taken.headers["location"] == "/admin/invitations?done=link-revoked"
    assert api.anonymous.get(new).status_code == 401
    assert refusal(again) == (409, "state_forbids")
    assert refusal(client.post(f"/api/v1/invitations/{made['id']}/renew")) == (409, "state_forbids")
    assert refusal(client.delete("/api/v1/invitations/nothing")) == (404, "not_found")
    done = [event.action for event in make.events(mine["id"]) if event.outcome == "ALLOWED"]
    assert done == ["invitation.create", "invitation.revoke"]


def test_a_reset_link_is_made_on_the_page_of_a_person(registry: Registry, make: Make, api: Api) -> None:
    """Shown once there; earlier links of theirs end; not for oneself, nor for a disabled account."""
    admin, account = make.person(Role.ADMIN), make_account(registry)
    client, browser = api.as_(admin), api.browser(admin)
    earlier = invite(registry, account.email)
    user = client.get("/api/v1/users", params={"q": account.email}).json()["items"][0]["id"]
    own = client.get("/api/v1/users", params={"q": admin.email}).json()["items"][0]["id"]

    page = browser.submit(f"/admin/people/{user}/reset")
    by_api = client.post(f"/api/v1/users/{user}/reset")

    first = LINK.findall(page.text)[0]
    assert "The reset link" in page.text
    assert api.anonymous.get(f"/invitations/{earlier}").status_code == 401
    assert api.anonymous.get(first).status_code == 401
    assert (by_api.status_code, by_api.json()["kind"], by_api.json()["roles"]) == (201, "RESET", [])
    assert api.anonymous.get(by_api.json()["url"]).status_code == 200
    assert refusal(client.post(f"/api/v1/users/{own}/reset")) == (403, "not_permitted")
    client.patch(f"/api/v1/users/{user}", json={"disabled": True})
    assert refusal(client.post(f"/api/v1/users/{user}/reset")) == (409, "state_forbids")


@pytest.mark.parametrize("tail", ["", "x", "A" * 43, "..%2flogin", "%00", "’" * 43])
def test_forged_links_open_nothing(api: Api, tail: str) -> None:
    """Whatever is made up: a refusal in words, never a fault."""
    answers = [
        api.anonymous.get(f"/invitations/{tail}"),
        api.browser_of("").submit(f"/invitations/{tail}", {"name": "x"}),
    ]

    assert {answer.status_code for answer in answers} <= {400, 401, 404, 405}


def test_of_two_who_renew_one_link_one_wins(registry: Registry, make: Make, api: Api) -> None:
    """At the same moment, several times over: one new link, and the other is told."""
    admin = make.person(Role.ADMIN)
    clients = [api.as_(admin), api.as_(admin)]
    line = threading.Barrier(2)

    def renew(who: int, key: str) -> int:
        line.wait(timeout=60)
        return clients[who].post(f"/api/v1/invitations/{key}/renew").status_code

    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            key = clients[0].post("/api/v1/invitations", json={"email": fresh_email()}).json()["id"]

            assert sorted(pool.map(renew, (0, 1), (key, key))) == [201, 409]


def test_links_that_ran_out_stand_there_to_be_renewed(registry: Registry, make: Make, api: Api) -> None:
    """For 30 days, and say so."""
    admin, late, gone = make.person(Role.ADMIN), fresh_email("late"), fresh_email("gone")
    for email, days in ((late, 9), (gone, 40)):
        with registry.writing(now=clock.utc_now() - timedelta(days=days)) as work:
            invitations.invite(work, admin.actor, email=email, roles=[])

    words = words_of(look(api, admin, "/admin/invitations"))

    assert re.search(rf"{late} no role By \S+ ?, .*? It ran out", words)
    assert gone not in words
