"""
The guide's chapter "Troubleshooting", met in a browser: each problem says its cause and its cure where it happens.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from modelkeep.client import Client
from tests.journeys.conftest import enter, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

TAKEN = {
    "name": "sentiment-classifier", "group": "nlp-models", "description": "Scores reviews.",
    "owners": ["writer@company.com"], "riskTier": "LOW",
}  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with an Admin, and one model, owned by writer@company.com."""
    with running_registry(tmp_path_factory.mktemp("trouble")) as running:
        running.token("ada@company.com", "ADMIN")
        with Client(running.url, running.token("writer@company.com", "MODEL_OWNER")) as client:
            client.register_model(TAKEN)
        yield running


def test_model_creation_fails_because_the_name_is_taken(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Check that model name is unique within the group": the field says so, with the model that has the name."""
    visitor = visit(enter(chromium, registry, "second@company.com", "MODEL_OWNER"), registry.url)
    visitor.go("/models/new")
    visitor.fill(name="Sentiment-Classifier", group="nlp-models", description="Mine.")
    visitor.page.locator("main [name=riskTier][value=LOW]").check()

    visitor.press("Create Model")

    field = visitor.page.locator("main [name=name]")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(visitor.page.locator("main [role=alert]")).to_contain_text("nlp-models already has this model")
    expect(visitor.page.get_by_role("link", name="Open nlp-models/sentiment-classifier")).to_be_visible()
    assert field.input_value() == "Sentiment-Classifier"


def test_model_creation_fails_because_fields_are_missing(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Ensure all required fields are filled": each one that is not is named, and what was typed stays."""
    visitor = visit(enter(chromium, registry, "third@company.com", "MODEL_OWNER"), registry.url)
    visitor.go("/models/new")
    visitor.fill(description="What was typed.")

    visitor.press("Create Model")

    summary = visitor.page.locator("main [role=alert]")
    for label in ("Name", "Group", "Risk Tier"):
        expect(summary).to_contain_text(label)
    assert visitor.page.locator("main [name=description]").input_value() == "What was typed."


def test_model_creation_fails_without_the_role(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Verify you have MODEL_OWNER role": the form says that it is missing and who can give it."""
    visitor = visit(enter(chromium, registry, "reader@company.com", "AUDITOR"), registry.url)

    visitor.go("/models/new")

    expect(visitor.page.locator("main .note")).to_contain_text("the role Model Owner")
    expect(visitor.page.locator("main .note")).to_contain_text("ada@company.com")


def test_model_creation_fails_because_the_network_is_gone(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Check network connectivity": the page says that it is offline, keeps the form, and sends it once it is back."""
    context = enter(chromium, registry, "fourth@company.com", "MODEL_OWNER")
    visitor = visit(context, registry.url)
    visitor.go("/models/new")
    visitor.fill(name="offline-model", group="nlp-models", description="Kept.")
    visitor.page.locator("main [name=riskTier][value=LOW]").check()
    context.set_offline(True)
    visitor.page.get_by_role("button", name="Create Model", exact=True).last.click()
    expect(visitor.page.get_by_text("You are offline. Nothing can be saved")).to_be_visible()

    context.set_offline(False)
    expect(visitor.page.get_by_text("You are offline. Nothing can be saved")).to_be_hidden()
    visitor.press("Create Model")

    expect(visitor.page).to_have_url(f"{registry.url}/models/nlp-models/offline-model")


def test_permission_denied_names_the_role_and_whom_to_ask(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Check your user role", "Contact admin": a refused page says what is missing, who gives it, and what one has."""
    visitor = visit(enter(chromium, registry, "denied@company.com", "MODEL_OWNER"), registry.url)

    visitor.go("/audit")

    failure = visitor.page.locator(".failure")
    expect(failure).to_contain_text("one of the roles")
    expect(failure).to_contain_text("ada@company.com")
    expect(failure).to_contain_text("denied@company.com")
    failure.get_by_role("link", name="What you may do").click()
    expect(visitor.page.get_by_role("heading", name="What you may do here")).to_be_visible()


def test_permission_denied_because_somebody_else_owns_the_model(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Check if model ownership is correct": the settings of another's model say who its owners are."""
    visitor = visit(enter(chromium, registry, "other@company.com", "MODEL_OWNER"), registry.url)

    visitor.go("/models/nlp-models/sentiment-classifier/settings")

    main = visitor.page.locator("main")
    expect(main).to_contain_text("to be an owner of this model")
    expect(main).to_contain_text("writer@company.com")


def test_permission_denied_because_the_session_ended(chromium: Browser, registry: RunningRegistry) -> None:
    """ "Verify you're logged in correctly": whoever was signed out is sent to sign in, and comes back."""
    context = enter(chromium, registry, "fifth@company.com", "MODEL_OWNER")
    visitor = visit(context, registry.url)
    visitor.go("/models")
    context.clear_cookies()

    visitor.go("/models/nlp-models/sentiment-classifier")

    expect(visitor.page).to_have_url(f"{registry.url}/login?next=%2Fmodels%2Fnlp-models%2Fsentiment-classifier")
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
