"""Inviting people by hand in a browser, with and without its scripts, also when one has to confirm who one is first."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import PASSPHRASE, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry of its own."""
    with running_registry(tmp_path_factory.mktemp("inviting")) as running:
        yield running


def test_six_people_are_invited_by_hand_within_two_minutes(chromium: Browser, registry: RunningRegistry) -> None:
    """One form, six links to copy one by one or all at once; the first of them makes an account."""
    began = time.monotonic()
    visitor = visit(enter(chromium, registry, "ada@company.com", "ADMIN"), registry.url)
    visitor.go("/admin/invitations")
    visitor.fill(emails="\n".join(f"Person {number} <p{number}@company.com>" for number in range(6)))
    visitor.page.get_by_role("checkbox", name="SRE").check()
    visitor.press("Make links")
    links = visitor.page.locator(".made-links pre").all_inner_texts()
    keep_picture(visitor.page, "six-invited")
    guest = visit(chromium.new_context(), registry.url)
    guest.page.goto(links[0])
    guest.fill(name="Person Zero", passphrase=PASSPHRASE)
    guest.press("Create my account")

    expect(guest.page.get_by_text("Your account is ready")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Copy all")).to_be_visible()
    assert len(set(links)) == 6
    assert time.monotonic() - began < 120
    assert visitor.complaints + guest.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_whoever_confirms_goes_on_to_a_page(chromium: Browser, registry: RunningRegistry, scripts: bool) -> None:
    """The form takes the passphrase, and the page that was wanted opens in the renewed session."""
    email = f"eve{int(scripts)}@company.com"
    visitor = visit(enter(chromium, registry, email, "ADMIN", scripts=scripts), registry.url)
    visitor.go("/confirm?next=/admin/people")

    visitor.fill(passphrase=PASSPHRASE)
    visitor.press("Confirm")

    visitor.page.wait_for_url("**/admin/people")
    expect(visitor.page.get_by_role("cell", name=email)).to_be_visible()
    assert visitor.complaints == []
