"""Telling where a version comes from and asking what a change reaches, with the guide's words, in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.journeys.test_everyday import tab_to
from tests.journeys.test_pages import look_at
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

MODEL = "/models/nlp-models/sentiment-analysis-bert"
VERSION = f"{MODEL}/versions/3.1.0"
TAB = f"{VERSION}/lineage"
NODE = "/lineage?node=dataset:reviews-multidomain@v7"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with models that are built on each other."""
    with running_registry(tmp_path_factory.mktemp("lineage")) as running:
        with Client(running.url, running.token("ines@company.com", "MODEL_OWNER")) as client:
            furnish(client)
        yield running


def furnish(client: Client) -> None:
    """What the graph shows beside what the journey tells."""
    for group, name, tier, owner in (
        ("nlp-models", "sentiment-analysis-bert", "MEDIUM", "ines@company.com"),
        ("nlp-models", "bert-domain-adapted", "LOW", "ines@company.com"),
        ("support", "support-ticket-router", "HIGH", "care-ml@company.com"),
        ("customer-analytics", "customer-churn-predictor", "MEDIUM", "ines@company.com"),
    ):
        client.register_model(
            {
                "group": group,
                "name": name,
                "description": "Scores texts.",
                "owners": [owner],
                "riskTier": tier,
                "repositoryUrl": "https://git.company.com/nlp-training",
            }
        )
    metadata = {"hyperparameters": {"epochs": 3, "lr": 2e-5}}
    outside = {"baseModel": {"uri": "hf:google-bert/bert-base-multilingual"}}
    client.register_version("nlp-models/bert-domain-adapted", {"version": "1.0.0", "metadata": outside})
    client.register_version("nlp-models/sentiment-analysis-bert", {"version": "3.1.0", "metadata": metadata})
    based = {"metadata": {"baseModel": {"model": "nlp-models/sentiment-analysis-bert", "version": "3.1.0"}}}
    client.register_version("support/support-ticket-router", {"version": "1.8.1", **based})
    client.register_version("customer-analytics/customer-churn-predictor", {"version": "1.2.0", **based})


@pytest.fixture(scope="module")
def visitor(chromium: Browser, registry: RunningRegistry) -> Visitor:
    """Ines at her browser."""
    context = enter(chromium, registry, "ines@company.com", "MODEL_OWNER", name="Ines Sol")
    return visit(context, registry.url)


def add(visitor: Visitor, act: str, role: str = "", **typed: str) -> None:
    """Press the button of the guide on the tab, in the menu where it is not the first, fill the form and send it."""
    visitor.go(TAB)
    if act != "Track Dataset":
        visitor.page.locator("summary[aria-label='Add more lineage']").click()
    visitor.page.locator(".titlebar").get_by_role("link", name=act, exact=True).click()
    visitor.fill(**typed)
    if role:
        visitor.page.get_by_label("Role").select_option(label=role)
    visitor.press(act)
    expect(visitor.page.locator("[data-notice]")).to_be_visible()


def test_lineage_is_told_with_the_guides_words(visitor: Visitor) -> None:
    """Go to the version, click Track Dataset, provide name, version, URI and role; then code, runs and models."""
    visitor.go(VERSION)
    visitor.page.locator(".tabline").get_by_role("link", name="Lineage").click()
    visitor.press("Track Dataset")
    for label, typed in (
        ("Dataset name", "reviews-multidomain"),
        ("Dataset version", "v7"),
        ("Dataset URI or location", "s3://data/reviews/v7/"),
    ):
        visitor.page.get_by_label(label).fill(typed)
    visitor.page.get_by_label("Role").select_option(label="Training")
    visitor.press("Track Dataset")
    expect(visitor.page.locator("[data-notice]")).to_contain_text("The dataset is tracked")

    add(visitor, "Track Dataset", "Validation", name="reviews-holdout", version="v3", uri="s3://data/reviews/holdout/")
    add(visitor, "Link Commit", repositoryUrl="https://git.company.com/nlp-training", commitSha="8c41f0e1b2")
    add(visitor, "Link Training Run", system="mlflow", runId="sent-1187", url="https://mlflow.company.com/1187")
    add(visitor, "Add Feature Pipeline", name="text-normaliser", uri="airflow://features/text")
    add(visitor, "Add Base Model", model="nlp-models/bert-domain-adapted", version="1.0.0")
    add(visitor, "Add Consumer", name="Help desk", url="https://help.company.com")

    told = visitor.page.locator("[aria-labelledby=items-title]")
    for text in ("reviews-multidomain v7", "reviews-holdout v3", "8c41f0e1b2", "mlflow/sent-1187", "Help desk"):
        expect(told).to_contain_text(text)
    expect(told).to_contain_text("2 set")
    told.get_by_role("link", name="Compliance Trail").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("3.1.0")
    assert [] == visitor.complaints


