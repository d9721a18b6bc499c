"""The drawn lineage graph in a browser: moved, sized, walked through by keys, searched, and opened further in place."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry

pytestmark = pytest.mark.browser

MIDDLE, LATER, ROUTER = (
    "sentiment-analysis-bert/versions/3.1.0",
    "churn-predictor/versions/1.2.0",
    "router/versions/1.8.1",
)
LARGER_THAN = "wide => document.querySelector('[data-sheet]').getBoundingClientRect().width > wide"
TAB = f"/models/nlp/{MIDDLE}/lineage?view=graph"
ITEMS: dict[str, list[dict[str, str]]] = {
    MIDDLE: [
        {"kind": "DATASET", "name": "reviews", "version": "7", "role": "TRAINING", "uri": "s3://data/reviews/"},
        {"kind": "DATASET", "name": "holdout", "version": "3", "role": "VALIDATION"},
        {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "sent-1187"},
    ],
    LATER: [
        {"kind": "BASE_MODEL", "model": "nlp/sentiment-analysis-bert", "version": "3.1.0"},
        {"kind": "DATASET", "name": "churn-events", "version": "2026-02", "role": "TRAINING"},
        {"kind": "CONSUMER", "name": "Retention lists"},
    ],
    ROUTER: [{"kind": "BASE_MODEL", "model": "nlp/sentiment-analysis-bert", "version": "3.1.0"}],
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A version with data upstream, and versions built on it."""
    with running_registry(tmp_path_factory.mktemp("graph")) as running:
        token = running.token("ines@company.com", "MODEL_OWNER")
        with httpx2.Client(base_url=f"{running.url}/api/v1", headers={"authorization": f"Bearer {token}"}) as program:
            for place, items in ITEMS.items():
                name, _, version = place.partition("/versions/")
                model = {"group": "nlp", "name": name, "description": "Scores texts.", "riskTier": "MEDIUM"}
                program.post("/models", json={**model, "owners": ["ines@company.com"]}).raise_for_status()
                program.post(f"/models/nlp/{name}/versions", json={"version": version}).raise_for_status()
                for item in items:
                    program.post(f"/models/nlp/{place}/lineage", json=item).raise_for_status()
        yield running


@pytest.fixture
def visitor(chromium: Browser, registry: RunningRegistry) -> Visitor:
    """Ines before the graph, on a screen that is smaller than it."""
    context = enter(
        chromium, registry, "ines@company.com", "MODEL_OWNER", viewport={"width": 1000, "height": 560},
        reduced_motion="reduce",
    )  # fmt: skip
    visitor = visit(context, registry.url)
    visitor.go(TAB)
    expect(visitor.page.locator("[data-tools]")).to_be_visible()
    return visitor


def node(visitor: Visitor, name: str) -> Locator:
    """The link of a node, by the beginning of its accessible name."""
    return visitor.page.locator("[data-lineage]").get_by_role("link", name=name)


def size_of(visitor: Visitor) -> float:
    """How wide the drawing is."""
    return float(visitor.page.locator("[data-sheet]").evaluate("part => part.getBoundingClientRect().width"))


def place_of(visitor: Visitor) -> tuple[float, float]:
    """How far the graph is scrolled."""
    left, top = visitor.page.locator("[data-view]").evaluate("part => [part.scrollLeft, part.scrollTop]")
    return left, top


def test_the_graph_is_made_larger_and_smaller(visitor: Visitor) -> None:
    """By buttons, by keys, and by the wheel with Ctrl, which keeps what is under the pointer where it is."""
    page = visitor.page
    page.get_by_role("button", name="Natural size").click()
    natural = size_of(visitor)

    page.get_by_role("button", name="Larger").click()
    larger = size_of(visitor)
    page.locator("[data-view]").focus()
    page.keyboard.press("-")
    page.keyboard.press("-")
    smaller = size_of(visitor)
    middle = node(visitor, "nlp/sentiment-analysis-bert 3.1.0")
    before = middle.bounding_box()
    assert before is not None
    page.mouse.move(before["x"] + 2, before["y"] + 2)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    page.wait_for_function(LARGER_THAN, arg=smaller)
    after = middle.bounding_box()
    page.keyboard.press("0")

    assert (round(larger / natural, 2), round(smaller / natural, 2)) == (1.25, 0.8)
    assert after is not None
    assert abs(after["x"] - before["x"]) < 3
    assert size_of(visitor) == natural
    page.get_by_role("button", name="Show all of it").click()
    view = page.locator("[data-view]").bounding_box()
    assert view is not None
    assert size_of(visitor) <= view["width"]
    assert visitor.complaints == []


def test_the_graph_is_drawn_along_with_the_mouse(visitor: Visitor) -> None:
    """Also where one takes it at a node, which is not chosen by that."""
    page = visitor.page
    for _ in range(4):
        page.get_by_role("button", name="Larger").click()
    middle = node(visitor, "nlp/sentiment-analysis-bert 3.1.0")
    middle.scroll_into_view_if_needed()
    box = middle.bounding_box()
    assert box is not None
    left, top = place_of(visitor)
    address = page.url

    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"] + 10, steps=4)
    page.mouse.up()

    moved = place_of(visitor)
    assert (moved[0] - left, moved[1] - top) == (60, 10)
    assert page.url == address


