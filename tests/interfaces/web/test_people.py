"""The pages of people: who is here, and what may be done about it."""

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of


def test_people_are_found_by_name_email_role_and_account(make: Make, api: Api) -> None:
    """Each filter narrows the list; a value that is none of those offered is told so."""
    admin, found, other = make.person(Role.ADMIN), make.person(Role.SRE, name="zoe"), make.person(name="zoe")

    by_email = words_of(look(api, admin, f"/admin/people?q={found.email.upper()}"))
    by_role = words_of(look(api, admin, "/admin/people?q=zoe&role=SRE&disabled=no&source=OPERATOR"))
    none = words_of(look(api, admin, f"/admin/people?q={found.email}&disabled=yes"))
    unknown = api.browser(admin).get("/admin/people?role=KING")

    assert found.email in by_email
    assert found.email in by_role
    assert other.email not in by_email + by_role
    assert "Nobody fits" in none
    assert unknown.status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_shows_people_to_overseers_alone(make: Make, api: Api, role: Role) -> None:
    """Admins and Auditors have the entry and the page, others neither."""
    browser = api.browser(make.person(role))
    oversees = role in (Role.ADMIN, Role.AUDITOR)

    home, page, admin = browser.get("/"), browser.get("/admin/people"), browser.get("/admin")

    assert ('href="/admin/people"' in home.text) is oversees
    assert page.status_code == (200 if oversees else 403)
    assert (admin.headers.get("location") == "/admin/people") is oversees


def test_what_happened_to_an_account_is_told_in_words(make: Make, api: Api) -> None:
    """Each event is a sentence with the person and the role in it, and never the name of an action."""
    admin, person = make.person(Role.ADMIN), make.person(Role.SRE)
    browser, client = api.browser(admin), api.as_(admin)
    by, whom = (someone.email.partition("@")[0] for someone in (admin, person))
    at = f"/admin/people/{client.get('/api/v1/users', params={'q': person.email}).json()['items'][0]['id']}"

    browser.submit(f"{at}/roles", {"role": "MRC", "reason": "She reviews"})
    browser.submit(f"{at}/roles/MRC/end", {"reason": ""})
    browser.submit(f"{at}/sign-out", {"reason": ""})
    browser.submit(f"{at}/disable", {"reason": ""})
    page = words_of(look(api, admin, at))

    assert f"{by} granted the role MRC to {whom}" in page
    assert f"{by} took the role MRC from {whom}" in page
    assert f"{by} ended all sessions and tokens of {whom}" in page
    assert f"{by} disabled the account of {whom}" in page


def test_tabs_that_do_not_open_say_why(make: Make, api: Api) -> None:
    """An SRE, who may look at jobs, sees the tabs of people greyed with the reason; an Admin can open each."""
    greyed, opened = (look(api, make.person(role), "/admin/jobs") for role in (Role.SRE, Role.ADMIN))

    assert 'href="/admin/invitations"' not in greyed
    assert "To see invitations you need one of the roles Admin or Auditor" in words_of(greyed)
    assert 'href="/admin/invitations"' in opened
    assert "tab-off" not in opened
