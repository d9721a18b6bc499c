"""A model card, from the first click to the file for the regulator, by the words of the guide."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.journeys.test_pages import look_at
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.browser

ADDRESS = "customer-analytics/customer-churn-predictor"
VERSION = f"/models/{ADDRESS}/versions/1.2.0"
OWNER = "priya@company.com"
METADATA = {
    "framework": "xgboost", "frameworkVersion": "2.0.3", "modelType": "Gradient-boosted trees",
    "inputSchema": {"type": "object", "required": ["tenureMonths"],
                    "properties": {"tenureMonths": {"type": "integer"}, "plan": {"type": "string"}}},
    "outputSchema": {"type": "object", "properties": {"probability": {"type": "number"}}},
    "hyperparameters": {"max_depth": 6, "eta": 0.1, "objective": "binary:logistic"},
    "trainingDataset": {"name": "churn-events", "version": "2025-11", "uri": "s3://lake/churn-events/2025-11"},
    "intendedUse": "Weekly lists of customers to call with a retention offer. A person decides on every offer.",
    "limitations": "It was never measured on business customers.",
    "card": {
        "architecture": "400 trees of depth 6.", "license": "Apache-2.0", "trainingDate": "2025-12-14",
        "outOfScopeUses": "- Prices, credit limits or contract terms.\n- Customers with less than 30 days of usage.",
        "relevantFactors": "Results depend on tenure, contract type and data plan.",
        "evaluationProcedure": "On customers never seen in training. Intervals are 95%, from 2,000 bootstrap samples.",
        "datasetDescription": "Two years of events of 1.9 million customers.",
        "knownBiases": "The postcode is known to stand in for income.",
        "risks": "An offer that reaches some age groups more than others is a disadvantage for the rest.",
    },
}  # fmt: skip
METRICS = [
    {"name": "auc", "value": 0.871, "confidenceInterval": [0.866, 0.876]},
    {"name": "recall", "value": 0.738},
    {"name": "latency_ms", "value": 31.25},
    *(
        {"name": "auc", "value": value, "slice": f"tenure={name}", "confidenceInterval": [low, high]}
        for name, value, low, high in (
            ("Under 3 months", 0.812, 0.794, 0.829), ("3 to 12 months", 0.858, 0.849, 0.867),
            ("1 to 3 years", 0.883, 0.876, 0.889), ("Over 3 years", 0.876, 0.868, 0.885),
        )
    ),
    *({"name": "recall", "value": value, "slice": f"age={age}"}
      for age, value in (("18 to 24", 0.702), ("25 to 44", 0.744), ("45 to 64", 0.751), ("65 and over", 0.733))),
]  # fmt: skip
THRESHOLDS = [
    {"metric": "auc", "comparison": ">=", "value": 0.85},
    {"metric": "auc", "slice": "tenure=Under 3 months", "comparison": ">=", "value": 0.85},
    {"metric": "latency_ms", "comparison": "<=", "value": 40},
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry just started."""
    with running_registry(tmp_path_factory.mktemp("cards")) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, opened: RunningRegistry) -> Iterator[BrowserContext]:
    """The browser of the owner, who joins before a program acts in her name."""
    context = enter(
        chromium, opened, OWNER, "MODEL_OWNER,AUDITOR", name="Priya Raman", viewport={"width": 1280, "height": 900}
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def furnished(
    opened: RunningRegistry, signed_in: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> RunningRegistry:
    """A registry with a version that was measured and described, but for some of it."""
    assert signed_in
    furnish(opened, tmp_path_factory.mktemp("files"))
    return opened


def furnish(running: RunningRegistry, folder: Path) -> None:
    """What the card is drawn from."""
    with Client(running.url, running.token(OWNER, "MODEL_OWNER")) as client:
        client.register_model(
            {
                "name": "customer-churn-predictor", "group": "customer-analytics", "owners": [OWNER],
                "description": "Predicts the probability that a customer leaves within 60 days, from usage patterns "
                               "and demographics.", "riskTier": "MEDIUM",
            }
        )  # fmt: skip
        client.register_version(ADDRESS, {"version": "1.2.0", "commitSha": "d09e4b1", "metadata": METADATA})
        weights = folder / "model.safetensors"
        weights.write_bytes(make_safetensors(200_000, format="pt", license="Apache-2.0"))
        client.upload(f"{ADDRESS}:1.2.0", weights, type="WEIGHTS")
    mrc = running.token("amara@company.com", "MRC")
    suite = {"name": "Tabular classification", "thresholds": THRESHOLDS}
    post(running, mrc, "/evaluation-suites", suite)
    run = {"dataset": {"name": "churn-holdout", "version": "2025-12"}, "metrics": METRICS, "suite": suite["name"]}
    post(running, running.token(OWNER, "MODEL_OWNER"), f"{VERSION}/evaluations", run)


def post(running: RunningRegistry, token: str, path: str, body: object) -> None:
    """Ask the API, which is to agree."""
    headers = {"authorization": f"Bearer {token}"}
    httpx2.post(f"{running.url}/api/v1{path}", json=body, headers=headers).raise_for_status()


@pytest.fixture(scope="module")
def owner(signed_in: BrowserContext, furnished: RunningRegistry) -> Visitor:
    """Who follows the guide."""
    return visit(signed_in, furnished.url)


def test_the_guides_five_steps_lead_to_a_published_card(owner: Visitor, tmp_path: Path) -> None:
    """Navigate to Version, Generate Card, Review Content, Add Annotations, Publish; then every file is exported."""
    page = owner.page
    owner.go(VERSION)
    owner.press("Model card")
    assert "No model card yet" in page.locator("main").inner_text()
    keep_picture(page, "card-none")

    owner.press("Generate Model Card")
    assert page.locator(".card-section h3").all_inner_texts() == [
        "Model Details", "Intended Use", "Factors", "Metrics", "Training Data", "Quantitative Analyses",
        "Ethical Considerations",
    ]  # fmt: skip
    assert page.locator("#item-demographic-factors").get_by_text("Not provided.").is_visible()
    assert page.get_by_text("below the limit").first.is_visible()

    metrics = page.locator("#metrics")
    metrics.locator(".card-write summary").click()
    metrics.locator("textarea").fill("New customers are **under** the limit:\n\n- they are left off the list.")
    metrics.get_by_role("button", name="Preview").click()
    page.wait_for_selector("#preview-metrics strong")
    keep_picture(page, "card-preview")
    assert page.url.endswith("card?revision=draft")
    metrics.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    note = page.locator("#metrics .card-note").first
    assert ("Priya Raman" in note.inner_text(), note.locator("strong").inner_text()) == (True, "under")

    page.locator("summary", has_text="Publish").click()
    assert "never changed again" in page.locator("main").inner_text()
    keep_picture(page, "card-publish")
    owner.press("Publish revision 1")
    assert "Revision 1, published" in page.locator(".card-bar").inner_text()

    page.locator("summary", has_text="Export").click()
    files = {}
    for label in page.locator(".card-menu a b").all_inner_texts()[:3]:
        with page.expect_download() as waited:
            page.locator(".card-menu a", has_text=label).first.click()
        kept = tmp_path / waited.value.suggested_filename
        waited.value.save_as(kept)
        files[label] = kept
    assert {"HTML", "JSON"} <= set(files)
    assert json.loads(files["JSON"].read_text("utf-8"))["status"] == "PUBLISHED"
    assert [] == owner.complaints


def test_the_exported_file_is_accessible_and_asks_nobody_for_anything(
    owner: Visitor, furnished: RunningRegistry, chromium: Browser, tmp_path: Path
) -> None:
    """Opened from a disk, at any width, in both themes."""
    saved = tmp_path / "card.html"
    answer = owner.page.context.request.get(f"{furnished.url}/api/v1{VERSION}/card?format=html")
    saved.write_bytes(answer.body())
    visitor = visit(chromium.new_context(), f"file://{saved}")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))

    faults = look_at(visitor, "")
    visitor.page.context.close()

    assert ([], []) == (faults, visitor.complaints)
    assert {f"file://{saved}"} == set(asked)