def test_keys_lead_from_node_to_node(visitor: Visitor) -> None:
    """Left and right along the lines, up and down in a column; one node alone takes part in the order of Tab."""
    page = visitor.page
    page.locator("[data-view]").focus()
    page.keyboard.press("Tab")
    expect(node(visitor, "nlp/sentiment-analysis-bert 3.1.0")).to_be_focused()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    first = page.evaluate("document.activeElement.querySelector('title').textContent")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.querySelector('title').textContent")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(node(visitor, "nlp/sentiment-analysis-bert 3.1.0")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    source = page.evaluate("document.activeElement.closest('[data-node]').dataset.family")

    assert {first.split(",")[0], second.split(",")[0]} == {"nlp/churn-predictor 1.2.0", "nlp/router 1.8.1"}
    assert source in ("DATA", "CODE")
    assert page.locator(".lg-link[tabindex='0']").count() == 1


def test_what_is_searched_is_lit_and_brought_into_sight(visitor: Visitor) -> None:
    """All words count; Enter goes on, the arrow leads to the node, Escape ends it; which one it is, is said aloud."""
    page = visitor.page
    for _ in range(4):
        page.get_by_role("button", name="Larger").click()
    field, told = page.get_by_role("searchbox", name="Find in the graph"), page.locator("[data-found]")

    field.fill("dataset valid")
    expect(told).to_have_text("1 of 1: holdout 3, Dataset, validation")
    expect(node(visitor, "holdout 3")).to_be_in_viewport()
    lit = page.locator(".lg-node.hit").count()
    field.fill("nlp/")
    expect(told).to_contain_text("1 of 3")
    field.press("Enter")
    expect(told).to_contain_text("2 of 3")
    for _ in range(2):
        field.press("Enter")
    expect(told).to_contain_text("1 of 3")
    field.press("Shift+Enter")
    expect(told).to_contain_text("3 of 3")
    field.fill("holdout")
    field.press("ArrowDown")
    expect(node(visitor, "holdout 3")).to_be_focused()
    field.press("Escape")
    expect(field).to_have_value("")
    expect(page.locator(".lg-node.off")).to_have_count(0)
    field.fill("no such thing")
    field.press("Enter")
    expect(told).to_have_text("Nothing of that name")

    assert lit == 1


def test_enter_chooses_what_alone_was_found(visitor: Visitor) -> None:
    """It is lit with its ways and told of below; the field keeps the focus, and what was typed."""
    field = visitor.page.get_by_role("searchbox", name="Find in the graph")

    field.fill("holdout")
    field.press("Enter")

    expect(visitor.page.locator("#chosen")).to_contain_text("Chosen dataset")
    expect(visitor.page.locator("#chosen")).to_contain_text("holdout 3")
    expect(visitor.page.locator(".lg-node.chosen")).to_have_attribute("data-node", "dataset:holdout@3")
    expect(field).to_be_focused()
    expect(field).to_have_value("holdout")
    assert "node=dataset" in visitor.page.url
    assert visitor.complaints == []


def test_an_address_brings_back_what_was_chosen(visitor: Visitor) -> None:
    """Node, kinds, depth, way and what was opened further stand in it; whoever gets the link sees the same picture."""
    page = visitor.page
    node(visitor, "reviews 7").click()
    page.wait_for_url("**node=dataset*")
    node(visitor, "Show 1 more upstream of nlp/churn-predictor 1.2.0").click()
    expect(node(visitor, "churn-events 2026-02")).to_be_visible()
    page.get_by_role("checkbox", name="Code and runs").uncheck()
    expect(node(visitor, "mlflow/sent-1187")).to_have_count(0)
    page.locator("summary").filter(has_text="Depth").click()
    page.get_by_role("link", name="3 steps").click()
    expect(page.locator("summary").filter(has_text="3 up, 3 down")).to_be_visible()
    seen = page.locator(".lg-node").evaluate_all("nodes => nodes.map(one => one.getAttribute('class'))")

    page.reload()
    expect(page.locator("[data-tools]")).to_be_visible()

    again = page.locator(".lg-node").evaluate_all("nodes => nodes.map(one => one.getAttribute('class'))")
    assert again == seen
    expect(page.locator(".lg-node.chosen")).to_have_attribute("data-node", "dataset:reviews@7")
    expect(page.get_by_role("checkbox", name="Code and runs")).not_to_be_checked()
    expect(node(visitor, "churn-events 2026-02")).to_be_visible()


def test_ticking_a_kind_keeps_the_size_of_the_graph(visitor: Visitor) -> None:
    """And the chosen node where it is."""
    page = visitor.page
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Larger").click()
    size, box = page.locator("[data-zoom=one]").inner_text(), node(visitor, "nlp/sentiment").bounding_box()

    page.get_by_role("checkbox", name="Code and runs").uncheck()
    expect(node(visitor, "mlflow/sent-1187")).to_have_count(0)

    after = node(visitor, "nlp/sentiment").bounding_box()
    assert box is not None
    assert after is not None
    assert page.locator("[data-zoom=one]").inner_text() == size
    assert abs(after["x"] - box["x"]) < 3


