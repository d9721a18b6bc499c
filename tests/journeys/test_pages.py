"""Every page: accessible in both themes, within the screen from 360 pixels, under the content policy, and light."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.browser

MODEL = "/models/customer-analytics/customer-churn-predictor"
SIGNED_IN = (
    "/",
    "/models",
    "/models?q=churn AND riskTier:MEDIUM tag:churn -tag:experimental",
    "/models?q=nothing-like-it",
    "/models?q=tag:chrun riskTier:HIGH",
    "/models?q=riskTier:HIHG",
    "/models?q=word+" + "word+" * 32,
    "/groups",
    "/tags?sort=use",
    "/tags?q=nothing-like-it",
    "/models/new",
    MODEL,
    f"{MODEL}/versions",
    f"{MODEL}/activity",
    f"{MODEL}/settings",
    f"{MODEL}/versions/new",
    f"{MODEL}/versions/1.3.0",
    f"{MODEL}/versions/1.3.0/artifacts",
    f"{MODEL}/versions/1.3.0/artifacts/model.safetensors",
    f"{MODEL}/versions/1.3.0/activity",
    f"{MODEL}/versions/1.3.0/edit",
    f"{MODEL}/versions/1.2.0",
    f"{MODEL}/deployments",
    "/deployments",
    "/deployments/environments/new",
    "/deployments/record",
    "/access-requests",
    f"/access-requests/new?model={MODEL.removeprefix('/models/')}",
    "/activity",
    "/audit",
    "/audit?action=model.*&person=priya&from=2026-01-01",
    "/audit?object=no-such/model&from=soon",
    "/audit/4",
    "/audit/verify",
    "/profile",
    "/admin/people",
    "/admin/invitations",
    "/admin/jobs",
    "/admin/keys",
    "/admin/storage",
    "/admin/teams",
    "/admin/service-accounts",
    "/api/v1/docs",
    "/help/version-management",
    "/status",
    "/nowhere",
)
SIGNED_OUT = (
    "/login",
    "/setup?token=wrong",
    "/invitations/wrong",
    "/help/search?q=download+link",
    "/help/report",
)
FIRST_PAGE_BYTES = 150_000


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with a person, two models, versions and files."""
    folder = tmp_path_factory.mktemp("pages")
    with running_registry(folder) as running:
        token = running.token("priya@company.com", "MODEL_OWNER,ADMIN")
        with Client(running.url, token) as client:
            furnish(client, folder)
        team = {"name": "Data Team", "email": "data-team@company.com", "members": ["priya@company.com"]}
        headers = {"authorization": f"Bearer {token}"}
        httpx2.post(f"{running.url}/api/v1/teams", json=team, headers=headers).raise_for_status()
        yield running


def furnish(client: Client, folder: Path) -> None:
    """What the pages show."""
    client.register_model(
        {
            "name": "customer-churn-predictor",
            "group": "customer-analytics",
            "description": "XGBoost model to predict customer churn probability based on usage patterns.",
            "owners": ["data-team@company.com", "product-analytics@company.com"],
            "riskTier": "MEDIUM",
            "tags": ["churn", "xgboost", "customer-analytics", "production"],
            "repositoryUrl": "https://git.company.com/churn",
        }
    )
    client.register_model(
        {
            "name": "fraud-detection-xgboost",
            "group": "risk",
            "description": "Scores card payments. " * 20,
            "owners": ["risk-team@company.com"],
            "riskTier": "HIGH",
            "visibility": "RESTRICTED",
        }
    )
    address = "customer-analytics/customer-churn-predictor"
    metadata = {
        "framework": "xgboost",
        "frameworkVersion": "2.1.3",
        "modelType": "xgboost",
        "inputSchema": {"type": "object", "properties": {"tenureMonths": {"type": "integer"}}},
        "hyperparameters": {"max_depth": 6, "eta": 0.1},
        "trainingDataset": {"name": "churn-events", "version": "2026-02"},
        "intendedUse": "Weekly retention lists; people decide.",
    }
    client.register_version(address, {"version": "1.2.0"})
    client.register_version(address, {"version": "1.3.0", "commitSha": "7be41c9", "metadata": metadata})
    weights = folder / "model.safetensors"
    weights.write_bytes(make_safetensors(200_000, format="pt", license="Apache-2.0"))
    client.upload(f"{address}:1.3.0", weights, type="WEIGHTS")


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, furnished: RunningRegistry) -> Iterator[BrowserContext]:
    """The browser of an Admin who owns models."""
    context = enter(
        chromium, furnished, "priya@company.com", "ADMIN", name="Priya Raman", viewport={"width": 1280, "height": 900}
    )
    yield context
    context.close()


