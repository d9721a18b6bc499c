"""What the catalogue says where nothing fits, or no answer comes: what is to blame, what else may be meant."""

import secrets
from types import ModuleType

import pytest

from modelkeep_server.features.search import queries
from modelkeep_server.features.search.likening import meant, seen
from modelkeep_server.interfaces.web import catalogue
from modelkeep_server.rules.permissions import Role
from modelkeep_server.rules.saved_searches import QUERY_CHARS
from tests.support.catalogue_page import Opened, look
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.passing import still
from tests.support.statements import counted


@pytest.fixture
def owner(make: Make) -> Person:
    """Whose models a test makes."""
    return make.owner()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What costs more searches is looked for however slow the machine is."""
    monkeypatch.setattr(catalogue, "CHEAP_MS", 60_000)


@pytest.mark.parametrize("word", ["or", "not"])
def test_operators_in_small_letters_are_offered_in_capitals(make: Make, api: Api, word: str) -> None:
    """They are words, which no model has; where it finds nothing either, nothing is offered."""
    here, nowhere, gone = (f"kn{secrets.token_hex(4)}" for _ in range(3))
    make.model(description=f"Of {here}.")

    page = look(api, make.person(), f"{here} {word} {nowhere}")
    empty = look(api, make.person(), f"{gone} {word} {nowhere}")

    assert f"Did you mean {here} {word.upper()} {nowhere} ?" in page.words
    assert "Did you mean" not in empty.words


def test_what_is_offered_finds_something(make: Make, api: Api) -> None:
    """All that is wrong is mended at once; where that finds nothing either, each value is offered by itself."""
    word = f"kn{secrets.token_hex(4)}"
    make.model(tags=[f"{word}-nlp", f"{word}-production"])
    make.model(tags=[f"{word}-vision"])
    reader = make.person()

    both = look(api, reader, f"tag:{word}-nlp and tag:{word}-productoin")
    apart = look(api, reader, f"tag:{word}-vision tag:{word}-productoin")

    assert f"Did you mean tag:{word}-nlp AND tag:{word}-production ?" in both.words
    assert f"Did you mean tag:{word}-production ?" in apart.words
    for page in (both, apart):
        assert look(api, reader, page.query_of('class="prose-link" href="/models')).models


@pytest.mark.parametrize("typed", ["{}, {}", "{},{}", "{}|{}"])
def test_values_in_a_list_are_offered_in_parentheses(make: Make, api: Api, typed: str) -> None:
    """Commas stand between no values, but people write them."""
    one, other = (f"kn{secrets.token_hex(4)}" for _ in range(2))
    make.model(tags=[one])

    page = look(api, make.person(), f"tag:{typed.format(one, other)}")

    assert f"Did you mean tag:({one} OR {other}) ?" in page.words


@pytest.mark.parametrize("typed", ["{}, {}", "{};{}"])
def test_words_in_a_list_are_offered_with_or(make: Make, api: Api, typed: str) -> None:
    """Where no model has all of them, and one has some."""
    one, other = (f"kn{secrets.token_hex(4)}" for _ in range(2))
    make.model(tags=[one])

    page = look(api, make.person(), typed.format(one, other))

    assert f"Did you mean {one} OR {other} ?" in page.words


def test_choices_that_or_parts_are_offered_in_parentheses(make: Make, api: Api, owner: Person) -> None:
    """The second would else be a word."""
    model = make.model(owner, risk_tier="HIGH")

    page = look(api, owner, f"group:{model.group} risk:high or low")

    assert f"Did you mean group:{model.group} risk:(high OR low) ?" in page.words


def test_a_value_with_blanks_is_offered_whole(make: Make, api: Api) -> None:
    """Without quotes it ends at the first blank, and what follows is words; owners are found by their whole name."""
    word = make.group().replace("group-", "w")
    owner, other = (make.named(f"Mei {last}{word}", Role.MODEL_OWNER) for last in ("Tanaka", "Tamura"))
    make.model(owner, tags=[f"{word}-learning-at-home"])
    make.model(other, tags=[f"{word}"])
    reader = make.person()

    person = look(api, reader, f"owner:Mei Tanaka{word} is:active")
    tag = look(api, reader, f"tag:{word} Learning at home is:active")

    assert f"Owners are compared by e-mail. Did you mean owner:{owner.email} is:active (" in person.words
    assert other.email not in person.text
    assert f"Did you mean tag:{word}-learning-at-home is:active ?" in tag.words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("{}knurlwrot", "{}knurlwort"),
        ('"{}knurlwrt" is:active', '"{}knurlwort" is:active'),
        ("description:{}Knurlwort-cleaninng", "description:{}Knurlwort-cleaning"),
        ('"İİ {}knurlwrt"', '"İİ {}knurlwort"'),
        ("riskTier:LOW OR {}knrlwort", None),
        ("-{}knurlwrot tag:nosuch-{}", None),
        ("{}knurlwort*x", None),
        ("qjx", None),
    ],
)
def test_a_misspelt_word_is_offered_as_models_have_it(make: Make, api: Api, typed: str, meant: str | None) -> None:
    """Where nothing is found; in the same place, and in quotes where it was."""
    word = f"k{secrets.token_hex(3)}"
    make.model(description=f"İİ {word}knurlwort, and its cleaning by {word}knurlwort-cleaning.")

    page = look(api, make.person(), typed.format(word, word))

    if meant is None:
        assert "Did you mean" not in page.words
    else:
        assert f"Did you mean {meant.format(word)} ?" in page.words


def test_a_short_word_is_offered_with_another_letter(make: Make, api: Api) -> None:
    """Abbreviations have three letters, and one of them is soon wrong, or two change places."""
    make.model(tags=["zqv"])
    reader = make.person()

    for typed in ("zqx", "qzv", "zvq"):
        assert "Did you mean zqv ?" in look(api, reader, typed).words, typed


def test_a_word_that_is_a_value_of_a_field_is_offered_as_that(fresh_make: Make, fresh_api: Api) -> None:
    """Frameworks, states, tiers and versions stand in no text; people type their names all the same."""
    owner, reader = fresh_make.owner(), fresh_make.person()
    word = f"kn{secrets.token_hex(4)}"
    model = fresh_make.model(owner, risk_tier="HIGH", tags=[word], owners=[f"{word}@company.com"])
    metadata = {"framework": f"{word}torch", "card": {"license": f"{word}-2.0"}}
    fresh_make.version(model, owner, version=f"7.8.9-{word}", metadata=metadata)

    for typed, term in (
        (f"{word}torch", f"framework:{word}torch"),
        (f"{word}-2.0", f"license:{word}-2.0"),
        (f"{word}@company.com", f"owner:{word}@company.com"),
        (f"v7.8.9-{word}", f"version:7.8.9-{word}"),
        (f"tag:{word} draft", f"tag:{word} state:DRAFT"),
        (f"high tag:{word}", f"riskTier:HIGH tag:{word}"),
    ):
        assert f"Did you mean {term} ?" in look(fresh_api, reader, typed).words, typed
    assert f"Did you mean tag:{word} is:mine ?" in look(fresh_api, owner, f"tag:{word} mine").words


def test_a_time_in_words_is_offered_as_a_date(make: Make, api: Api) -> None:
    """With the field that stands before it, or else as when a model last changed."""
    word = f"kn{secrets.token_hex(4)}"
    make.model(tags=[word])
    reader = make.person()

    assert f"Did you mean {word} updated:>=now-30d ?" in look(api, reader, f"{word} last 30 days").words
    assert f"Did you mean created:>=now-2w {word} ?" in look(api, reader, f"created past 2 weeks {word}").words


def test_each_query_is_offered_once(make: Make, api: Api) -> None:
    """However many ways lead to it."""
    word = f"kn{secrets.token_hex(4)}"
    make.model(tags=[word, f"{word}-nlp"])

    page = look(api, make.person(), f"tag:{word} and tag:{word}-nlp")

    assert page.words.count("Did you mean") == 1


def test_the_group_of_an_address_is_offered_as_models_have_it(make: Make, api: Api) -> None:
    """And the name stays as it was typed."""
    model = make.model(name="knurl-scorer")

    page = look(api, make.person(), f"{model.group[:-1]}/knurl-scorer")

    assert f"Did you mean {model.group}/knurl-scorer ?" in page.words


def test_a_word_that_only_hidden_models_have_is_offered_to_nobody_else(make: Make, api: Api, owner: Person) -> None:
    """However near it is, it is neither told nor in the way of one that the reader sees, nor does it cost more."""
    word = f"k{secrets.token_hex(3)}"
    make.model(owner, description=f"{word}knurlwxyz")
    browser = api.browser(make.person())
    browser.get("/models", params={"q": f"{word}knurlwart"})
    with counted() as before:
        first = browser.get("/models", params={"q": f"{word}knurlwort"}).text
    for end in ("knurlworts", "knurlwurt", "knurlwor", "knurlwert"):
        make.model(owner, description=f"{word}{end}", visibility="RESTRICTED")

    with counted() as after:
        told = browser.get("/models", params={"q": f"{word}knurlwort"}).text

    assert f"{word}knurlwxyz" in told
    assert (still(told), len(after)) == (still(first), len(before))
    assert "Did you mean" in look(api, owner, f"{word}knurlwurz").words


@pytest.mark.parametrize(
    "query", [f"tag:knurlvisio -tag:{'q' * 1000}"[:QUERY_CHARS], f"tag:{','.join(f't{n}' for n in range(120))}"]
)
def test_what_would_be_too_much_to_read_is_not_offered(make: Make, api: Api, query: str) -> None:
    """A query longer than there may be, more values in parentheses than it may have: the page comes all the same."""
    make.model(tags=["knurlvision"])

    assert "No model fits" in look(api, make.person(), query).words


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


@pytest.mark.parametrize(
    ("typed", "is_told"),
    [("owner:Nobodyq Atall", True), ("owner:q@nowhere.example", False), ("owner:nobodyq*", False)],
)
def test_a_name_that_no_owner_has_is_said_to_be_none(make: Make, api: Api, typed: str, is_told: bool) -> None:
    """How owners are asked for is told where nobody can be offered; an address is no name."""
    make.model()

    page = look(api, make.person(), typed)

    told = "Owners are compared by e-mail, and none that you may see is called Nobodyq ."
    assert (told in page.words) == is_told


def test_a_value_that_no_model_has_stands_in_its_facet_as_it_is_typed(make: Make, api: Api) -> None:
    """Not as it is compared; and where nothing is found, no facet counts three times nothing."""
    make.model()

    page = look(api, make.person(), 'tag:"No-Such Tag" group:NoSuchGroup')

    assert ">No-Such Tag</span>" in page.line("tag", "No-Such%20Tag")
    assert ">NoSuchGroup</span>" in page.line("group", "NoSuchGroup")
    assert page.line("riskTier", "LOW") == ""
    high = look(api, make.person(), "tag:NoSuchTag riskTier:HIGH")
    assert (high.count("riskTier", "HIGH"), high.line("riskTier", "LOW")) == ("0", "")


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


def test_whoever_finds_no_model_is_told_so(make: Make, api: Api) -> None:
    """Where there are models that they see; the empty registry is asked for where one is: tests/journeys."""
    make.model()
    page = look(api, make.person(), "name:" + "q" * 40)

    assert "No model fits" in page.words


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

    assert costs[0] == costs[1] < 45


def test_however_many_words_nothing_has_a_page_costs_the_same(make: Make, api: Api) -> None:
    """A few of them are likened to those that models have, and no more."""
    make.model()
    browser = api.browser(make.person())
    costs = []
    for many in (7, 30):
        browser.get("/models", params={"q": "knurlthing"})
        with counted() as statements:
            page = browser.get("/models", params={"q": " ".join(f"kzzzq{number}" for number in range(many))})
        assert page.status_code == 200, page.text
        costs.append(len(statements))

    assert costs[0] == costs[1] < 45


@pytest.mark.parametrize(("of", "limit"), [(queries, "GLANCE_SECONDS"), (meant, "SECONDS_MAX"), (seen, "SECONDS_MAX")])
def test_what_is_only_asked_beside_a_search_does_not_fail_its_page(
    make: Make, api: Api, owner: Person, monkeypatch: pytest.MonkeyPatch, of: ModuleType, limit: str
) -> None:
    """Where it takes too long to find the term to blame, or a value that was meant, the page goes without."""
    model = make.model(owner, tags=["knurlbeside"])
    query = f"tag:knurlbesid group:{model.group} Predicst"
    reader = make.person()
    whole = look(api, reader, query).words
    monkeypatch.setattr(of, limit, 0)

    page = look(api, reader, query).words

    assert ("Did you mean" in whole, "Did you mean" in page) == (True, False)
    assert "No model" in page, page


def test_a_value_that_models_have_is_likened_to_no_other(make: Make, api: Api, owner: Person) -> None:
    """Where terms fit each by themselves and not together, their values are right."""
    make.model(owner, tags=["quarrystone"])
    make.model(owner, tags=["quarrystones"], risk_tier="HIGH")

    page = look(api, owner, "is:mine tag:quarrystone riskTier:HIGH")

    assert "Did you mean" not in page.words
    assert "Without riskTier:HIGH : 1 model" in page.words


@pytest.mark.parametrize(
    "query", ["state:approved_staging", "stage:Approved-Staging -state:draft", "risk:high", "is:LIVE"]
)
def test_a_choice_in_any_spelling_is_shown_by_its_name_where_nothing_fits(make: Make, api: Api, query: str) -> None:
    """Choices come in any case: the facets of a page without models name them all the same."""
    make.model()

    page = look(api, make.person(), f"tag:no-such-tag {query}")

    assert "No model" in page.words
    assert len(page.chips) > 1
