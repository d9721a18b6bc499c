"""The query box in a browser: what may come next is offered, and taken by keys, mouse and touch."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from modelkeep_server.features.search.language.scanning import one_line
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

MODELS = {
    "nlp-models/sentiment-analysis-bert": ["nlp", "production", "transformer"],
    "nlp-models/toxicity-filter": ["nlp", "moderation"],
    "risk/fraud-detection-xgboost": ["fraud", "production"],
    "risk/fraud-ring-finder": ["fraud", "Fin-Tech"],
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with a few models."""
    with running_registry(tmp_path_factory.mktemp("box")) as running:
        token = running.token("ines@company.com", "MODEL_OWNER")
        with httpx2.Client(base_url=f"{running.url}/api/v1", headers={"authorization": f"Bearer {token}"}) as program:
            for address, tags in MODELS.items():
                group, name = address.split("/")
                model = {"group": group, "name": name, "description": f"What {name} does.", "riskTier": "MEDIUM"}
                model |= {"owners": ["ines@company.com"], "tags": tags}
                program.post("/models", json=model).raise_for_status()
        yield running


@pytest.fixture
def visitor(chromium: Browser, registry: RunningRegistry) -> Visitor:
    """Ines on her dashboard."""
    context = enter(chromium, registry, "ines@company.com", "MODEL_OWNER", reduced_motion="reduce")
    visitor = visit(context, registry.url)
    visitor.go("/")
    return visitor


def box_of(page: Page) -> Locator:
    """The box at the top of every page."""
    return page.locator(".topsearch input")


def offers_of(page: Page) -> Locator:
    """What it offers."""
    return page.locator(".topsearch [role=option]")


