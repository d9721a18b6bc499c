"""The catalogue's page: the query in the address is the truth, and everything on the page is a link that changes it."""

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from modelkeep_server.features.models.views import Model
from modelkeep_server.features.search import queries
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.pages import words_of
from tests.support.statements import counted

MOST_STATEMENTS = 9


@dataclass
class Opened:
    """A page of the catalogue, read as a person reads it."""

    text: str

    @property
    def models(self) -> list[str]:
        """The addresses of the rows, in order."""
        return re.findall(r'<h2><a href="/models/([^"]+)"', self.text)

    @property
    def words(self) -> str:
        """Its words."""
        return words_of(self.text)

    @property
    def chips(self) -> list[str]:
        """What the chips say."""
        found = re.findall(r'<a class="chip" [^>]*aria-label="Remove ([^"]*)"', self.text)
        return [html.unescape(one) for one in found]

    def query_of(self, pattern: str) -> str:
        """The query to which the link leads whose tag holds this."""
        links = [tag for tag in re.findall(r"<a [^>]*>", self.text) if re.search(pattern, tag)]
        assert links, f"no link holds {pattern}"
        return query_in(links[0])

    def line(self, field: str, value: str) -> str:
        """A line of a facet, as HTML."""
        found = re.search(
            rf'<li class="pick-line[^"]*">\s*<a class="pick-main" id="pick-{field}-{value}".*?</li>', self.text, re.S
        )
        return found[0] if found else ""

    def count(self, field: str, value: str) -> str:
        """What a line of a facet counts."""
        found = re.search(r'<span class="pick-count">([^<]*)<', self.line(field, value))
        return found[1] if found else ""


def query_in(tag: str) -> str:
    """The query in the address of a link."""
    href = re.search(r'href="([^"]*)"', tag)
    assert href is not None
    return parse_qs(urlsplit(html.unescape(href[1])).query).get("q", [""])[0]


