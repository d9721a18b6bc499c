"""The guide's chapter "Version Management", done in a browser by six people: from DRAFT to RETIRED at high risk."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from modelkeep_server.kit import clock
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.browser

MODEL = "/models/risk/fraud-detector"
VERSION = f"{MODEL}/versions/1.0.0"
ADDRESS = "risk/fraud-detector"
#: What people typed on the way, in its order.
STEPS = (
    "The holdout is frozen until Friday.",
    "Fine until then.",
    "Recall rose by two points.",
    "Say how it was split.",
    "The split is by month now.",
    "Clear now.",
    "No code in the weights.",
    "Ran for two weeks in staging.",
    "Numbers hold.",
    "Nothing new.",
    "Errors rose on the canary.",
    "A better one comes.",
    "Nobody calls it.",
)
PEOPLE = {
    "olga": "MODEL_OWNER",
    "mara": "MRC",
    "sven": "SECURITY_ARCHITECT",
    "sita": "SRE",
    "aron": "AUDITOR",
    "ada": "ADMIN",
}
METADATA = {
    "metadata__framework": "xgboost",
    "metadata__frameworkVersion": "2.1.3",
    "metadata__modelType": "xgboost",
    "metadata__inputSchema": '{"type": "object", "properties": {"amount": {"type": "number"}}}',
    "metadata__outputSchema": '{"type": "number"}',
    "metadata__hyperparameters": '{"max_depth": 6}',
    "metadata__trainingDataset__name": "payments",
    "metadata__trainingDataset__version": "2026-02",
    "metadata__intendedUse": "Scores card payments; people decide.",
    "metadata__limitations": "Weak on merchants under 30 days.",
    "metadata__ethicalConsiderations": "Postcode was dropped, since it stands for income.",
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry just started."""
    with running_registry(tmp_path_factory.mktemp("whole-life")) as running:
        yield running


@pytest.fixture(scope="module")
def cast(chromium: Browser, registry: RunningRegistry) -> dict[str, Visitor]:
    """Six people, each at a browser of their own."""
    return {
        name: visit(enter(chromium, registry, f"{name}@company.com", role, name=name.capitalize()), registry.url)
        for name, role in PEOPLE.items()
    }


def test_six_people_bring_a_version_from_draft_to_retired(
    cast: dict[str, Visitor], registry: RunningRegistry, tmp_path: Path
) -> None:
    """With a failed candidate, an exception, one round of changes and a rollback; the trail lists every step."""
    olga, mara, sven, sita = (cast[name] for name in ("olga", "mara", "sven", "sita"))
    _make_environments(sita)
    _register(olga, tmp_path)
    _close_failed_candidate(olga)
    _ask_exception(olga)
    for reviewer in (mara, sven):
        _grant_exception(reviewer)
    _request(olga, "Recall rose by two points.")
    _decide(mara, "Request changes", "Say how it was split.")
    keep_picture(mara.page, "life changes requested")
    olga.go(f"{VERSION}/edit")
    olga.fill(description="Trained on a split by month.")
    olga.press("Save")
    _request(olga, "The split is by month now.")
    _decide(mara, "Approve", "Clear now.")
    _decide(sven, "Approve", "No code in the weights.")
    _move(sita, "Move to staging", "staging-eu")
    _publish_card(olga)
    _request(olga, "Ran for two weeks in staging.")
    _decide(mara, "Approve", "Numbers hold.")
    _decide(sven, "Approve", "Nothing new.")
    _move(sita, "Move to production", "production-eu")
    _roll_back(sita)
    _finish(olga, "Deprecate", "A better one comes.")
    _end_what_is_live(sita)
    _finish(cast["ada"], "Retire", "Nobody calls it.")

    _expect_whole_trail(cast["aron"])
    assert [] == [said for visitor in cast.values() for said in visitor.complaints]


def _register(olga: Visitor, folder: Path) -> None:
    olga.go("/models")
    olga.press("Create Model")
    olga.fill(name="fraud-detector", group="risk", description="Scores card payments for fraud.")
    olga.page.get_by_role("radio", name="High").check(force=True)
    olga.press("Create Model")
    for number in ("0.9.0", "1.0.0"):
        olga.go(MODEL)
        olga.press("Create New Version")
        olga.fill(version=number)
        if number == "1.0.0":
            olga.page.evaluate("document.querySelectorAll('main form details').forEach(one => one.open = true)")
            olga.fill(**METADATA)
        keep_picture(olga.page, f"life new {number}")
        olga.press("Create Version")
    weights = folder / "model.safetensors"
    weights.write_bytes(make_safetensors())
    olga.go(f"{VERSION}/artifacts")
    olga.press("Upload Artifacts")
    olga.page.set_input_files("#files", weights)
    expect(olga.page.locator("[data-upload-list]")).to_contain_text("verified")


def _close_failed_candidate(olga: Visitor) -> None:
    olga.go(f"{MODEL}/versions/0.9.0")
    olga.page.locator("summary", has_text="Close").click()
    panel = olga.page.locator("details[open] form")
    panel.locator("[name=reason]").fill("It did not converge.")
    panel.get_by_role("button").click()
    expect(olga.page.locator("main")).to_contain_text("It did not converge.")
    keep_picture(olga.page, "life closed")