def test_a_query_is_put_together_by_keys(visitor: Visitor) -> None:
    """Tab takes the first offer, arrows walk through them and Enter takes the marked one, or else searches."""
    page = visitor.page
    page.keyboard.press("/")
    box = box_of(page)
    expect(box).to_be_focused()
    page.keyboard.type("ris")
    expect(offers_of(page).first).to_contain_text("riskTier:")
    page.keyboard.press("Tab")
    expect(box).to_have_value("riskTier:")
    expect(offers_of(page)).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", re.compile("offers-"))
    expect(page.locator(".topsearch [aria-selected=true]")).to_contain_text("MEDIUM")
    page.keyboard.press("Enter")
    expect(box).to_have_value("riskTier:MEDIUM ")
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("tag:nl")
    expect(offers_of(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(box).to_have_value("riskTier:MEDIUM tag:nlp ")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/models\?q=riskTier"))
    assert visitor.complaints == []


def test_a_model_is_gone_to_by_its_name(visitor: Visitor) -> None:
    """What is typed finds models themselves, and Enter opens the one that is marked."""
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("toxic")
    expect(offers_of(page).first).to_contain_text("nlp-models/toxicity-filter")
    keep_picture(page, "query-box-models")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/nlp-models/toxicity-filter")


def test_an_example_is_pasted_with_the_line_that_tells_of_it(visitor: Visitor) -> None:
    """What stands below that line is the query; a text of one line is pasted as it is."""
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("/")
    for pasted, stands in (
        ("# Find all production NLP models\ntag:nlp AND tag:production\n", "tag:nlp AND tag:production"),
        (" -tag:cv", "tag:nlp AND tag:production -tag:cv"),
    ):
        page.evaluate("(text) => navigator.clipboard.writeText(text)", pasted)
        page.keyboard.press("Control+v")
        expect(box_of(page)).to_have_value(stands)


@pytest.mark.parametrize(
    ("pasted", "stands"),
    [
        ("# Find all production NLP models\ntag:nlp AND\n  tag:production\n", "tag:nlp AND tag:production"),
        ("#\tof ours\r\n is:mine", "is:mine"),
        ("#5\nfraud", "#5 fraud"),
        ("```modelkeep\n# of ours\nis:mine\n```\n", "is:mine"),
    ],
)
def test_what_is_pasted_in_the_first_moment_is_read_like_any_other(visitor: Visitor, pasted: str, stands: str) -> None:
    """Also where nothing of completion was loaded yet; a remark is what the language takes for one."""
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", pasted)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    # What is loaded once somebody goes into the box.
    page.route("**/islands/shared.*", hold, times=1)
    with page.expect_request("**/islands/shared.*"):
        page.keyboard.press("/")
    page.keyboard.press("Control+v")
    expect(box_of(page)).to_have_value("")
    held[0].continue_()
    expect(box_of(page)).to_have_value(stands)
    assert one_line(pasted).split() == stands.split()


def test_of_several_examples_that_are_pasted_one_is_chosen(visitor: Visitor) -> None:
    """They are offered with what the lines above them tell, and Enter searches by the one that is marked."""
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("/")
    pasted = "```\n# Find all production NLP models\ntag:nlp AND tag:production\n\n# Exclude\n-tag:moderation\n```\n"
    page.evaluate("(text) => navigator.clipboard.writeText(text)", pasted)
    expect(offers_of(page).first).to_be_visible()
    page.keyboard.press("Control+v")
    expect(offers_of(page)).to_have_count(2)
    expect(offers_of(page).first).to_contain_text("Find all production NLP models")
    expect(page.locator(".topsearch .offers-foot")).to_contain_text("You pasted 2 queries; choose one")
    keep_picture(page, "query-box-pasted")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models?q=-tag%3Amoderation")


def test_escape_leaves_what_stands_in_the_box_whatever_was_loaded(chromium: Browser, registry: RunningRegistry) -> None:
    """In the first moment, and without scripts, too."""
    context = enter(chromium, registry, "ines@company.com", "MODEL_OWNER", scripts=False)
    page = context.new_page()
    page.goto(f"{registry.url}/models?q=tag:nlp")
    for box in (page.locator("#q"), page.locator(".topsearch input")):
        box.fill("tag:fraud")
        box.press("Escape")
        expect(box).to_have_value("tag:fraud")


def test_escape_closes_the_offers_first_and_leaves_the_box_then(visitor: Visitor) -> None:
    """What was typed stays, and Tab leads on once nothing is offered."""
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("fra")
    expect(offers_of(page).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(offers_of(page)).to_have_count(0)
    expect(box_of(page)).to_be_focused()
    expect(box_of(page)).to_have_value("fra")
    page.keyboard.press("Tab")
    expect(box_of(page)).not_to_be_focused()


def test_recent_searches_are_offered_to_their_person_alone_and_cleared(
    visitor: Visitor, chromium: Browser, registry: RunningRegistry
) -> None:
    """The empty box offers the last searches, newest first, until they are cleared; another account sees none."""
    page = visitor.page
    for query in ("tag:fraud", "churn", "tag:fraud"):
        box_of(page).fill(query)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    box_of(page).click()
    recents = offers_of(page).filter(has_text="recent search")
    expect(recents).to_have_count(2)
    expect(recents.first).to_contain_text("tag:fraud")
    keep_picture(page, "query-box-recent")
    kept = page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('searches.'))")
    assert len(kept) == 1
    assert "ines" not in kept[0]
    hers = page.context.cookies()
    page.context.add_cookies(enter(chromium, registry, "otto@company.com", "MODEL_OWNER").cookies())
    page.reload()
    box_of(page).click()
    expect(offers_of(page).first).to_contain_text("tag:")
    expect(recents).to_have_count(0)
    page.context.add_cookies(hers)
    page.reload()
    box_of(page).click()
    expect(recents).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear recent searches")).to_be_focused()
    page.keyboard.press("Enter")
    expect(recents).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('searches.'))") == []


def test_an_answer_that_comes_too_late_is_not_shown(visitor: Visitor) -> None:
    """Whoever types on sees offers for what stands there, whichever answer comes last; without a network, none."""
    page = visitor.page
    held = []

    def hold(route: object) -> None:
        held.append(route)

    page.route(re.compile(r"completions.*q=tag%3Afr&"), hold)
    page.keyboard.press("/")
    page.keyboard.type("tag:fr")
    expect.set_options(timeout=10_000)
    page.wait_for_timeout(300)
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("mod")
    expect(offers_of(page).first).to_contain_text("moderation")
    assert held
    page.context.set_offline(True)
    page.keyboard.press("Backspace")
    expect(offers_of(page)).to_have_count(0)
    page.context.set_offline(False)


def test_the_open_list_is_accessible(visitor: Visitor) -> None:
    """axe finds nothing serious while offers are shown and one is marked, in the catalogue as at the top."""
    page = visitor.page
    for path, box in (("/", ".topsearch input"), ("/models", "#q")):
        visitor.go(path)
        page.locator(box).click()
        page.keyboard.type("fra")
        expect(page.locator("[role=option]").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.evaluate(Axe().axe_script)
        found = page.evaluate("axe.run(document.querySelector('[data-query-box]:focus-within'))")
        assert [fault["id"] for fault in found["violations"]] == []


def test_offers_are_taken_by_a_press(visitor: Visitor) -> None:
    """A press on an offer puts it in, and the caret stays in the box behind it."""
    page = visitor.page
    box_of(page).fill("fraud AND -tag:fin")
    expect(offers_of(page)).to_have_count(1)
    offers_of(page).first.click()
    expect(box_of(page)).to_have_value("fraud AND -tag:Fin-Tech ")
    expect(box_of(page)).to_be_focused()
