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