@pytest.mark.parametrize("path", ["", "?revision=draft", "/compare"])
def test_the_pages_of_a_card_are_accessible_and_fit(
    signed_in: BrowserContext, furnished: RunningRegistry, path: str
) -> None:
    """Published, as a draft behind the facts, and two revisions beside each other."""
    token = furnished.token(OWNER, "MODEL_OWNER")
    headers = {"authorization": f"Bearer {token}"}
    httpx2.post(f"{furnished.url}/api/v1{VERSION}/card", headers=headers).raise_for_status()
    note = {"markdown": "Accepted for retention offers **only**. A use in pricing would need a new review."}
    put = httpx2.put(f"{furnished.url}/api/v1{VERSION}/card/annotations/intended-use", json=note, headers=headers)
    put.raise_for_status()
    with Client(furnished.url, token) as client:
        client.update_version(
            f"{ADDRESS}:1.2.0", {"metadata": {"ethicalConsiderations": f"Looked at again: {path!r}."}}
        )
    visitor = visit(signed_in, furnished.url)

    faults = look_at(visitor, f"{VERSION}/card{path}")
    visitor.page.close()

    assert ([], []) == (faults, visitor.complaints)


def test_the_section_that_is_read_is_marked(owner: Visitor) -> None:
    """While one scrolls, where one was led, and at the end, which is too short to come up to the top."""
    page = owner.page
    page.set_viewport_size({"width": 1280, "height": 900})
    owner.go(f"{VERSION}/card")
    present = page.locator(".card-nav a[aria-current]")

    def await_mark(section: str) -> None:
        page.wait_for_selector(f".card-nav a[href='#{section}'][aria-current]")
        assert present.count() == 1

    await_mark("model-details")
    page.locator("#metrics").evaluate("section => section.scrollIntoView()")
    await_mark("metrics")
    page.locator(".card-nav a[href='#ethical-considerations']").click()
    await_mark("ethical-considerations")
    page.evaluate("scrollTo(0, 0)")
    await_mark("model-details")


