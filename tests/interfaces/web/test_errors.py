"""Pages about what went wrong keep the way back."""

import pytest

from tests.support.clients import Api
from tests.support.make import Make


@pytest.mark.parametrize("path", ["/nowhere", "/models/no-group/no-name", "/audit/99999999"])
def test_an_error_page_keeps_the_navigation_of_who_is_signed_in(make: Make, api: Api, path: str) -> None:
    """A person who took a wrong turn is still signed in on the page that says so, with their own menu."""
    person = make.owner()

    answer = api.browser(person).get(path)

    assert answer.status_code in (403, 404)
    assert person.email in answer.text
    assert 'href="/models"' in answer.text


def test_an_error_page_before_sign_in_offers_to_sign_in(api: Api) -> None:
    """A stranger at a wrong address finds the way to the sign-in form."""
    answer = api.browser_of("").get("/nowhere")

    assert answer.status_code == 404
    assert "/login" in answer.text
