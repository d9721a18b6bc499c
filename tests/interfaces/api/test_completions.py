"""Completion of queries through the API: of what the reader sees, in queries that are half typed."""

from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.statements import counted

COMPLETIONS = "/api/v1/models/completions"


def offers(client: Client, query: str, at: int | None = None) -> list[dict[str, Any]]:
    """What is offered at the end of a query, or before one of its characters."""
    params: dict[str, Any] = {"q": query} if at is None else {"q": query, "at": at}
    answer = client.get(COMPLETIONS, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def inserts(client: Client, query: str) -> list[str]:
    """What they would put in."""
    return [offer["insert"] for offer in offers(client, query)]


def word_of(make: Make) -> str:
    """A word that nothing else in the registry has."""
    return make.group().replace("group-", "w")


def test_fields_are_offered_by_their_names_and_other_spellings(make: Make, api: Api) -> None:
    """`ris` and `tier` both offer riskTier, in place of what was typed; the minus before it stays."""
    client = api.as_(make.person())

    assert inserts(client, "ris")[0] == "riskTier:"
    assert inserts(client, "tier")[0] == "riskTier:"
    (offer,) = [one for one in offers(client, "a AND -ris") if one["kind"] == "FIELD"]
    assert (offer["start"], offer["end"], offer["says"]) == (7, 10, "its risk tier")
    assert [one["kind"] for one in offers(client, "")] == ["FIELD"] * 10


def test_values_are_offered_by_their_beginning_and_then_by_what_they_hold(make: Make, api: Api) -> None:
    """Whatever the case and the accents; what needs quotes gets them."""
    word = word_of(make)
    make.model(tags=[f"{word}-x", f"a-{word}"])
    owner = make.named(f"Zoe {word}", Role.MODEL_OWNER)
    make.model(owner)
    client = api.as_(make.person())

    assert inserts(client, f"tag:{word}") == [f"{word}-x", f"a-{word}"]
    assert inserts(client, f"-tag:(nothing OR {word.upper()}-") == [f"{word}-x"]
    assert inserts(client, f"owner:{word}") == [owner.email]
    assert offers(client, f"owner:{word}")[0]["says"] == f"Zoe {word}"
    assert inserts(client, "owner:m")[0] == "me"


def test_choices_and_dates_are_offered_with_what_they_mean(make: Make, api: Api) -> None:
    """States and tiers by code or by what they are called; days, months and spans as of today."""
    client = api.as_(make.person())

    assert [(one["insert"], one["says"]) for one in offers(client, 'state:"approved for p')] == [
        ("APPROVED_PROD", "Approved for production")
    ]
    assert inserts(client, "riskTier:>=m") == ["MEDIUM"]
    assert ">now-7d" in inserts(client, "updated:")
    assert "now-7d" in inserts(client, "updated:>")
    assert inserts(client, "created:[2024-01-01 ") == ["TO"]
    assert "2025-03" in inserts(client, "created:2025-")
    assert "state:PRODUCTION" in inserts(client, "prod")


def test_operators_are_offered_behind_a_term(make: Make, api: Api) -> None:
    """Nothing can be joined where nothing stands."""
    client = api.as_(make.person())

    assert inserts(client, "tag:nlp ")[:3] == ["AND", "OR", "NOT"]
    assert not {"AND", "OR"} & set(inserts(client, ""))
    assert not {"AND", "OR"} & set(inserts(client, "tag:nlp AND "))


def test_an_operator_that_is_begun_in_capitals_is_offered_first(make: Make, api: Api) -> None:
    """Tab takes it: `A` behind a term is AND, before the fields and values that begin with an a."""
    client = api.as_(make.person())

    assert inserts(client, "tag:nlp A")[0] == "AND"
    assert inserts(client, "tag:nlp O")[0] == "OR"
    assert inserts(client, "N")[0] == "NOT"
    assert inserts(client, "tag:nlp o")[0] == "owner:"


def test_what_is_not_wanted_is_no_model_to_go_to(make: Make, api: Api) -> None:
    """Behind a minus or NOT fields and values alone are offered."""
    word = word_of(make)
    make.model(name=f"{word}-finder", tags=[f"{word}-tag"])
    client = api.as_(make.person())

    for query in (f"-{word}", f"tag:nlp -{word}", f"NOT {word}", f"NOT ({word}", f"-({word}"):
        assert [one["insert"] for one in offers(client, query)] == [f"tag:{word}-tag"], query
    assert "MODEL" in {one["kind"] for one in offers(client, word)}


def test_models_are_offered_by_name_and_by_address(make: Make, api: Api) -> None:
    """By the beginning of the name or of any word in it, and of the address: something to go to, not to search for."""
    word = word_of(make)
    model = make.model(name=f"{word}-Ring_finder")
    client = api.as_(make.person())

    for typed in (word, f"{word} ring", f"{word} find", model.address[:-3].lower()):
        assert [one["model"] for one in offers(client, typed) if one["kind"] == "MODEL"] == [model.address], typed


def test_groups_are_offered_beside_the_tags_that_begin_alike(make: Make, api: Api) -> None:
    """However many models and tags do: of each field the first, before any second; what is typed whole comes first."""
    word = word_of(make)
    for number in range(6):
        make.model(name=f"{word}-{number}", group=f"{word}-models", tags=[f"{word}-a{number}", f"{word}-b{number}"])
    client = api.as_(make.person())

    found, whole = offers(client, word), offers(client, f"{word}-models")
    values = [one["insert"] for one in found if one["kind"] == "VALUE"]

    assert values[:2] == [f"tag:{word}-a0", f"group:{word}-models"]
    assert 4 == len(values)
    assert {"FIELD", "MODEL"} & {one["kind"] for one in found} == {"MODEL"}
    assert f"group:{word}-models" == whole[0]["insert"]


def test_a_quote_that_was_just_opened_is_left_alone(make: Make, api: Api) -> None:
    """Nothing that would take its place is offered before something is typed in it."""
    word = word_of(make)
    model = make.model(name=f"{word}-finder")
    client = api.as_(make.person())

    for query in ('"', 'tag:nlp "', '-"', '("'):
        assert offers(client, query) == [], query
    assert [model.address] == [one["model"] for one in offers(client, f'"{word}')]


def test_what_one_may_not_see_is_not_offered(make: Make, api: Api) -> None:
    """Neither values that only hidden models have, nor the models; their owner is offered both."""
    word, owner = word_of(make), make.owner()
    hidden = make.model(owner, name=f"{word}-secret", tags=[f"{word}-tag"], visibility="RESTRICTED")
    stranger, theirs = api.as_(make.person()), api.as_(owner)

    for query in (f"tag:{word}", f"group:{hidden.group}", word, hidden.group, f"name:{word}", f"tag:{word[1:]}"):
        assert inserts(stranger, query) == [], query
        assert inserts(theirs, query) != [], query


@pytest.mark.parametrize(
    "query",
    ['tag:"', "tag:(", "((((", ")", "foo:bar", "tag:\\", "[", "created:[", "*", "~", "^", "😀", "tag:%", "_", "'"],
)
def test_a_broken_query_is_no_error(make: Make, api: Api, query: str) -> None:
    """Whatever is typed, the answer is a list."""
    offers(api.as_(make.person()), query)


def test_bad_input_is_answered_with_its_fields(make: Make, api: Api) -> None:
    """A caret that is no number, and a query longer than any."""
    client = api.as_(make.person())

    assert fields_at_fault(client.get(COMPLETIONS, params={"q": "x", "at": -1})) == {"at"}
    assert fields_at_fault(client.get(COMPLETIONS, params={"q": "x" * 2001})) == {"q"}
    assert offers(client, "tag:nlp", 2000) == offers(client, "tag:nlp")


@pytest.mark.parametrize(
    ("query", "most"), [("", 0), ("tag:w", 3), ("owner:w", 3), ("w", 3), ("state:", 0), ("name:w", 2)]
)
def test_completing_takes_three_statements_at_most(make: Make, api: Api, query: str, most: int) -> None:
    """Beside those that find who is asking."""
    client = api.as_(make.person())
    offers(client, query)
    with counted() as without:
        offers(client, "riskTier:")
    with counted() as sent:
        offers(client, query)

    assert len(sent) - len(without) <= most