def test_a_node_is_chosen_in_place(visitor: Visitor) -> None:
    """Its ways are lit, its facts come without another page, and the address, the tools and the way back know of it."""
    page = visitor.page
    page.evaluate("window.same = true")

    node(visitor, "reviews 7").click()

    expect(page.locator("#chosen")).to_contain_text("s3://data/reviews/")
    expect(page.locator(".lg-node.chosen")).to_have_attribute("data-node", "dataset:reviews@7")
    expect(page.locator(".lg-node.on")).to_have_count(5)
    page.wait_for_url("**node=dataset*")
    expect(page.locator("#lin-bar").get_by_role("link", name="Table")).to_have_attribute("href", re.compile("reviews"))
    assert page.evaluate("window.same")
    keep_picture(page, "lineage-chosen")
    page.go_back()
    expect(page.locator("#chosen")).to_contain_text("in the middle")
    assert visitor.complaints == []


def test_neighbours_that_are_not_shown_are_fetched_in_place(visitor: Visitor) -> None:
    """A "+1" at a node brings what else leads to it; the size stays, and so does what was chosen."""
    page = visitor.page
    page.evaluate("window.same = true")
    node(visitor, "reviews 7").click()
    page.wait_for_url("**node=dataset*")
    page.get_by_role("button", name="Smaller").click()
    size = size_of(visitor)

    node(visitor, "Show 1 more upstream of nlp/churn-predictor 1.2.0").click()

    expect(node(visitor, "churn-events 2026-02")).to_be_visible()
    expect(page.locator(".lg-node.chosen")).to_have_attribute("data-node", "dataset:reviews@7")
    assert abs(size_of(visitor) - size) < 1
    assert page.evaluate("window.same")
    assert "expand=" in page.url
    assert visitor.complaints == []


def test_heads_of_columns_stay_in_sight(chromium: Browser, registry: RunningRegistry) -> None:
    """However far down the graph is moved, also without scripts."""
    context = enter(
        chromium, registry, "ines@company.com", "MODEL_OWNER", scripts=False, viewport={"width": 1280, "height": 320}
    )
    plain = visit(context, registry.url)
    plain.go(TAB)
    port, head = plain.page.locator("[data-view]"), plain.page.locator("[data-heads] text").filter(has_text="Built on")
    port.evaluate("part => { part.style.maxHeight = '12rem'; part.scrollTop = 80; }")

    above, box = port.bounding_box(), head.bounding_box()

    assert port.evaluate("part => part.scrollTop") == 80
    assert above is not None
    assert box is not None
    assert 0 <= box["y"] - above["y"] < 32


def test_the_graph_is_taken_along(visitor: Visitor) -> None:
    """Export offers a drawing, a picture and data, named by the version."""
    page = visitor.page
    for words, ending in (("SVG", "svg"), ("PNG", "png"), ("JSON", "json")):
        page.locator("summary").filter(has_text="Export").click()
        with page.expect_download() as download:
            page.get_by_role("link", name=words).click()
        assert download.value.suggested_filename == f"sentiment-analysis-bert-3.1.0-lineage.{ending}"
        page.keyboard.press("Escape")


def test_without_scripts_the_graph_is_there_and_its_links_lead(chromium: Browser, registry: RunningRegistry) -> None:
    """It is drawn by the server: a node leads to the page with it chosen, "+1" to the page with its neighbours."""
    plain = visit(enter(chromium, registry, "ines@company.com", "MODEL_OWNER", scripts=False), registry.url)
    plain.go(TAB)
    expect(plain.page.locator("[data-tools]")).to_be_hidden()

    node(plain, "reviews 7").click()
    expect(plain.page.locator("#chosen")).to_contain_text("s3://data/reviews/")
    expect(plain.page.locator(".lg-node.on")).to_have_count(5)
    node(plain, "Show 1 more upstream of nlp/churn-predictor 1.2.0").click()
    expect(node(plain, "churn-events 2026-02")).to_be_visible()


def test_fingers_size_the_graph_on_a_phone(chromium: Browser, registry: RunningRegistry) -> None:
    """Two fingers that part make it larger."""
    context = enter(
        chromium, registry, "ines@company.com", "MODEL_OWNER", viewport={"width": 390, "height": 844}, has_touch=True
    )
    visitor = visit(context, registry.url)
    visitor.go(TAB)
    expect(visitor.page.locator("[data-tools]")).to_be_visible()
    before = size_of(visitor)
    box = visitor.page.locator("[data-view]").bounding_box()
    assert box is not None
    x, y = box["x"] + 150, box["y"] + 100
    session = context.new_cdp_session(visitor.page)

    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    visitor.page.wait_for_function(LARGER_THAN, arg=1.5 * before)