def test_long_values_stay_on_the_page(owner: Visitor, furnished: RunningRegistry) -> None:
    """A version, a parameter and a text without a blank in them, on a phone."""
    version = "1.4.0-" + "a" * 50
    with Client(furnished.url, furnished.token(OWNER, "MODEL_OWNER")) as client:
        long = {"intendedUse": "https://a.example/" + "x" * 500, "hyperparameters": {"k" * 80: "v" * 300},
                "card": {"architecture": "y" * 400}}  # fmt: skip
        client.register_version(ADDRESS, {"version": version, "metadata": long})
    owner.go(f"{VERSION.replace('1.2.0', version)}/card")
    owner.press("Generate Model Card")

    assert [] == look_at(owner, f"{VERSION.replace('1.2.0', version)}/card")


def test_a_draft_is_thrown_away_and_what_was_said_of_it_waits(owner: Visitor, furnished: RunningRegistry) -> None:
    """After one question the page shows what is published again; without it the page of before, both fit to read."""
    page, version = owner.page, VERSION.replace("1.2.0", "1.5.0")
    with Client(furnished.url, furnished.token(OWNER, "MODEL_OWNER")) as client:
        client.register_version(ADDRESS, {"version": "1.5.0", "metadata": METADATA})
        client.generate_card(f"{ADDRESS}:1.5.0")
        client.publish_card(f"{ADDRESS}:1.5.0")
        client.update_version(f"{ADDRESS}:1.5.0", {"metadata": {"custom": {"team": "retention"}}})
        client.annotate_card(f"{ADDRESS}:1.5.0", "factors", "Prepaid customers were **not** seen.")
    owner.go(f"{version}/card?revision=draft")
    page.locator("summary", has_text="Discard draft").click()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        keep_picture(page, f"card-discard-{width}")
    page.locator(".pop-body").get_by_role("button", name="Discard draft").click()
    page.wait_for_load_state()

    assert "The draft is discarded." in page.locator("body").inner_text()
    assert "Revision 1, published" in page.locator(".card-bar").inner_text()
    assert "for the next draft" in page.locator("#factors").inner_text()
    assert [] == look_at(owner, f"{version}/card")
    assert [] == look_at(owner, version)
    assert [] == look_at(owner, f"{version}/edit")
    assert [] == owner.complaints


def test_a_card_needs_no_script(chromium: Browser, furnished: RunningRegistry) -> None:
    """Generated, annotated with a preview, and published by forms alone. It comes last: it ends her other session."""
    token = furnished.token(OWNER, "MODEL_OWNER")
    with Client(furnished.url, token) as client:
        client.register_version(ADDRESS, {"version": "1.3.0"})
    context = enter(chromium, furnished, OWNER, "MODEL_OWNER", name="Priya Raman", scripts=False)
    visitor = visit(context, furnished.url)
    page = visitor.page
    visitor.go(f"{VERSION.replace('1.2.0', '1.3.0')}/card")

    visitor.press("Generate Model Card")
    factors = page.locator("#factors")
    factors.locator(".card-write summary").click()
    factors.locator("textarea").fill("Only *adults*.")
    factors.get_by_role("button", name="Preview").click()
    previewed = page.locator("#preview-factors em").inner_text()
    page.locator("#factors").get_by_role("button", name="Save").click()
    page.locator("summary", has_text="Publish").click()
    visitor.press("Publish revision 1")
    expect(page.locator(".card-bar")).to_contain_text("Revision 1, published")
    said = page.locator("#factors .card-note em").inner_text()
    context.close()

    assert (previewed, said) == ("adults", "adults")