def _ask_exception(olga: Visitor) -> None:
    olga.go(VERSION)
    keep_picture(olga.page, "life draft")
    olga.go("/exceptions/new")
    olga.fill(
        version="risk/fraud-detector:1.0.0",
        justification="The holdout is frozen until Friday.",
        risk="Recall is not measured yet.",
        mitigation="People look at every alarm.",
        expiresAt=(clock.utc_now() + timedelta(days=20)).date().isoformat(),
    )
    olga.page.locator("#policy").select_option(label="Evaluations pass")
    olga.press("Ask for an Exception")
    expect(olga.page.locator("main")).to_contain_text("frozen until Friday")


def _grant_exception(reviewer: Visitor) -> None:
    reviewer.go("/exceptions")
    reviewer.page.locator("main table a").first.click()
    reviewer.fill(comment="Fine until then.")
    reviewer.press("Grant")
    keep_picture(reviewer.page, "life exception")


def _request(olga: Visitor, why: str) -> None:
    olga.go(VERSION)
    olga.fill(justification=why)
    olga.press("Request Promotion")
    keep_picture(olga.page, f"life asked {why[:6].lower()}")


def _publish_card(olga: Visitor) -> None:
    """Where the Next-step box of a version in staging leads to."""
    olga.go(VERSION)
    keep_picture(olga.page, "life card wanted")
    olga.page.locator("#next").get_by_role("link", name="Generate Model Card").click()
    olga.page.wait_for_load_state()
    olga.press("Generate Model Card")
    olga.page.locator("main summary", has_text="Publish").click()
    olga.press("Publish revision 1")
    expect(olga.page.locator("main")).to_contain_text("Published")
    keep_picture(olga.page, "life card published")


def _decide(reviewer: Visitor, decision: str, comment: str) -> None:
    reviewer.go("/reviews")
    reviewer.page.locator("main tbody a").first.click()
    reviewer.page.wait_for_load_state()
    reviewer.page.locator("#decide").get_by_text(decision, exact=True).click()
    reviewer.fill(comment=comment)
    keep_picture(reviewer.page, f"life review {comment[:6].lower()}")
    reviewer.press("Decide")


def _make_environments(sita: Visitor) -> None:
    for name, kind in (("staging-eu", "STAGING"), ("production-eu", "PRODUCTION")):
        sita.go("/deployments/environments/new")
        sita.fill(name=name, region="eu-west-1")
        sita.page.locator(f"[name=kind][value={kind}]").check(force=True)
        sita.press("Create environment")


def _move(sita: Visitor, word: str, environment: str) -> None:
    sita.go(VERSION)
    sita.fill(comment="Health checks pass.", endpointUrl=f"https://{environment}.company.com/score")
    sita.page.locator("#move-environment").select_option(label=environment)
    keep_picture(sita.page, f"life {word.lower()}")
    sita.press(word)
    expect(sita.page.locator("main")).to_contain_text(environment)


def _open_record(sita: Visitor) -> None:
    sita.go(f"{MODEL}/deployments")
    sita.page.locator("main").get_by_role("link", name="production-eu").first.click()
    sita.page.wait_for_load_state()
    sita.press("Record a deployment")
    if sita.page.locator("main [name=model]:visible").count():
        sita.fill(model=ADDRESS)
        sita.press("Go on")


def _roll_back(sita: Visitor) -> None:
    _open_record(sita)
    sita.page.locator("main [name^=endpointUrl]").first.fill("https://canary.company.com/score")
    sita.press("See what changes")
    keep_picture(sita.page, "life record")
    sita.press("Record it")
    sita.go(f"{MODEL}/deployments")
    expect(sita.page.locator("main")).to_contain_text("canary.company.com")
    keep_picture(sita.page, "life live")
    sita.page.locator("main").get_by_role("link", name="Roll back").first.click()
    sita.fill(reason="Errors rose on the canary.")
    keep_picture(sita.page, "life roll back")
    sita.press("Roll back now")
    expect(sita.page.locator("main")).to_contain_text("production-eu.company.com")


def _end_what_is_live(sita: Visitor) -> None:
    for environment in ("staging-eu", "production-eu"):
        sita.go("/deployments")
        sita.page.locator("main").get_by_role("link", name=environment).first.click()
        sita.press("Record a deployment")
        if sita.page.locator("main [name=model]:visible").count():
            sita.fill(model=ADDRESS)
            sita.press("Go on")
        for share in sita.page.locator("main [data-share]").all():
            share.fill("")
        sita.press("See what changes")
        sita.press("Record it")


def _finish(visitor: Visitor, word: str, why: str) -> None:
    visitor.go(VERSION)
    if word == "Deprecate":
        visitor.page.locator("#next summary", has_text="Deprecate").click()
    visitor.fill(comment=why)
    visitor.page.locator("#move-sure input").check()
    keep_picture(visitor.page, f"life {word.lower()}")
    visitor.press(word)


def _expect_whole_trail(aron: Visitor) -> None:
    """Every step in its order, all of them proven."""
    aron.go(f"{VERSION}/trail")
    keep_picture(aron.page, "life trail")
    trail = aron.page.locator("main")
    expect(trail).to_contain_text("Every event of this page is proven")
    told = trail.inner_text()
    places = [told.find(words) for words in STEPS]
    assert -1 not in places, dict(zip(STEPS, places, strict=True))
    assert places == sorted(places)