def test_what_a_recalled_dataset_reaches_is_found_by_keyboard(visitor: Visitor) -> None:
    """`g l`, type how the dataset begins, choose it, and read which versions a change of it reaches."""
    keys = visitor.page.keyboard
    visitor.go("/")
    keys.press("g")
    keys.press("l")
    visitor.page.wait_for_url("**/lineage")
    expect(visitor.page.locator("#q")).to_be_focused()
    keys.type("reviews-multi")
    expect(visitor.page.locator("#found")).to_contain_text("reviews-multidomain v7")
    tab_to(visitor, "reviews-multidomain v7")
    keys.press("Enter")
    visitor.page.wait_for_url("**/lineage?node=*")

    impact = visitor.page.locator("[aria-labelledby=impact-title]")
    expect(impact).to_contain_text("3 versions are reached")
    expect(impact).to_contain_text("support-ticket-router")
    impact.get_by_role("link", name="Tell 1 owner").press("Enter")
    visitor.page.get_by_label("Message").fill("reviews-multidomain v7 was recalled.")
    keep_picture(visitor.page, "lineage-tell")
    visitor.page.get_by_role("button", name="Tell 1 owner").press("Enter")
    expect(visitor.page.locator("[data-notice]")).to_contain_text("The owners are told")
    assert [] == visitor.complaints


def test_kinds_are_ticked_off_in_place(visitor: Visitor) -> None:
    """Unticking a kind takes its nodes out of the table at once, and the address says so."""
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.go(f"{TAB}?view=table")
    expect(visitor.page.locator("#picture")).to_contain_text("reviews-multidomain v7")

    visitor.page.get_by_role("checkbox", name="Data").uncheck()

    expect(visitor.page.locator("#picture")).not_to_contain_text("reviews-multidomain v7")
    expect(visitor.page.locator("#picture")).to_contain_text("mlflow/sent-1187")
    assert "kinds=" in visitor.page.url
    assert [] == visitor.complaints


@pytest.mark.parametrize(
    "path",
    [
        TAB,
        f"{TAB}?view=table",
        f"{TAB}/new?kind=DATASET",
        f"{TAB}/new?kind=BASE_MODEL",
        f"{VERSION}",
        f"{MODEL}/lineage",
        "/models/support/support-ticket-router/versions/1.8.1/lineage?node=dataset:reviews-multidomain@v7&depth=3",
        "/lineage",
        "/lineage?q=rev",
        "/lineage/tell?node=dataset:reviews-multidomain@v7",
        NODE,
    ],
)
def test_the_pages_of_lineage_are_accessible_and_fit(visitor: Visitor, path: str) -> None:
    """axe finds nothing serious in either theme, and nothing scrolls sideways."""
    visitor.complaints.clear()

    assert [] == look_at(visitor, path)
    assert [] == visitor.complaints


def test_the_tab_works_without_scripts(chromium: Browser, registry: RunningRegistry) -> None:
    """Reading, ticking kinds and telling work by links and forms alone; a phone opens with the table."""
    context = enter(
        chromium, registry, "ines@company.com", "MODEL_OWNER", scripts=False, viewport={"width": 390, "height": 844}
    )
    plain = visit(context, registry.url)
    plain.go(TAB)

    expect(plain.page.locator(".lin-tbl").first).to_be_visible()
    plain.page.get_by_role("checkbox", name="Code and runs").uncheck()
    plain.page.locator(".lin-kinds button").press("Enter")
    expect(plain.page.locator("#picture .lin-tbl")).not_to_contain_text("mlflow/sent-1187")
    plain.press("Track Dataset")
    plain.fill(name="reviews-test", version="v1")
    plain.page.get_by_label("Role").select_option(label="Test")
    plain.press("Track Dataset")
    expect(plain.page.locator("main")).to_contain_text("reviews-test v1")
