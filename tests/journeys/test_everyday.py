"""What people do every day in a browser: register by keyboard alone, edit in two tabs, press twice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.journeys.conftest import Visitor, enter, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with one model, of olga@company.com."""
    with running_registry(tmp_path_factory.mktemp("everyday")) as running:
        yield running


@pytest.fixture(scope="module")
def visitor(chromium: Browser, registry: RunningRegistry) -> Visitor:
    """Olga at her browser, with a model of hers."""
    visitor = visit(enter(chromium, registry, "olga@company.com", "MODEL_OWNER"), registry.url)
    visitor.go("/models/new")
    visitor.fill(name="churn-predictor", group="everyday", description="Predicts churn.")
    visitor.page.get_by_role("radio", name="Low").check(force=True)
    visitor.press("Create Model")
    return visitor


def tab_to(visitor: Visitor, name: str) -> None:
    """Press Tab until the control of this name, or the button with these words, has the focus."""
    told = "[document.activeElement.name, document.activeElement.id, document.activeElement.textContent.trim()]"
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if name in visitor.page.evaluate(told):
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_the_keyboard_alone_registers_a_model(visitor: Visitor) -> None:
    """From the dashboard, with no pointer: `g n`, Tab, arrows, typing, Enter."""
    keys = visitor.page.keyboard
    visitor.go("/")

    keys.press("g")
    keys.press("n")
    visitor.page.wait_for_url("**/models/new")
    for control, typed in (("group", "keyboard"), ("name", "typed-only"), ("description", "No mouse was near.")):
        tab_to(visitor, control)
        keys.type(typed)
    tab_to(visitor, "riskTier")
    keys.press("ArrowDown")
    tab_to(visitor, "tags")
    keys.type("quick,")
    tab_to(visitor, "Create Model")
    keys.press("Enter")
    visitor.page.wait_for_url("**/models/keyboard/typed-only*")

    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("typed-only")
    expect(visitor.page.locator(".titlebar")).to_contain_text("risk")
    assert [] == visitor.complaints


def test_two_tabs_that_edit_one_model_lose_nothing(visitor: Visitor, registry: RunningRegistry) -> None:
    """The second to save is told what the first changed, sees both, and saves again."""
    first = visit(visitor.page.context, registry.url)
    second = visit(visitor.page.context, registry.url)
    for tab in (first, second):
        tab.go("/models/everyday/churn-predictor/settings")
    first.fill(description="Theirs: weekly.")
    first.fill(documentationUrl="https://wiki.company.com/churn")
    first.press("Save")

    second.fill(description="Mine: monthly.")
    second.press("Save")

    told = second.page.locator("#errors")
    expect(told).to_contain_text("A change was saved while you edited")
    expect(told).to_contain_text("Theirs: weekly.")
    assert "Mine: monthly." == second.page.locator("[name=description]").input_value()
    assert "https://wiki.company.com/churn" == second.page.locator("[name=documentationUrl]").input_value()
    second.press("Save")
    expect(second.page.locator("main")).to_contain_text("Mine: monthly.")
    expect(second.page.locator("aside").get_by_role("link", name="Documentation")).to_be_visible()


def test_pressing_twice_makes_one_version(visitor: Visitor, registry: RunningRegistry) -> None:
    """While the first answer is slow to come, a second press sends the form again: one version, and no error."""
    page = visit(visitor.page.context, registry.url)
    page.go("/models/everyday/churn-predictor/versions/new")
    page.fill(version="1.0.0")
    sent: list[str] = []

    def hold_back(route: Route) -> None:
        """Let both through; the browser waits for the last alone."""
        sent.append(route.request.method)
        route.continue_()

    page.page.route("**/versions/new", hold_back)
    page.page.evaluate("""() => {
        const form = document.getElementById("create-version");
        form.requestSubmit(); form.submit();
    }""")
    page.page.wait_for_url("**/versions/1.0.0*")

    expect(page.page.get_by_role("heading", level=1)).to_contain_text("1.0.0")
    page.go("/models/everyday/churn-predictor/versions")
    expect(page.page.locator("main tbody tr")).to_have_count(1)


def test_a_tag_is_edited_where_it_stands(visitor: Visitor) -> None:
    """The pencil opens a small form, a chip is dropped and another typed, and the page shows them saved."""
    visitor.go("/models/everyday/churn-predictor")
    visitor.page.locator("summary[aria-label='Edit tags']").click()
    visitor.page.locator(".in-place[open] .chips-typed").press_sequentially("old,fresh,")
    visitor.page.get_by_role("button", name="Remove old", exact=True).click()

    visitor.page.locator(".in-place[open]").get_by_role("button", name="Save").click()
    visitor.page.wait_for_load_state()

    expect(visitor.page.locator("aside .tag-line")).to_have_text("fresh")
    expect(visitor.page.locator("body")).to_contain_text("Saved.")
