"""What a person may not do, and what they typed wrong, is said in words and keeps the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from modelkeep.client import Client
from tests.journeys.conftest import PASSPHRASE, enter, first_start_link, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

MODEL = "/models/nlp-models/sentiment-classifier"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with one model, owned by writer@company.com."""
    with running_registry(tmp_path_factory.mktemp("refusals")) as running:
        with Client(running.url, running.token("writer@company.com", "MODEL_OWNER")) as client:
            client.register_model(
                {
                    "name": "sentiment-classifier",
                    "group": "nlp-models",
                    "description": "Scores reviews.",
                    "owners": ["writer@company.com"],
                    "riskTier": "LOW",
                }
            )
        yield running


@pytest.mark.parametrize(
    ("control", "typed", "says"),
    [
        ("metadata.inputSchema", "{type: object", "This is not JSON"),
        ("metadata.hyperparameters", "[" * 30_000, "levels deep"),
        ("metadata.trainingDataset.name", "churn-events", "The version is needed as well."),
    ],
)
def test_a_version_form_with_a_field_that_cannot_be_read_comes_back(
    chromium: Browser, registry: RunningRegistry, control: str, typed: str, says: str
) -> None:
    """Broken JSON and half a reference are errors at their field, beside every other error, and nothing is lost."""
    visitor = visit(enter(chromium, registry, "writer@company.com", "MODEL_OWNER", scripts=False), registry.url)
    visitor.go(f"{MODEL}/versions/new")
    visitor.page.locator("main details.fold").evaluate_all("folds => folds.forEach((fold) => { fold.open = true; })")

    visitor.fill(version="v1", **{control.replace(".", "__"): typed})
    visitor.press("Create Version")

    summary = visitor.page.locator("main [role=alert]")
    expect(summary).to_contain_text("2 things to correct.")
    expect(summary).to_contain_text(says)
    assert typed == visitor.page.locator(f"main [name='{control}']").input_value()


@pytest.mark.parametrize("path", ["/models/new", f"{MODEL}/versions/new"])
def test_a_form_is_shown_greyed_with_the_reason_to_who_may_not_send_it(
    chromium: Browser, registry: RunningRegistry, path: str
) -> None:
    """Somebody without the role reads the form, and what they lack, instead of meeting a refusal."""
    visitor = visit(enter(chromium, registry, f"reader{len(path)}@company.com", "AUDITOR"), registry.url)

    visitor.go(path)

    expect(visitor.page.locator(".form-foot .btn-off")).to_be_visible()
    expect(visitor.page.locator(".form-foot")).to_contain_text("you need")
    assert [] == visitor.complaints


def test_a_greyed_button_says_why_when_it_is_pressed(chromium: Browser, registry: RunningRegistry) -> None:
    """The reason opens by a press, so that it is there on a phone and by keyboard, and Escape closes it."""
    visitor = visit(enter(chromium, registry, "sre@company.com", "SRE"), registry.url)
    visitor.go(MODEL)
    button = visitor.page.locator(".titlebar .why > summary")
    reason = visitor.page.locator(".titlebar .why > .pop-body")

    button.press("Enter")
    expect(reason).to_contain_text("To create a version you need")
    visitor.page.keyboard.press("Escape")

    expect(reason).to_be_hidden()


def test_a_form_of_an_ended_session_is_not_called_forged(chromium: Browser, registry: RunningRegistry) -> None:
    """Whoever signed out in another tab is told that the page is old, and that nothing was saved."""
    context = enter(chromium, registry, "leaver@company.com", "MODEL_OWNER")
    left, other = visit(context, registry.url), visit(context, registry.url)
    left.go("/models/new")
    other.go("/")
    other.page.locator("summary[aria-label^='You']").click()
    other.press("Sign out", within="header")

    left.press("Create Model")

    expect(left.page.get_by_role("heading", level=1)).to_have_text("This page is from an earlier session")


def test_a_used_link_says_where_to_go(chromium: Browser, tmp_path: Path) -> None:
    """The first-start link, opened again once somebody has an account, points at signing in and not at a restart."""
    with running_registry(tmp_path) as served:
        visitor = visit(chromium.new_context(), served.url)
        visitor.go("/login")
        link = first_start_link(served)
        visitor.page.goto(link)
        visitor.fill(email="first@company.com", name="First Admin", passphrase=PASSPHRASE)
        visitor.press("Create my account")

        visitor.page.goto(link)

        expect(visitor.page.locator("main")).to_contain_text("has its first Admin already")
        expect(visitor.page.locator("main")).not_to_contain_text("Restart")
