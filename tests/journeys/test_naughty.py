"""Strings that would run a script, on every page that shows them, in a real browser under the content policy."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.naughty import SCRIPTS
from tests.support.planting import Planted, plant_models, plant_versions
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

GROUP = "naughty"
WIDTH = 390


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningRegistry, list[Planted]]]:
    """A registry in which every text holds them."""
    with running_registry(tmp_path_factory.mktemp("naughty")) as running:
        token = running.token("priya@company.com", "MODEL_OWNER,ADMIN,AUDITOR")
        with httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            models = plant_models(client, GROUP)
            versions = plant_versions(client, f"{GROUP}/n0")
        yield running, [*models, *versions]


@pytest.fixture(scope="module")
def reader(chromium: Browser, planted: tuple[RunningRegistry, list[Planted]]) -> Iterator[BrowserContext]:
    """The browser of somebody who may see everything."""
    running, _ = planted
    roles, name = "ADMIN,AUDITOR,MODEL_OWNER", "<img src=x onerror=window.naughty=1>"
    context = enter(chromium, running, "curious@company.com", roles, name=name)
    yield context
    context.close()


#: Unfolds what is folded and touches everything, as a curious reader would.
TOUCH = """
for (const one of document.querySelectorAll("details")) one.open = true;
for (const one of document.querySelectorAll("main *"))
  for (const type of ["mouseover", "focus", "blur", "keyup"]) one.dispatchEvent(new Event(type, {bubbles: true}));
"""


def look_at(visitor: Visitor, path: str) -> list[str]:
    """Open a page on a phone and touch everything on it; say what ran, and whether its texts broke its frame."""
    visitor.go(path)
    visitor.page.evaluate(TOUCH)
    faults = ["a script ran"] if visitor.page.evaluate("'naughty' in window") else []
    if visitor.page.evaluate("document.documentElement.scrollWidth") > WIDTH:
        keep_picture(visitor.page, f"sideways {path}")
        faults.append("it scrolls sideways")
    return faults


def test_nothing_that_was_planted_runs(reader: BrowserContext, planted: tuple[RunningRegistry, list[Planted]]) -> None:
    """No dialog, no script, no breach of the content policy: models, versions, catalogue, audit, forms, profile."""
    running, objects = planted
    visitor = visit(reader, running.url)
    visitor.page.set_viewport_size({"width": WIDTH, "height": 900})
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    versions = f"/models/{GROUP}/n0/versions"
    paths = [
        *(one.path for one in objects), "/", "/models", "/models?q=%3Cscript%3Ewindow.naughty=1%3C/script%3E",
        "/models?tag=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", versions, f"{versions}/new",
        f"{versions}/1.0.0/artifacts",
        "/audit", "/audit?action=model.create", *(f"/audit/{sequence}" for sequence in range(0, 40, 8)), "/profile",
        "/login?next=javascript:alert(1)", "/models/%3Cscript%3Ealert(1)%3C%2Fscript%3E/x",
    ]  # fmt: skip

    faults = {path: found for path in paths if (found := look_at(visitor, path))}
    visitor.page.close()

    assert faults == {}
    assert dialogs == []
    assert [said for said in visitor.complaints if "404" not in said and "400" not in said and "422" not in said] == []


def test_nothing_that_was_typed_runs(reader: BrowserContext, planted: tuple[RunningRegistry, list[Planted]]) -> None:
    """A form that comes back with its faults holds what was typed, and none of it runs."""
    running, _ = planted
    visitor = visit(reader, running.url)
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    several = "\n".join(SCRIPTS)[:3500]

    ran = []
    texts = SCRIPTS[::12]
    for text, other in zip(texts[::2], texts[1::2], strict=True):
        visitor.go("/models/new")
        visitor.fill(group=text, name=other, description=several)
        for number, chips in enumerate(visitor.page.locator("main .chips-typed").all()):
            chips.fill((text, other)[number % 2])
        visitor.page.evaluate("document.querySelector('main form').noValidate = true")
        with visitor.page.expect_navigation():
            visitor.press("Create Model")
        ran += [text] if visitor.page.evaluate("'naughty' in window") else []
        assert visitor.page.locator("main [aria-invalid=true]").count() > 0
        ran += [] if visitor.page.locator("main [name=group]").first.input_value() == text.replace("\n", "") else [text]
    visitor.page.close()

    assert ran == []
    assert dialogs == []
    assert [said for said in visitor.complaints if "422" not in said] == []
