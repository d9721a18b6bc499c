"""A person signs in by a real issuer, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Visitor, keep_picture, visit
from tests.journeys.test_pages import serious_faults
from tests.support.real_issuer import CLIENT_ID, CLIENT_SECRET, RealIssuer
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

ROLES = {"ml-owners": ["MODEL_OWNER"], "committee": ["MRC"]}


@pytest.fixture(scope="module")
def governed(
    real_issuers: tuple[RealIssuer, RealIssuer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRegistry]:
    """A running registry that a real issuer signs people in to, set up by variables alone."""
    settings = {
        "MODELKEEP_OIDC_ISSUER": real_issuers[0].url,
        "MODELKEEP_OIDC_CLIENT_ID": CLIENT_ID,
        "MODELKEEP_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "MODELKEEP_OIDC_NAME": "Company Login",
        "MODELKEEP_OIDC_ROLES": json.dumps(ROLES),
    }
    with running_registry(tmp_path_factory.mktemp("sso"), **settings) as running:
        real_issuers[0].register(running.url, "company-login")
        yield running


def sign_in_there(visitor: Visitor, subject: str) -> None:
    """Fill the issuer's own form, and agree where it asks."""
    page = visitor.page
    page.locator("[name=login]").fill(subject)
    page.locator("[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{visitor.url}/**")


def test_roles_follow_the_groups_and_signing_out_is_whole(
    chromium: Browser, governed: RunningRegistry, real_issuers: tuple[RealIssuer, RealIssuer], tmp_path: Path
) -> None:
    """
    One click signs in with the roles of the groups; after they changed, so do the roles; signing out goes on to the
    issuer and comes back, and the next sign-in asks who it is.
    """
    issuer, email = real_issuers[0], "gina@company.example"
    person = {"email": email, "email_verified": True, "name": "Gina Groups"}
    issuer.know(email, **person, groups=["ml-owners"])
    visitor = visit(chromium.new_context(), governed.url)

    visitor.go("/profile")
    faults = serious_faults(visitor.page)
    keep_picture(visitor.page, "sso-login")
    visitor.press("Continue with Company Login")
    sign_in_there(visitor, email)
    expect(visitor.page).to_have_url(f"{governed.url}/profile")
    expect(visitor.page.get_by_text("From the group ml-owners at Company Login.")).to_be_visible()
    faults += serious_faults(visitor.page)
    keep_picture(visitor.page, "sso-profile")

    issuer.know(email, **person, groups=["committee"])
    visitor.page.context.clear_cookies(name="mk-session")
    visitor.go("/profile")
    visitor.press("Continue with Company Login")
    visitor.page.wait_for_url(f"{governed.url}/profile")
    expect(visitor.page.get_by_text("From the group committee at Company Login.")).to_be_visible()
    expect(visitor.page.get_by_text("ml-owners")).to_have_count(0)

    visitor.page.locator("form[action='/logout'] button").first.evaluate("button => button.click()")
    visitor.page.wait_for_url("**/sign-out")
    faults += serious_faults(visitor.page)
    keep_picture(visitor.page, "sso-signed-out")
    visitor.press("Sign out at Company Login too")
    visitor.page.get_by_role("button", name="Yes, sign me out").click()
    visitor.page.wait_for_url(f"{governed.url}/login**")
    visitor.press("Continue with Company Login")
    expect(visitor.page.locator("[name=login]")).to_be_visible()

    assert faults == []
    assert [line for line in visitor.complaints if line.startswith(governed.url)] == []
