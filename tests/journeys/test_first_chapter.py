"""The guide's first chapters, followed by one person alone in a browser."""

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import PASSPHRASE, Visitor, first_start_link, visit
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.browser


def claim(visitor: Visitor, link: str) -> None:
    """Become the first Admin, as the first page asks."""
    visitor.page.goto(link)
    visitor.fill(email="ana@company.com", name="Ana Lindqvist", passphrase=PASSPHRASE)
    visitor.press("Create my account")


def register_model(visitor: Visitor) -> None:
    """The guide's chapter "Creating Your First Model"."""
    visitor.press("Models", within="header")
    visitor.press("Create Model")
    visitor.fill(name="sentiment-classifier", group="nlp-models", description="Scores support messages.")
    visitor.page.get_by_role("radio", name="Medium").check(force=True)
    visitor.press("Create Model")


def create_version(visitor: Visitor) -> None:
    """The guide's chapter "Creating Model Versions"."""
    visitor.press("Create New Version")
    visitor.fill(version="1.2.0", commitSha="7be41c9", metadata__framework="pytorch", metadata__modelType="bert-base")
    visitor.page.locator("main form").get_by_role("button", name="Create").first.click()
    visitor.page.wait_for_load_state()


def test_one_person_gets_from_the_first_start_link_to_a_verified_download(chromium: Browser, tmp_path: Path) -> None:
    """Sign in, register a model, add a version, upload, download: the digest is the same, and the log verifies."""
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(make_safetensors(300_000))
    with running_registry(tmp_path) as served:
        visitor = visit(chromium.new_context(accept_downloads=True), served.url)

        claim(visitor, first_start_link(served))
        register_model(visitor)
        create_version(visitor)
        visitor.press("Upload Artifacts")
        visitor.page.set_input_files("#files", weights)
        expect(visitor.page.get_by_text("stored", exact=True).first).to_be_visible()
        visitor.page.reload()
        with visitor.page.expect_download() as download:
            visitor.page.get_by_role("button", name="Download model.safetensors").click()
        fetched = Path(download.value.path()).read_bytes()
        verdict = served.operate("audit", "verify")

    assert hashlib.sha256(weights.read_bytes()).hexdigest() == hashlib.sha256(fetched).hexdigest()
    assert verdict.startswith("OK: ")
    assert [] == visitor.complaints


def test_forms_work_without_javascript(chromium: Browser, tmp_path: Path) -> None:
    """With scripts off, a person still signs in, registers a model, adds a version and reads the pages."""
    with running_registry(tmp_path) as served:
        visitor = visit(chromium.new_context(java_script_enabled=False), served.url)

        claim(visitor, first_start_link(served))
        register_model(visitor)
        create_version(visitor)

        assert visitor.page.url.startswith(f"{served.url}/models/nlp-models/sentiment-classifier/versions/1.2.0")
        expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("sentiment-classifier")


def test_a_wrong_field_keeps_what_was_typed_and_says_what_to_do(chromium: Browser, served: RunningRegistry) -> None:
    """An invalid form comes back with its values, an error at the field, and a summary that links to it."""
    visitor = visit(chromium.new_context(java_script_enabled=False), served.url)
    link = served.operate("admin", "invite", "writer@company.com", "--roles", "MODEL_OWNER").strip()
    visitor.page.goto(link)
    visitor.fill(name="Wim", passphrase=PASSPHRASE)
    visitor.page.locator("main form").get_by_role("button").first.click()

    visitor.go("/models/new")
    visitor.fill(name="bad name", group="nlp-models", description="What it does.", owners="nobody")
    visitor.press("Create Model")

    assert "bad name" == visitor.page.locator("main [name=name]").input_value()
    expect(visitor.page.get_by_text("Letters, digits, hyphens and underscores only").first).to_be_visible()
    expect(visitor.page.locator("main [role=alert] a").first).to_be_visible()
