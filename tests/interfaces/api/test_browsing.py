"""Groups and tags through the API: with what the reader sees in each."""

from typing import Any

from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.problems import fields_at_fault
from tests.support.statements import counted


def rows(client: Client, noun: str, **query: Any) -> list[dict[str, Any]]:
    """The rows of the first page."""
    answer = client.get(f"/api/v1/{noun}", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_row_counts_what_the_reader_sees(make: Make, api: Api) -> None:
    """Models, their tiers and the one that changed last; another reader is told of those that they see."""
    owner, group = make.owner(), make.group()
    make.model(owner, group=group, name="one", risk_tier="HIGH")
    make.model(owner, group=group, name="two", risk_tier="LOW")
    make.model(owner, group=group, name="three", risk_tier="LOW", visibility="RESTRICTED")

    (theirs,) = rows(api.as_(owner), "groups", q=group)
    (seen,) = rows(api.as_(make.person()), "groups", q=group.upper())

    assert (theirs["name"], theirs["query"], theirs["models"]) == (group, f"group:{group}", 3)
    assert (theirs["modelsCapped"], theirs["newest"]["model"]) == (False, f"{group}/three")
    assert theirs["riskTiers"] == {"LOW": 2, "MEDIUM": 0, "HIGH": 1}
    assert (seen["models"], seen["newest"]["model"]) == (2, f"{group}/two")
    assert seen["riskTiers"] == {"LOW": 1, "MEDIUM": 0, "HIGH": 1}


def test_what_only_hidden_models_have_is_not_there(make: Make, api: Api) -> None:
    """Neither group nor tag of them, in any order."""
    word = make.group()
    make.model(group=word, tags=[word], visibility="RESTRICTED")
    client = api.as_(make.person())

    for noun in ("groups", "tags"):
        for sort in ("name", "use"):
            assert rows(client, noun, q=word, sort=sort) == []


def test_lists_are_walked_by_name_and_sorted_by_use(make: Make, api: Api) -> None:
    """By name in pages, each once; by use the most used first."""
    word = make.group()
    for count in (1, 2, 3):
        for place in range(count):
            make.model(name=f"m{count}{place}", tags=[f"{word}-{count}"])
    client = api.as_(make.person())

    first = client.get("/api/v1/tags", params={"q": word, "limit": 2}).json()
    second = client.get("/api/v1/tags", params={"q": word, "limit": 2, "cursor": first["nextCursor"]}).json()
    names = [row["name"] for row in (*first["items"], *second["items"])]

    assert names == [f"{word}-1", f"{word}-2", f"{word}-3"]
    assert second["nextCursor"] is None
    used = [(row["name"], row["models"]) for row in rows(client, "tags", q=word, sort="use")]
    assert used == [(f"{word}-3", 3), (f"{word}-2", 2), (f"{word}-1", 1)]


def test_the_query_of_a_row_finds_its_models(make: Make, api: Api) -> None:
    """Whatever the tag is made of."""
    word = make.group()
    make.model(tags=[f"{word}:a(b)", f"-{word}"])
    client = api.as_(make.person())

    for row in rows(client, "tags", q=word):
        found = client.get("/api/v1/models", params={"q": row["query"]}).json()
        assert found["total"] == row["models"] == 1, row


def test_bad_input_is_answered_with_its_fields(make: Make, api: Api) -> None:
    """An unknown order; a cursor of another list."""
    client = api.as_(make.person())
    make.model(tags=["one", "two"])
    cursor = client.get("/api/v1/tags", params={"limit": 1}).json()["nextCursor"]

    assert fields_at_fault(client.get("/api/v1/tags", params={"sort": "size"})) == {"sort"}
    assert client.get("/api/v1/groups", params={"cursor": cursor}).status_code in (400, 422)
    assert rows(client, "tags", q="%_/") == []


def test_a_page_takes_a_fixed_number_of_statements(make: Make, api: Api) -> None:
    """However many rows it has."""
    client = api.as_(make.person())
    word = make.group()
    make.model(tags=[f"{word}-{place}" for place in range(10)])
    rows(client, "tags", q=word)
    with counted() as one:
        rows(client, "tags", q=f"{word}-1")
    with counted() as ten:
        rows(client, "tags", q=word)

    assert len(ten) == len(one)
