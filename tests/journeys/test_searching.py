"""Finding a model in a browser: by typing, by facets, by keyboard, and without scripts."""

import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, visit
from tests.journeys.test_pages import serious_faults
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

MODELS = (
    ("nlp-models/sentiment-bert", "LOW", "nlp production", "Scores reviews."),
    ("nlp-models/intent-mpnet", "MEDIUM", "nlp production experimental", "Reads what customers want."),
    ("nlp-models/toxicity-filter", "MEDIUM", "nlp", "Flags abuse."),
    ("risk/card-fraud", "HIGH", "production", "Scores card payments."),
    ("risk/chargebacks", "HIGH", "experimental", "Tells a naïve fraud from a subtle one."),
    ("vision/x-ray", "LOW", "cv production", "Reads pictures."),
)
#: The examples of the guide, word for word, and what they find here.
EXAMPLES = (
    ("tag:nlp AND tag:production", {"nlp-models/sentiment-bert", "nlp-models/intent-mpnet"}),
    ("riskTier:HIGH AND owner:risk-team@company.com", {"risk/card-fraud", "risk/chargebacks"}),
    ('fraud OR "fraud detection"', {"risk/card-fraud", "risk/chargebacks"}),
    ("-tag:experimental", {path for path, _, tags, _ in MODELS if "experimental" not in tags}),
)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry with models for every example of the guide."""
    with running_registry(tmp_path_factory.mktemp("searching")) as running:
        with Client(running.url, running.token("priya@company.com", "MODEL_OWNER,ADMIN")) as client:
            for path, tier, tags, says in MODELS:
                group, name = path.split("/")
                client.register_model(
                    {
                        "name": name, "group": group, "description": says, "riskTier": tier, "tags": tags.split(),
                        "owners": ["risk-team@company.com" if group == "risk" else "priya@company.com"],
                    }
                )  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def priya(chromium: Browser, stocked: RunningRegistry) -> Iterator[BrowserContext]:
    """The browser of who made them."""
    context = enter(chromium, stocked, "priya@company.com", "ADMIN", viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def visitor(priya: BrowserContext, stocked: RunningRegistry) -> Iterator[Visitor]:
    """Somebody at the catalogue."""
    visitor = visit(priya, stocked.url)
    visitor.go("/models")
    yield visitor
    assert [] == visitor.complaints
    visitor.page.close()


def rows_of(page: Page) -> set[str]:
    """The models shown."""
    links = page.locator("#rows h2 > a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    return {href.removeprefix("/models/") for href in links}


def wait_for_rows(page: Page, wanted: set[str]) -> None:
    """Until these models are shown."""
    deadline = time.monotonic() + 20
    while rows_of(page) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert rows_of(page) == wanted


def query_of(page: Page) -> str:
    """The query in the address."""
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def test_the_examples_of_the_guide_are_found_by_typing(visitor: Visitor) -> None:
    """While one types, without pressing a thing; the address follows, and the caret stays where it is."""
    page = visitor.page
    page.keyboard.press("/")

    for query, wanted in EXAMPLES:
        page.keyboard.press("Control+a")
        page.keyboard.type(query)
        page.wait_for_function("asked => new URLSearchParams(location.search).get('q') === asked", arg=query)
        wait_for_rows(page, wanted)
        expect(page.locator("#q")).to_be_focused()
        assert page.evaluate("document.getElementById('q').selectionStart") == len(query)


def test_the_examples_of_the_guide_are_found_by_facets_and_chips(visitor: Visitor) -> None:
    """Ticks add their terms, the minus excludes, chips take terms out again, and the box says what was pressed."""
    page = visitor.page

    page.locator("#pick-tag-nlp").click()
    wait_for_rows(page, {path for path, _, tags, _ in MODELS if "nlp" in tags})
    page.locator("#pick-tag-production").click()
    wait_for_rows(page, EXAMPLES[0][1])
    expect(page.locator("#q")).to_have_value("tag:nlp tag:production")
    line = page.locator("li.pick-line", has_text="experimental")
    line.hover()
    line.get_by_role("link", name="Exclude experimental").click()
    wait_for_rows(page, {"nlp-models/sentiment-bert"})
    expect(page.locator("li.pick-line.excluded")).to_contain_text("excluded")
    page.get_by_role("link", name="Remove not tag experimental").click()
    wait_for_rows(page, EXAMPLES[0][1])
    page.get_by_role("link", name="Remove tag nlp").click()
    wait_for_rows(page, {path for path, _, tags, _ in MODELS if "production" in tags})
    page.get_by_role("link", name="Clear all").click()
    wait_for_rows(page, {path for path, *_ in MODELS})
    assert query_of(page) == ""


def test_a_search_is_walked_by_keyboard_alone(visitor: Visitor) -> None:
    """From the box by Tab through the syntax panel; an example of it is pressed by Enter and stands in the box."""
    page = visitor.page

    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.locator("#syntax > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".syntax-body")).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_role("link", name="-tag:experimental").first.focus()
    page.keyboard.press("Enter")
    wait_for_rows(page, EXAMPLES[3][1])
    expect(page.locator("#q")).to_have_value("-tag:experimental")
    expect(page.locator(".syntax-body")).to_be_hidden()
    page.locator("#pick-tag-nlp").focus()
    page.keyboard.press("Enter")
    wait_for_rows(page, {"nlp-models/sentiment-bert", "nlp-models/toxicity-filter"})
    expect(page.locator("#pick-tag-nlp")).to_be_focused()
    page.keyboard.press("Space")
    wait_for_rows(page, EXAMPLES[3][1])
    expect(page.locator("#pick-tag-nlp")).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_the_examples_of_the_guide_are_found_without_scripts(chromium: Browser, stocked: RunningRegistry) -> None:
    """A form and links do all of it; the query is drawn in its colours, and the syntax panel opens."""
    context = enter(chromium, stocked, "sam@company.com", "MODEL_OWNER", scripts=False)
    page = context.new_page()
    for query, wanted in EXAMPLES:
        page.goto(f"{stocked.url}/models")
        page.locator("#q").fill(query)
        page.get_by_role("button", name="Search", exact=True).click()
        wait_for_rows(page, wanted)
    page.goto(f"{stocked.url}/models")
    page.locator("#syntax > summary").click()
    page.get_by_role("link", name="tag:nlp AND tag:production").click()
    wait_for_rows(page, EXAMPLES[0][1])
    assert page.locator(".q-colours .q-name").all_text_contents() == ["tag:", "tag:"]
    page.locator("#pick-tag-experimental").click()
    wait_for_rows(page, {"nlp-models/intent-mpnet"})
    page.locator("#range-updated > summary").click()
    page.locator("[name=updatedFrom]").fill("2020-01-01")
    page.locator("#range-updated button").click()
    page.wait_for_url("**updated**")
    assert query_of(page) == "tag:nlp AND tag:production AND tag:experimental AND updated:[2020-01-01 TO *]"
    wait_for_rows(page, {"nlp-models/intent-mpnet"})
    context.close()


def test_a_late_answer_never_takes_the_place_of_a_newer_one(visitor: Visitor) -> None:
    """The answer to what was typed first comes last, and is thrown away."""
    page = visitor.page
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route(re.compile(r"/models\?q=sent(&|$)"), hold)

    page.locator("#q").press_sequentially("sent")
    page.wait_for_timeout(600)
    page.locator("#q").fill("fraud")
    wait_for_rows(page, EXAMPLES[2][1])
    for route in late:
        route.continue_()
    page.wait_for_timeout(600)

    assert late
    assert rows_of(page) == EXAMPLES[2][1]
    assert query_of(page) == "fraud"


def test_ticks_pressed_in_haste_all_count(visitor: Visitor) -> None:
    """A second tick, pressed before the first was answered, is pressed in the answer to it."""
    page = visitor.page

    def dawdle(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route(re.compile(r"/models\?q="), dawdle)
    page.locator("#pick-tag-nlp").click()
    page.locator("#pick-tag-production").click()

    wait_for_rows(page, EXAMPLES[0][1])
    expect(page.locator("#q")).to_have_value("tag:nlp tag:production")


def test_what_is_half_typed_leaves_the_last_answer_in_its_place(visitor: Visitor) -> None:
    """A mistake is told under the box while the rows stay; Enter shows what was probably meant instead."""
    page = visitor.page
    page.locator("#q").press_sequentially("tag:nlp")
    wait_for_rows(page, {path for path, _, tags, _ in MODELS if "nlp" in tags})
    kept = rows_of(page)

    page.locator("#q").press_sequentially(" riskTier:MEDUIM")
    expect(page.locator(".q-fault")).to_be_visible()
    assert rows_of(page) == kept
    assert query_of(page) in ("tag:nlp", "tag:nlp riskTier")
    page.keyboard.press("Enter")
    wait_for_rows(page, {"nlp-models/intent-mpnet", "nlp-models/toxicity-filter"})
    expect(page.locator(".q-fault")).to_contain_text("Did you mean tag:nlp riskTier:MEDIUM")
    assert serious_faults(page) == []
    page.locator(".q-fault a").click()
    expect(page.locator(".q-fault")).to_have_count(0)
    expect(page.locator("#q")).to_have_value("tag:nlp riskTier:MEDIUM")


def test_where_no_answer_comes_it_is_said_and_asked_again(visitor: Visitor) -> None:
    """The rows stay, a sentence says why, and its button asks again."""
    page = visitor.page
    page.route(re.compile(r"/models\?q="), lambda route: route.abort())
    page.locator("#q").press_sequentially("fraud")
    expect(page.locator("#unanswered")).to_be_visible()
    assert len(rows_of(page)) == len(MODELS)
    visitor.complaints.clear()

    page.unroute_all()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Try again").click()
    wait_for_rows(page, EXAMPLES[2][1])
    expect(page.locator("#unanswered")).to_be_hidden()
    visitor.complaints.clear()


def test_the_blank_behind_an_offer_stays_out_of_the_address(visitor: Visitor) -> None:
    """It is there for what one types next; the address is that of the query, and of none where none is left."""
    page = visitor.page
    page.locator("#q").press_sequentially("tag:nl")
    expect(page.locator("#catalogue [role=option]").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#q")).to_have_value("tag:nlp ")
    page.wait_for_url("**/models?q=tag%3Anlp")
    page.locator("#q").fill("  ")
    page.wait_for_url("**/models")


def test_without_a_network_one_message_says_so_and_the_question_is_asked_again(visitor: Visitor) -> None:
    """Nothing has to be pressed once the network is back."""
    page = visitor.page
    page.context.set_offline(True)
    page.locator("#q").press_sequentially("fraud")
    expect(page.locator("[data-offline]")).to_be_visible()
    page.wait_for_timeout(600)
    expect(page.locator("#unanswered")).to_be_hidden()
    page.context.set_offline(False)
    wait_for_rows(page, EXAMPLES[2][1])
    expect(page.locator("[data-offline]")).to_be_hidden()
    visitor.complaints.clear()


def test_going_back_leads_to_the_search_before(visitor: Visitor) -> None:
    """One step for a search that was typed, however often it was answered meanwhile; one for each press."""
    page = visitor.page
    page.locator("#q").press_sequentially("sent", delay=300)
    wait_for_rows(page, {"nlp-models/sentiment-bert"})
    page.locator("#q").press_sequentially("iment", delay=300)
    wait_for_rows(page, {"nlp-models/sentiment-bert"})
    page.wait_for_url("**q=sentiment")
    page.locator("#q").blur()
    page.get_by_role("link", name="Clear all").click()
    wait_for_rows(page, {path for path, *_ in MODELS})

    page.go_back()
    expect(page.locator("#q")).to_have_value("sentiment")
    assert rows_of(page) == {"nlp-models/sentiment-bert"}
    page.go_back()
    expect(page.locator("#q")).to_have_value("")
    assert rows_of(page) == {path for path, *_ in MODELS}


@pytest.mark.parametrize("width", [390, 1280])
def test_the_colours_never_drift_from_the_text(visitor: Visitor, width: int) -> None:
    """The layer says the same as the box, is as long, and is scrolled as far, wherever the caret goes."""
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("#q").press_sequentially("tag:nlp AND (-tag:experimental OR \"card fraud\") naïve fi ffi -> != 'x' ")
    page.keyboard.type("owner:risk-team@company.com updated:>=now-7d " * 4)

    for key in ("End", "Home", "End", "ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
        said, drawn, gaps = page.evaluate(
            """() => {
              const input = document.getElementById("q"), layer = document.querySelector(".q-colours");
              return [input.value, layer.textContent, [
                Math.abs(layer.scrollLeft - input.scrollLeft),
                Math.abs(layer.scrollWidth - input.scrollWidth),
                Math.abs(layer.getBoundingClientRect().left - input.getBoundingClientRect().left),
                Math.abs(layer.getBoundingClientRect().top - input.getBoundingClientRect().top)]];
            }"""
        )
        assert said == drawn
        assert max(gaps) <= 1.5, gaps


def test_filters_fold_on_a_phone_and_stay_unfolded_while_one_presses(visitor: Visitor) -> None:
    """The button says how many are in force; what was unfolded stays so when the answer comes."""
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.go("/models?q=tag:nlp")
    expect(page.locator("#pick-tag-production")).to_be_hidden()
    expect(page.locator("#facets > summary")).to_contain_text("Filters1")

    page.locator("#facets > summary").click()
    page.locator("#pick-tag-production").click()

    wait_for_rows(page, EXAMPLES[0][1])
    expect(page.locator("#facets > summary")).to_contain_text("Filters2")
    expect(page.locator("#pick-tag-production")).to_be_visible()


def test_the_search_of_the_header_leads_here(visitor: Visitor) -> None:
    """From any page, with what was typed."""
    visitor.go("/")
    visitor.page.locator(".topsearch input").fill("tag:nlp AND tag:production")
    visitor.page.locator(".topsearch input").press("Enter")

    wait_for_rows(visitor.page, EXAMPLES[0][1])
    expect(visitor.page.locator("#q")).to_have_value("tag:nlp AND tag:production")
