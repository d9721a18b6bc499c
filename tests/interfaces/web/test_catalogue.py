"""The catalogue's page: the query in the address is the truth, and everything on the page is a link that changes it."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from modelkeep_server.features.models.views import Model
from tests.support.catalogue_page import Opened, look
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.statements import counted

MOST_STATEMENTS = 9


@pytest.fixture
def owner(make: Make) -> Person:
    """Whose models a test makes; `is:mine` tells them from those of other tests."""
    return make.owner()


@pytest.mark.parametrize(
    ("name", "value", "query"),
    [
        ("group", "nlp-models", "group:nlp-models"),
        ("riskTier", "HIGH", "riskTier:HIGH"),
        ("riskTier", "SEVERE", "riskTier:SEVERE"),
        ("tag", "two words", 'tag:"two words"'),
        ("tag", "production", "tag:production"),
        ("owner", "risk-team@company.com", "owner:risk-team@company.com"),
        ("status", "RETIRED", "is:retired"),
        ("state", "PRODUCTION", "state:PRODUCTION"),
        ("framework", "pytorch", "framework:pytorch"),
        ("createdFrom", "2024-01-01", "created:[2024-01-01 TO *]"),
        ("createdTo", "2024-06-30", "created:[* TO 2024-06-30]"),
        ("updatedFrom", "12 March", 'updated:["12 March" TO *]'),
    ],
)
def test_a_filter_of_the_address_becomes_a_term_of_the_query(
    make: Make, api: Api, name: str, value: str, query: str
) -> None:
    """Addresses that filter by names of their own go on working, and the page says in words what they ask."""
    browser = api.browser(make.person())

    answer = browser.get("/models", params={name: value, "q": "churn", "sort": "name"}, follow_redirects=False)

    assert answer.status_code == 303
    led = parse_qs(urlsplit(answer.headers["location"]).query)
    assert led == {"q": [f"churn {query}"], "sort": ["name"]}


def test_filters_of_the_address_keep_a_disjunction_together(make: Make, api: Api) -> None:
    """`fraud OR churn` and a group is not `fraud OR (churn in that group)`."""
    browser = api.browser(make.person())

    answer = browser.get("/models", params={"q": "fraud OR churn", "group": "risk"}, follow_redirects=False)

    assert parse_qs(urlsplit(answer.headers["location"]).query)["q"] == ["(fraud OR churn) AND group:risk"]


def test_every_term_of_the_query_is_a_chip_that_takes_it_out(make: Make, api: Api) -> None:
    """Chips say field and value, negated ones `not`; pressing one leaves the rest."""
    make.model()
    page = look(api, make.person(), 'tag:nlp AND tag:production -tag:experimental "fraud detection"')

    assert page.chips == ["tag nlp", "tag production", "not tag experimental", '"fraud detection"']
    assert page.query_of(r'aria-label="Remove tag nlp"') == 'tag:production -tag:experimental "fraud detection"'
    assert page.query_of(r'aria-label="Remove not tag experimental"') == 'tag:nlp AND tag:production "fraud detection"'


def test_facets_count_what_the_reader_may_see(make: Make, api: Api, owner: Person) -> None:
    """A restricted model is in no count of somebody who may not see it, nor is its tag offered."""
    group = make.group()
    shared, hushed = f"shared-{group}", f"hushed-{group}"
    make.model(owner, group=group, name="open-one", tags=[shared], risk_tier="HIGH")
    make.model(owner, group=group, name="open-two", tags=[shared], risk_tier="LOW")
    make.model(owner, group=group, name="shut-one", tags=[shared, hushed], visibility="RESTRICTED")

    own, others = look(api, owner, f"group:{group}"), look(api, make.person(), f"group:{group}")

    assert (own.count("tag", shared), others.count("tag", shared)) == ("3", "2")
    assert (own.count("tag", hushed), others.count("tag", hushed)) == ("1", "")
    assert (others.count("riskTier", "HIGH"), others.count("riskTier", "LOW")) == ("1", "1")
    assert "2 models" in others.words
    assert hushed not in others.text


def test_pressing_a_line_of_a_facet_adds_its_term_and_pressing_it_again_takes_it_out(
    make: Make, api: Api, owner: Person
) -> None:
    """Tags are asked for together; a chosen line is marked and leads back; the minus beside a line excludes it."""
    group = make.group()
    make.model(owner, group=group, name="first", tags=["alpha", "beta"])
    make.model(owner, group=group, name="second", tags=["alpha"])

    page = look(api, owner, f"group:{group} tag:alpha")

    assert page.query_of('id="pick-tag-beta"') == f"group:{group} tag:alpha tag:beta"
    assert page.query_of('id="not-tag-beta"') == f"group:{group} tag:alpha -tag:beta"
    assert page.query_of('id="pick-tag-alpha"') == f"group:{group}"
    assert "chosen" in page.line("tag", "alpha")

    without = look(api, owner, f"group:{group} -tag:beta")
    assert "excluded" in without.line("tag", "beta")
    assert without.query_of('id="pick-tag-beta"') == f"group:{group}"
    assert without.models == [f"{group}/second"]


def test_several_groups_and_tiers_can_be_chosen(make: Make, api: Api, owner: Person) -> None:
    """A second group is one more that fits, since no model stands in two; taking one out leaves the other."""
    one, two, three = sorted(make.group() for _ in range(3))
    for group in (one, two, three):
        make.model(owner, group=group)

    single = look(api, owner, f"group:{one} is:mine")
    second = single.query_of(f'id="pick-group-{two}"')
    both = look(api, owner, second)

    assert sorted(both.models) == [f"{one}/churn-predictor", f"{two}/churn-predictor"]
    assert {both.count("group", name) for name in (one, two, three)} == {"1"}
    left = look(api, owner, both.query_of(f'id="pick-group-{one}"'))
    assert left.models == [f"{two}/churn-predictor"]


def test_spans_of_time_are_pressed_and_let_go(make: Make, api: Api) -> None:
    """One span a field: pressing another takes its place, pressing the same lets it go."""
    page = look(api, make.person(), "updated:>=now-7d tag:nlp")

    assert page.query_of('id="updated-1"') == "tag:nlp"
    assert page.query_of('id="updated-2"') == "tag:nlp updated:>=now-30d"
    assert page.query_of('id="created-3"') == "updated:>=now-7d tag:nlp created:>=now-1y"


def test_rows_mark_what_was_found_as_the_index_compares_it(make: Make, api: Api, owner: Person) -> None:
    """Case and accents are of no account, and the passage of a long description that has the word is shown."""
    text = "Of no concern. " * 40 + "A naïve Bayes decides. " + "Nothing more. " * 40
    make.model(owner, name="spam-filter", description=text, tags=["Text"])

    page = look(api, owner, "naive spam tag:text is:mine")

    assert '<mark class="hit">naïve</mark> Bayes' in page.text
    assert '<mark class="hit">spam</mark>-filter' in page.text
    assert re.search(r'class="tag tag-hit"[^>]*>text<', page.text, re.I)
    assert page.words.count("Of no concern") < 10


@pytest.mark.parametrize(
    ("query", "at", "suggestion"),
    [
        ("riskTier:HIHG", "HIHG", "riskTier:HIGH"),
        ('tag:nlp "fraud detection', '"', 'tag:nlp "fraud detection"'),
        ("(tag:nlp OR tag:cv", "(", "(tag:nlp OR tag:cv)"),
        ("tags:nlp ownr:me", "ownr", "tags:nlp owner:me"),
    ],
)
def test_a_broken_query_says_where_and_what_was_meant_and_shows_that(
    make: Make, api: Api, query: str, at: str, suggestion: str
) -> None:
    """The place is underlined, the corrected query is a link, and what it finds is shown meanwhile."""
    make.model()
    page = look(api, make.person(), query)

    place = re.search(r'<p class="q-place">.*?<mark>([^<]*)</mark>', page.text)
    assert place is not None
    assert html.unescape(place[1]).startswith(at)
    assert f"Did you mean {suggestion} ?" in page.words
    assert re.search(r'<div class="q-fault".*?<a class="prose-link" href="([^"]*)"', page.text, re.S)
    assert re.search(r"[\d,]+\+? models? in \d+ ms", page.words)
    assert 'value="' + html.escape(query, quote=True).replace("&#x27;", "&#39;") in page.text.replace("&#34;", "&quot;")


def test_a_query_that_resembles_none_is_answered_with_ones_to_press(make: Make, api: Api) -> None:
    """Where nothing is near, nothing is shown but how a query is written."""
    make.model()
    page = look(api, make.person(), "word " * 40)

    assert page.models == []
    assert "The query cannot be read" in page.words
    assert page.query_of(re.escape("tag%3Anlp+AND+tag%3Aproduction")) == "tag:nlp AND tag:production"


def test_other_states_are_counted_beside_one_that_is_chosen(make: Make, api: Api, owner: Person) -> None:
    """As if it were not asked for, since a model has one newest version and another can be chosen as well."""
    group = make.group()
    make.version(make.model(owner, group=group, name="drafted"), owner)

    page = look(api, owner, f"group:{group} newest:PRODUCTION")

    assert (page.count("newest", "DRAFT"), page.count("newest", "PRODUCTION")) == ("1", "0")


def test_pages_say_where_they_stand_and_lead_both_ways(make: Make, api: Api, owner: Person) -> None:
    """Older and Newer walk the list, and no model is told twice or left out."""
    group = make.group()
    made = [make.model(owner, group=group, name=f"model-{number:02}") for number in range(45)]
    first = look(api, owner, f"group:{group}", sort="name")
    browser = api.browser(owner)

    def follow(page: Opened, rel: str) -> Opened:
        tag = re.search(rf'<a class="btn btn-quiet"[^>]*rel="{rel}">', page.text)
        assert tag is not None
        href = re.search(r'href="([^"]*)"', tag[0])
        assert href is not None
        return Opened(browser.get(html.unescape(href[1])).text)

    second = follow(first, "next")
    third = follow(second, "next")

    assert "1 to 20 of 45" in first.words
    assert "21 to 40 of 45" in second.words
    assert "41 to 45 of 45" in third.words
    assert [*first.models, *second.models, *third.models] == [model.address for model in made]
    assert follow(third, "prev").models == second.models
    assert follow(follow(third, "prev"), "prev").models == first.models


def test_an_address_never_outgrows_itself(make: Make, api: Api, owner: Person) -> None:
    """Cursors hold names, which may be long: what an address cannot hold of the way is left out of it."""
    group = ("g" * 60) + make.group()
    for number in range(105):
        make.model(owner, group=group, name=f"{number:03}-{'n' * 90}")
    browser = api.browser(owner)
    page, seen = look(api, owner, f"group:{group}", sort="name"), []

    while True:
        seen += page.models
        link = re.search(r'<a class="btn btn-quiet"[^>]*rel="next">', page.text)
        href = re.search(r'href="([^"]*)"', link[0]) if link else None
        if href is None:
            break
        answer = browser.get(html.unescape(href[1]))
        assert answer.status_code == 200
        page = Opened(answer.text)

    assert len(seen) == len(set(seen)) == 105
    assert "101 to 105 of 105" in page.words


def test_sorts_are_links_and_best_match_is_offered_for_words(make: Make, api: Api, owner: Person) -> None:
    """With words the best match comes first by itself, without them what changed last."""
    early: Model = make.model(owner, name="zebra-churn", description="x")
    late: Model = make.model(owner, name="alpha", description="Churn of zebras.")

    words, none = look(api, owner, "zebra is:mine"), look(api, owner, "is:mine")
    named = look(api, owner, "zebra is:mine", sort="name")

    assert "Best match" in words.words
    assert words.models == [early.address, late.address]
    assert "Best match" not in none.words
    assert none.models == [late.address, early.address]
    assert named.models == sorted([early.address, late.address])
    assert 'name="sort" value="name" form="filters"' in named.text


@pytest.mark.parametrize(
    "query",
    [
        "<script>alert(1)</script>", "\u202e reversed", "\U0001f600", "\u65e5\u672c", "a" * 3000,
        "((((((((((", "tag:", "*", "/rege.x/", "' OR 1=1 --", "\"", "created:2024-13-45", "NOT NOT NOT", "-",
        "http://x.y/z", "owner:me@x.y:z", "{{7*7}}", "a\tb\nc",
    ],
)  # fmt: skip
def test_whatever_is_typed_gets_a_page(make: Make, api: Api, query: str) -> None:
    """A page with what was typed in its box, escaped; never a fault of the program."""
    make.model()
    page = look(api, make.person(), query)

    assert "<script>alert" not in page.text
    assert 'id="q"' in page.text


def test_the_page_costs_a_fixed_number_of_statements(make: Make, api: Api, owner: Person) -> None:
    """However many models, terms and facets there are."""
    group = make.group()
    for number in range(25):
        make.model(owner, group=group, name=f"model-{number}", tags=[f"tag-{number}", "all"])
    browser = api.browser(owner)
    costs = {}

    for query in ("", f"group:{group}", f"group:{group} tag:all model -tag:tag-3 updated:>=now-7d", "churn OR tag:all"):
        browser.get("/models", params={"q": query})
        with counted() as sent:
            assert browser.get("/models", params={"q": query}).status_code == 200
        costs[query] = len(sent)

    assert {query: cost for query, cost in costs.items() if cost > MOST_STATEMENTS} == {}


def test_an_order_that_there_is_not_is_told_and_the_list_stays(make: Make, api: Api, owner: Person) -> None:
    """The list is sorted as suits the query."""
    model = make.model(owner)

    page = look(api, owner, "is:mine", sort="colour")

    assert "There is no order called “colour”" in page.words
    assert page.models == [model.address]
