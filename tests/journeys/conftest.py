"""A real browser in front of a real server."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.programs import CSRF
from tests.support.running import RunningRegistry, running_registry

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PASSPHRASE = "a quiet harbour in march"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium as the system has it."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def tidied(chromium: Browser) -> Iterator[None]:
    """The browsers that a test left open are closed after it: their pages would go on working."""
    kept = list(chromium.contexts)
    yield
    for context in chromium.contexts:
        if context not in kept:
            context.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry just started, that nobody has claimed yet."""
    with running_registry(tmp_path_factory.mktemp("journey")) as running:
        yield running


@dataclass
class Visitor:
    """Somebody at a browser. `complaints` gathers what the browser's console and network had to complain about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the registry."""
        self.page.goto(self.url + path)

    def press(self, label: str, *, within: str = "main") -> None:
        """Press the button, or follow the link, that bears these words."""
        place = self.page.locator(within)
        button = place.get_by_role("button", name=label, exact=True)
        link = place.get_by_role("link", name=label, exact=True)
        button.or_(link).locator("visible=true").first.click()
        self.page.wait_for_load_state()

    def fill(self, **values: str) -> None:
        """Type into controls by their names; dots are written as two underscores."""
        for name, value in values.items():
            self.page.locator(f"main [name='{name.replace('__', '.')}']").first.fill(value)


def visit(context: BrowserContext, url: str) -> Visitor:
    """A new page in this browser, listened to."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    visitor = Visitor(page, url)
    page.on("console", lambda said: said.type == "error" and visitor.complaints.append(f"{page.url}: {said.text}"))
    page.on("pageerror", lambda error: visitor.complaints.append(f"{page.url}: {error}"))
    return visitor


def first_start_link(served: RunningRegistry) -> str:
    """The one-time link as the server wrote it down for the operator."""
    folder = Path(served.environment["MODELKEEP_DATA_DIR"])
    return (folder / "first-start-link").read_text().strip()


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the page where PICTURES_DIR names a folder; people look at them."""
    folder = os.environ.get("PICTURES_DIR")
    if folder:
        page.screenshot(path=Path(folder) / f"{re.sub(r'[^a-z0-9-]+', '-', name)}.png", full_page=True)


def enter(
    browser: Browser,
    registry: RunningRegistry,
    email: str,
    roles: str,
    *,
    name: str = "Wim Writer",
    scripts: bool = True,
    **options: Any,
) -> BrowserContext:
    """
    A browser in which this person is signed in; `options` are the context's.

    The link is accepted by a program, which brings its cookie: tests/journeys/test_inviting.py does it as people do.
    """
    link = registry.operate("admin", "invite", email, "--roles", roles).strip()
    with httpx2.Client(follow_redirects=True, headers={"origin": registry.url}) as program:
        token = CSRF.findall(program.get(link).text)[0]
        # Whoever has an account keeps the name of it.
        told = {"name": name, "passphrase": PASSPHRASE, "csrf_token": token}
        program.post(link, data=told).raise_for_status()
        cookies = [{"name": one.name, "value": one.value, "url": registry.url} for one in program.cookies.jar]
    context = browser.new_context(java_script_enabled=scripts, **options)
    context.add_cookies(cookies)
    return context