def look(api: Api, person: Person, q: str = "", **more: str) -> Opened:
    """The catalogue as this person sees it."""
    answer = api.browser(person).get("/models", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return Opened(answer.text)


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


def test_however_many_values_nothing_has_a_page_costs_the_same(make: Make, api: Api, owner: Person) -> None:
    """A few of them are likened to those that models have, and no more."""
    make.model(owner)
    browser = api.browser(make.person())
    costs = []
    for many in (7, 90):
        browser.get("/models", params={"q": "tag:knurlthing"})
        with counted() as statements:
            page = browser.get("/models", params={"q": " ".join(f"tag:kz{number}" for number in range(many))})
        assert page.status_code == 200, page.text
        costs.append(len(statements))

    assert costs[0] == costs[1] < 60


def test_what_is_only_asked_beside_a_search_does_not_fail_its_page(
    make: Make, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it takes too long to find the term to blame, or a value that was meant, the page goes without."""
    model = make.model(owner, tags=["knurlbeside"])
    query = f"tag:knurlbesid group:{model.group}"
    reader = make.person()
    whole = look(api, reader, query).words
    monkeypatch.setattr(queries, "GLANCE_SECONDS", 0)

    page = look(api, reader, query).words

    assert ("Did you mean" in whole, "Did you mean" in page) == (True, False)
    assert "No model" in page, page


def test_where_nothing_fits_the_term_to_blame_is_named(make: Make, api: Api, owner: Person) -> None:
    """How many would fit without each term; a term without which nothing fits either is not offered."""
    make.model(owner, name="one", tags=["alpha"])
    make.model(owner, name="two", tags=["alpha"])

    page = look(api, owner, "is:mine tag:alpha riskTier:HIGH")

    assert "No model fits" in page.words
    assert "Without riskTier:HIGH : 2 models" in page.words
    assert "Without tag:alpha" not in page.words


def test_a_value_that_no_model_has_is_likened_to_those_that_the_reader_sees(
    make: Make, api: Api, owner: Person
) -> None:
    """A tag mistyped by a letter is offered as it is written; one of models that stay unseen is not."""
    make.model(owner, tags=["knurlwortlike"])
    make.model(owner, tags=["hushedwortlike"], visibility="RESTRICTED")
    reader = make.person()

    page, own = look(api, reader, "tag:knurlwortlik"), look(api, owner, "tag:hushedwortlik")

    assert "Did you mean tag:knurlwortlike ?" in page.words
    assert "Did you mean tag:hushedwortlike ?" in own.words
    assert "Did you mean" not in look(api, reader, "tag:hushedwortlik").words


def test_an_owner_asked_for_by_name_is_offered_by_email(make: Make, api: Api) -> None:
    """Of owners of models that the reader sees; whose models are all hidden is offered to nobody else."""
    word = make.group().replace("group-", "w")
    owner, hidden = make.named(f"Mei {word}", Role.MODEL_OWNER), make.named(f"Hu {word}", Role.MODEL_OWNER)
    make.model(owner)
    make.model(hidden, visibility="RESTRICTED")

    page = look(api, make.person(), f'owner:"mei {word}"')

    told = f"Owners are compared by e-mail. Did you mean owner:{owner.email} (Mei {word})?"
    assert told in page.words.replace(" ?", "?").replace("( ", "(").replace(" )", ")")
    assert page.query_of('class="prose-link" href="/models') == f"owner:{owner.email}"
    assert hidden.email not in look(api, make.person(), f"owner:{word}").text


def test_a_value_that_no_model_has_stands_in_its_facet_as_it_is_typed(make: Make, api: Api) -> None:
    """Not as it is compared; and where nothing is found, no facet counts three times nothing."""
    make.model()

    page = look(api, make.person(), 'tag:"No-Such Tag" group:NoSuchGroup')

    assert ">No-Such Tag</span>" in page.line("tag", "No-Such%20Tag")
    assert ">NoSuchGroup</span>" in page.line("group", "NoSuchGroup")
    assert page.line("riskTier", "LOW") == ""
    high = look(api, make.person(), "tag:NoSuchTag riskTier:HIGH")
    assert (high.count("riskTier", "HIGH"), high.line("riskTier", "LOW")) == ("0", "")


def test_other_states_are_counted_beside_one_that_is_chosen(make: Make, api: Api, owner: Person) -> None:
    """As if it were not asked for, since a model has one newest version and another can be chosen as well."""
    group = make.group()
    make.version(make.model(owner, group=group, name="drafted"), owner)

    page = look(api, owner, f"group:{group} newest:PRODUCTION")

    assert (page.count("newest", "DRAFT"), page.count("newest", "PRODUCTION")) == ("1", "0")


def test_a_search_that_takes_too_long_keeps_the_query_in_its_box(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays the catalogue, and says what takes less."""
    monkeypatch.setattr(queries, "SECONDS_MAX", -1.0)

    answer = api.browser(make.person()).get("/models", params={"q": "*rau* tag:nlp", "sort": "name"})

    assert answer.status_code == 503
    page = Opened(answer.text)
    assert "This search takes too long" in page.words
    assert 'value="*rau* tag:nlp"' in page.text
    assert page.chips == ["*rau*", "tag nlp"]


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


def test_whoever_finds_no_model_is_told_so(make: Make, api: Api) -> None:
    """Where there are models that they see; the empty registry is asked for where one is: tests/journeys."""
    make.model()
    page = look(api, make.person(), "name:" + "q" * 40)

    assert "No model fits" in page.words


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


def test_a_value_that_models_have_is_likened_to_no_other(make: Make, api: Api, owner: Person) -> None:
    """Where terms fit each by themselves and not together, their values are right."""
    make.model(owner, tags=["quarrystone"])
    make.model(owner, tags=["quarrystones"], risk_tier="HIGH")

    page = look(api, owner, "is:mine tag:quarrystone riskTier:HIGH")

    assert "Did you mean" not in page.words
    assert "Without riskTier:HIGH : 1 model" in page.words