#: Until what moves has come to rest. Some of it turns for ever, and some is taken away before it ends.
SETTLE = """
() => Promise.race([
  Promise.allSettled(
    document.getAnimations()
      .filter((change) => change.effect.getComputedTiming().endTime < 1000)
      .map((change) => change.finished)),
  new Promise((done) => setTimeout(done, 1000)),
])
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: What the theme changes, and what takes axe longest; the other rules say the same in both.
COLOUR = "color-contrast"
#: The same around every page; it is looked at in colour on these.
FRAME = [[".topbar"], [".sitefoot"]]
WITH_FRAME = ("/", "/models", "/login")
#: The reference of the API draws its hundred routes by one template: for axe six stand for them.
THIN_OUT = "() => document.querySelectorAll('.ref-route').forEach((route, at) => at < 6 || route.remove())"
ASK_AXE = """
([context, options]) => axe.run(context, options).then(({violations}) => violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`))
"""


def serious_faults(page: Page, *, without: Sequence[Sequence[str]] = (), only: str | None = None) -> list[str]:
    """
    What axe calls serious or critical on this page (WCAG 2.2 A and AA), once its colours have settled.

    Args:
        without: Selectors of what is not looked at in colour.
        only: The one rule to ask.
    """
    page.evaluate(SETTLE)
    if page.evaluate("!('axe' in window)"):
        page.evaluate(Axe().axe_script)
    # Of what passes, axe would else work out a selector for every element.
    told = {"resultTypes": ["violations"], "preload": False}
    found: list[str] = page.evaluate(ASK_AXE, [{"exclude": without}, {**told, "runOnly": [COLOUR]}])
    if only is None:
        rest = {**told, "runOnly": RULES, "rules": {COLOUR: {"enabled": False}}}
        found += page.evaluate(ASK_AXE, [{"exclude": []}, rest])
    return found


def look_at(visitor: Visitor, path: str) -> list[str]:
    """Open a page and say what is wrong with it, in the light and in the dark, which changes colours alone."""
    page, faults = visitor.page, []
    page.emulate_media(color_scheme="light")
    visitor.go(path)
    name = path.strip("/") or "home"
    for width in (360, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"scrolls sideways at {width}")
        keep_picture(page, f"{name}-light-{width}")
    page.emulate_media(color_scheme="dark")
    for width in (390, 1280) if "PICTURES_DIR" in os.environ else ():
        page.set_viewport_size({"width": width, "height": 900})
        keep_picture(page, f"{name}-dark-{width}")
    page.evaluate(THIN_OUT)
    without = () if path in WITH_FRAME else FRAME
    faults += [f"dark: {fault}" for fault in serious_faults(page, without=without, only=COLOUR)]
    page.emulate_media(color_scheme="light")
    return faults + serious_faults(page, without=without)


@pytest.fixture(scope="module")
def reader(signed_in: BrowserContext, furnished: RunningRegistry) -> Visitor:
    """Somebody who opens one page after the other."""
    return visit(signed_in, furnished.url)


@pytest.mark.parametrize("path", SIGNED_IN)
def test_a_page_is_accessible_and_fits_every_screen(reader: Visitor, path: str) -> None:
    """axe finds nothing serious in either theme, nothing scrolls sideways, and the browser complains of nothing."""
    reader.complaints.clear()

    faults = look_at(reader, path)

    assert [] == faults
    assert [] == [said for said in reader.complaints if "404" not in said]


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_a_page_before_sign_in_is_accessible(chromium: Browser, furnished: RunningRegistry, path: str) -> None:
    """The same for pages that are open to everyone."""
    visitor = visit(chromium.new_context(), furnished.url)

    faults = look_at(visitor, path)
    visitor.page.context.close()

    assert [] == faults


def test_the_first_page_is_light(chromium: Browser, furnished: RunningRegistry) -> None:
    """The sign-in page with all it loads is under 150 kB over the wire."""
    visitor = visit(chromium.new_context(), furnished.url)
    sizes: list[int] = []
    visitor.page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))

    visitor.go("/login")
    visitor.page.wait_for_load_state("networkidle")

    assert sum(sizes) < FIRST_PAGE_BYTES, f"{sum(sizes)} bytes"


def test_slash_focuses_the_search_box(signed_in: BrowserContext, furnished: RunningRegistry) -> None:
    """`/` puts the cursor into the search box, from any page."""
    visitor = visit(signed_in, furnished.url)
    visitor.go("/models")

    visitor.page.keyboard.press("/")

    assert "q" == visitor.page.evaluate("document.activeElement.name")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_event_unfolds_in_its_row_by_keyboard(
    signed_in: BrowserContext, furnished: RunningRegistry, theme: str
) -> None:
    """Enter opens the event in place with its proof, accessible and within a phone; Enter again closes it."""
    visitor = visit(signed_in, furnished.url)
    visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    visitor.go("/audit")
    row = visitor.page.locator("a[data-unfold]").nth(1)

    row.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector(".unfold")
    faults = serious_faults(visitor.page)
    visitor.page.set_viewport_size({"width": 360, "height": 900})
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    visitor.page.keyboard.press("Enter")
    closed = not visitor.page.locator(".unfold").is_visible()
    visitor.page.close()

    assert ([], 360, True) == (faults, width, closed)
    assert [] == visitor.complaints


def test_filters_of_the_log_answer_as_one_types(signed_in: BrowserContext, furnished: RunningRegistry) -> None:
    """The list, the chips, the buttons and the address follow what is typed, and the cursor stays where it is."""
    visitor = visit(signed_in, furnished.url)
    visitor.go("/audit")
    visitor.page.locator(".filter summary").first.click()

    visitor.page.locator("#person").press_sequentially("priya")
    visitor.page.wait_for_selector(".chip")
    seen = visitor.page.locator("#pick-who").inner_text()
    focused = visitor.page.evaluate("document.activeElement.name")
    address = visitor.page.url
    visitor.page.close()

    assert ("priya" in seen, focused) == (True, "person")
    assert address.endswith("/audit?person=priya")
    assert [] == visitor.complaints


def test_the_log_is_verified_in_place(signed_in: BrowserContext, furnished: RunningRegistry) -> None:
    """The button shows the verdict above the list, without leaving it."""
    visitor = visit(signed_in, furnished.url)
    visitor.go("/audit")

    visitor.page.get_by_role("button", name="Verify").click()
    visitor.page.wait_for_selector("#verdict.box")
    said = visitor.page.locator("#verdict").inner_text()
    address = visitor.page.url
    visitor.page.close()

    assert "The whole log holds" in said
    assert address.endswith("/audit")
    assert [] == visitor.complaints
