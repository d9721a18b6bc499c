"""The API reference in a browser: filtered while one types, and reached by the address of a route."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.conftest import visit
from tests.support.running import running_registry

pytestmark = pytest.mark.browser

PAGE = "/api/v1/docs"
BOXES = "[data-ref-route]:visible"


def test_typing_finds_a_route_and_a_link_to_another_brings_it_back(chromium: Browser, tmp_path: Path) -> None:
    """Words narrow page and list, an address of a hidden route shows it again, and the browser complains of nothing."""
    with running_registry(tmp_path) as running:
        visitor = visit(chromium.new_context(), running.url)
        visitor.go(PAGE)
        page = visitor.page
        all_routes = page.locator(BOXES).count()

        page.keyboard.press("/")
        page.keyboard.type("put artifacts one file")
        narrowed = page.locator(BOXES).count()
        listed = page.locator("[data-ref-for]:visible").count()
        page.evaluate("location.hash = '#create_model'")
        page.locator("#create_model").wait_for(state="visible")
        shown_again = page.locator(BOXES).count()
        page.context.close()

    assert all_routes > 15
    assert (narrowed, listed) == (1, 1)
    assert shown_again == all_routes
    assert visitor.complaints == []


def test_without_javascript_everything_is_there(chromium: Browser, tmp_path: Path) -> None:
    """Every route, field and example is readable, and the list leads to each."""
    with running_registry(tmp_path) as running:
        context = chromium.new_context(java_script_enabled=False)
        visitor = visit(context, running.url)
        visitor.go(PAGE)
        page = visitor.page
        page.locator("nav a[href='#create_version']").click()

        at = page.url
        shown = page.locator(BOXES).count()
        example = page.locator("#create_version pre").first.inner_text()
        context.close()

    assert at.endswith("#create_version")
    assert shown > 15
    assert "curl -sS" in example
