"""The pages of teams: Admins keep them by forms, everyone reads them."""

import re
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.accounts import fresh_email
from tests.support.clients import Api, Browser
from tests.support.make import Make


def make_team(browser: Browser, make: Make, members: str = "") -> tuple[str, str]:
    """The page and the address of a team made by the form."""
    email = fresh_email("team")
    made = browser.submit("/admin/teams", {"name": make.group(), "email": email, "members": members})
    assert made.status_code == 303, made.text
    return made.headers["location"].partition("?")[0], email


def base_of(page: str) -> dict[str, str]:
    """The revision and the prints that an editing form carries."""
    return dict(re.findall(r'<input type="hidden" name="(revision|base\.[a-zA-Z]+)" value="([^"]*)">', page))


def test_an_admin_keeps_a_team_by_forms(make: Make, api: Api) -> None:
    """Made with members, found, one more let in and one put out with one press each, renamed, ended, brought back."""
    admin, first, second = make.person(Role.ADMIN), make.owner(), make.owner()
    browser = api.browser(admin)

    page, email = make_team(browser, make, f"{first.email},\n{admin.email}")

    assert email in browser.get("/admin/teams", params={"q": email}).text
    log = api.browser(make.person(Role.AUDITOR)).get("/audit", params={"action": "team.create"}).text
    assert f'href="{page.replace("/admin", "")}"' in log
    joined = browser.submit(f"{page}/members", {"member": second.email})
    left = browser.submit(f"{page}/members/remove", {"member": admin.email})
    assert (joined.status_code, left.status_code) == (303, 303)
    shown = browser.get(left.headers["location"]).text
    assert "They are out of the team" in shown
    assert [mail in shown for mail in (first.email, second.email, f"{admin.email},")] == [True, True, False]
    renamed = browser.submit(page, {**base_of(shown), "name": "Renamed", "email": email})
    assert renamed.status_code == 303
    assert '<h1 class="t-page">Renamed</h1>' in browser.get(page).text
    assert browser.submit(f"{page}/end").status_code == 303
    assert "nobody owns anything through it" in browser.get(page).text
    assert browser.submit(f"{page}/members", {"member": first.email}).status_code == 409
    assert browser.submit(f"{page}/revive").status_code == 303
    assert "Nobody is in it yet" in browser.get(page).text


def test_what_is_wrong_with_a_team_stands_at_its_field(make: Make, api: Api) -> None:
    """What was typed stays, in the form that makes one and in those that change one."""
    admin, member = make.person(Role.ADMIN), make.person()
    browser = api.browser(admin)
    page, email = make_team(browser, make, member.email)
    form = base_of(browser.get(page).text)

    answers = {
        "name": browser.submit("/admin/teams", {"name": "", "email": "Data <d@example.com>", "members": "x@y.zz"}),
        "email": browser.submit(page, {**form, "name": "Kept as typed", "email": admin.email}),
        "member": browser.submit(f"{page}/members", {"member": "nobody@example.com"}),
    }
    gone = browser.submit(f"{page}/members/remove", {"member": admin.email})

    assert {control: answer.status_code for control, answer in answers.items()} == {
        "name": 422, "email": 409, "member": 422,
    }  # fmt: skip
    for control, answer in answers.items():
        assert f'id="{control}-error"' in answer.text, control
    assert "Data &lt;d@example.com&gt;" in answers["name"].text
    assert 'id="members-error"' in answers["name"].text
    assert "Kept as typed" in answers["email"].text
    assert (gone.status_code, "is no member" in gone.text) == (409, True)
    assert email in browser.get(page).text


def test_a_stale_form_of_a_team_says_what_others_changed(make: Make, api: Api) -> None:
    """Nothing of either is lost: it stands on what is there now, and is sent again."""
    browser = api.browser(make.person(Role.ADMIN))
    page, email = make_team(browser, make)
    form = base_of(browser.get(page).text)
    browser.submit(page, {**form, "name": "Name of the first", "email": email})

    stale = browser.submit(page, {**form, "name": "Name of the second", "email": email})

    assert stale.status_code == 412
    assert "A change was saved while you edited" in stale.text
    assert "Name of the first" in stale.text
    again = browser.submit(page, {**base_of(stale.text), "name": "Name of the second", "email": email})
    assert again.status_code == 303


@pytest.mark.parametrize("role", [Role.MODEL_OWNER, Role.AUDITOR])
def test_everyone_reads_teams_and_is_told_why_they_change_none(make: Make, api: Api, role: Role) -> None:
    """Greyed with the reason, never a form that is refused; the forms' addresses refuse."""
    person = make.person(role)
    page, email = make_team(api.browser(make.person(Role.ADMIN)), make, person.email)
    browser = api.browser(person)
    reading = page.replace("/admin", "")

    texts = {path: browser.get(path).text for path in (f"/teams?q={email}", f"/admin/teams?q={email}", reading, page)}

    for path, text in texts.items():
        assert email in text, path
        assert "need the role Admin" in text, path
        assert 'btn-primary">' not in text, path
        assert ">Remove<" not in text, path
    assert email in browser.get("/teams?mine=yes").text
    refused = [browser.submit(f"{page}{path}").status_code for path in ("", "/members", "/members/remove", "/end")]
    assert refused == [403] * 4


def test_a_team_that_owns_a_model_is_named_on_its_page(make: Make, api: Api) -> None:
    """With who is in it, one press away; an owner who is a person stands as before."""
    member = make.owner()
    page, email = make_team(api.browser(make.person(Role.ADMIN)), make, member.email)
    model = make.model(member, owners=[email.upper(), "somebody@example.com"])

    shown: Any = api.browser(make.person()).get(f"/models/{model.address}").text

    chip = shown[shown.index("team-chip") : shown.index("</details>", shown.index("team-chip"))]
    assert page.replace("/admin", "") in chip
    assert member.email in chip
    assert "somebody@example.com" in shown
