"""A saved search in a browser: saved where one searches, shared, followed by a colleague, deleted and put back."""

import os
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, visit
from tests.journeys.test_pages import look_at, serious_faults
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

WIDE = {"width": 1280, "height": 900}
MODEL = {
    "group": "nlp-models", "name": "sentiment-v3", "description": "Scores reviews.", "riskTier": "HIGH",
    "tags": ["nlp"], "owners": ["priya@company.com"],
}  # fmt: skip


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with one model that is found, and one that is hidden."""
    with running_registry(tmp_path_factory.mktemp("saved")) as running:
        with registrar(running) as client:
            client.register_model(MODEL)
            client.register_model(MODEL | {"name": "secret-sauce", "visibility": "RESTRICTED"})
        yield running


@pytest.fixture(scope="module")
def priya(chromium: Browser, stocked: RunningRegistry) -> Iterator[BrowserContext]:
    """Who saves searches."""
    context = enter(chromium, stocked, "priya@company.com", "MODEL_OWNER", viewport=WIDE)
    yield context
    context.close()


@pytest.fixture(scope="module")
def jonas(chromium: Browser, stocked: RunningRegistry) -> Iterator[BrowserContext]:
    """A colleague, without scripts."""
    context = enter(chromium, stocked, "jonas@company.com", "MODEL_OWNER", scripts=False, viewport=WIDE)
    yield context
    context.close()


def registrar(registry: RunningRegistry) -> Client:
    """Who registers models."""
    return Client(registry.url, registry.token("priya@company.com", "MODEL_OWNER"))


@pytest.fixture
def visitor(priya: BrowserContext, stocked: RunningRegistry) -> Iterator[Visitor]:
    """Priya at a page of her own."""
    visitor = visit(priya, stocked.url)
    yield visitor
    assert [] == visitor.complaints
    visitor.page.close()


def test_a_search_is_saved_shared_followed_and_tells_of_what_is_new(
    visitor: Visitor, jonas: BrowserContext, stocked: RunningRegistry
) -> None:
    """Saved beside what was found; a colleague runs it with his own rights, and is told of a new model."""
    page = visitor.page
    visitor.go("/models?q=tag%3Anlp+riskTier%3AHIGH&sort=created")
    page.locator(".saved-save > summary").click()
    page.get_by_label("Name", exact=True).fill("High-risk NLP")
    page.get_by_text("Share with everybody who signs in").click()
    assert serious_faults(page) == []
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".saved-as")).to_have_text("High-risk NLP")
    assert page.locator("#rows h2").count() == 2
    page.locator(".saved-menu > summary").click()
    expect(page.locator(".saved-menu a[aria-current]")).to_contain_text("High-risk NLP")

    colleague = visit(jonas, stocked.url)
    colleague.go("/searches")
    colleague.page.get_by_role("link", name="High-risk NLP").click()
    assert colleague.page.locator("#rows h2").count() == 1
    assert "secret-sauce" not in colleague.page.content()
    colleague.go("/searches")
    colleague.page.get_by_role("button", name="Tell me of new models that match High-risk NLP").click()
    expect(colleague.page.locator(".saved-acts [aria-pressed=true]")).to_be_visible()

    with registrar(stocked) as client:
        client.register_model(MODEL | {"name": "sentiment-v4"})
    wait_for_notice(colleague, "New match for “High-risk NLP”: nlp-models/sentiment-v4")


def wait_for_notice(visitor: Visitor, says: str) -> None:
    """Until the inbox says so."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        visitor.go("/notices")
        if says in visitor.page.content():
            return
        visitor.page.wait_for_timeout(500)
    pytest.fail(f"Nobody was told: {says}")


def test_a_search_is_changed_deleted_and_put_back(visitor: Visitor) -> None:
    """A query that cannot be read comes back with what is wrong; what was deleted is back by one press."""
    page = visitor.page
    visitor.go("/searches/new?q=tag%3Acv")
    page.get_by_label("Name", exact=True).fill("Vision")
    page.get_by_role("button", name="Save", exact=True).click()
    visitor.go("/searches")
    row = page.locator(".saved-row", has_text="Vision")
    row.get_by_label("More for Vision").click()
    row.get_by_role("link", name="Edit").click()
    page.get_by_label("Query").fill("(tag:cv")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#query-error")).to_be_visible()
    page.get_by_label("Query").fill("tag:cv OR tag:vision")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator(".saved-row", has_text="tag:cv OR tag:vision")
    row.get_by_label("More for Vision").click()
    row.get_by_role("button", name="Delete").click()

    expect(page.locator(".saved-undo")).to_contain_text("Vision is deleted")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".saved-row", has_text="tag:cv OR tag:vision")).to_be_visible()
    visitor.complaints.clear()


@pytest.mark.parametrize("path", ["/searches", "/searches/new?q=riskTier:HIGH", "/models?q=tag%3Anlp"])
def test_the_pages_are_accessible_and_fit_every_screen(visitor: Visitor, path: str) -> None:
    """In both themes, at every width."""
    assert look_at(visitor, path) == []


@pytest.mark.skipif("PICTURES_DIR" not in os.environ, reason="only to look at")
def test_what_opens_is_looked_at(visitor: Visitor) -> None:
    """The menu and the form, opened."""
    page, into = visitor.page, os.environ["PICTURES_DIR"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            visitor.go("/models?q=sentiment")
            page.locator(".saved-menu > summary").click()
            page.screenshot(path=f"{into}/menu-{scheme}-{width}.png")
            page.keyboard.press("Escape")
            page.locator(".saved-save > summary").click()
            page.screenshot(path=f"{into}/save-{scheme}-{width}.png")
            visitor.go("/searches")
            page.locator(".saved-row .pop > summary").first.click()
            page.screenshot(path=f"{into}/acts-{scheme}-{width}.png")
