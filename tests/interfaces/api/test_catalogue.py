"""The catalogue through the API: filters, dates, pages and cursors."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modelkeep_server.features.models import service
from modelkeep_server.features.models.checks import NewModel
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry
from tests.support.statements import counted

MODELS = "/api/v1/models"


def names(client: Client, **query: Any) -> list[str]:
    """The names on the first page."""
    answer = client.get(MODELS, params=query)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["items"]]


def register(registry: Registry, make: Make, group: str, count: int, **changes: Any) -> list[datetime]:
    """Models m0, m1, ... in one group, registered an hour apart; gives when."""
    owner, begin = make.owner(), datetime(2026, 1, 30, 12, tzinfo=UTC)
    moments = [begin + timedelta(hours=number) for number in range(count)]
    for number, moment in enumerate(moments):
        with registry.writing(now=moment) as work:
            new = NewModel(group, f"m{number}", f"Number {number}.", ["team@example.com"], "LOW", **changes)
            service.create_model(work, owner.actor, new)
    return moments


def test_a_row_is_the_model_with_its_newest_versions(make: Make, api: Api) -> None:
    """Each row says what the model's own page says, and shows the two newest versions and how many there are."""
    model = make.model()
    for version in ("1.0.0", "2.0.0", "1.5.0"):
        make.version(model, version=version)
    client = api.as_(make.person())

    page = client.get(MODELS, params={"group": model.group}).json()

    (row,) = page["items"]
    newest = [{"version": number, "state": "DRAFT", "closed": False} for number in ("1.5.0", "2.0.0")]
    assert row == {**client.get(f"{MODELS}/{model.address}").json(), "newest": newest, "versionCount": 3}
    assert (page["nextCursor"], page["total"]) == (None, 1)


def test_text_finds_names_groups_descriptions_and_tags(make: Make, api: Api) -> None:
    """One word of any of them is enough, in any case, from its beginning."""
    word = make.group().replace("group-", "w")
    models = {
        "name": make.model(name=f"a-{word}-b"),
        "group": make.model(group=f"{word}-x"),
        "description": make.model(description=f"About ({word.upper()}), mostly."),
        "tag": make.model(tags=[f"x/{word}"]),
    }
    make.model(description=f"x{word}")
    client = api.as_(make.person())

    found = {row["id"] for row in client.get(MODELS, params={"q": word[:-2].upper()}).json()["items"]}

    assert found == {model.id for model in models.values()}


def test_the_owner_filter_finds_named_owners_and_registrars(make: Make, api: Api) -> None:
    """Whoever owns a model, by name or by having registered it, is found by it, in any case of the address."""
    registrar, group = make.owner(), make.group()
    make.model(registrar, group=group, name="registered", owners=["other@example.com"])
    make.model(group=group, name="named", owners=[registrar.email.upper()])
    make.model(group=group, name="neither")
    client = api.as_(make.person())

    assert sorted(names(client, owner=registrar.email.title(), group=group)) == ["named", "registered"]
    assert names(client, owner=registrar.email[:-1], group=group) == []


def test_days_and_moments_bound_the_list(registry: Registry, make: Make, api: Api) -> None:
    """A bare day means the whole of it, a moment itself, an offset is honoured; both ends are included."""
    group = make.group()
    register(registry, make, group, 24)
    client = api.as_(make.person())

    def found(**query: str) -> list[int]:
        return sorted(int(name[1:]) for name in names(client, group=group, limit="100", **query))

    assert found(createdFrom="2026-01-31") == list(range(12, 24))
    assert found(createdTo="2026-01-30") == list(range(12))
    assert found(createdFrom="2026-01-30", createdTo="2026-01-30") == list(range(12))
    assert found(createdFrom="2026-01-31T09:00:00Z") == [21, 22, 23]
    assert found(createdTo="2026-01-30T13:00:00+01:00") == [0]
    assert found(createdFrom="2026-01-30T14:00:00", createdTo="2026-01-30T15:00:00") == [2, 3]
    assert found(updatedFrom="2026-01-31T10:00:00Z", updatedTo="2026-02-01") == [22, 23]
    assert found(createdFrom="0001-01-01", createdTo="9999-12-31") == list(range(24))
    assert found(createdFrom="2026-02-01", createdTo="2026-01-01") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("name", ["m0", "m1", "m2"]), ("created", ["m2", "m1", "m0"]), ("updated", ["m0", "m2", "m1"])],
)
def test_the_list_can_be_sorted(registry: Registry, make: Make, api: Api, sort: str, expected: list[str]) -> None:
    """By name, by the newest, or by what was changed last: a new version counts as a change."""
    owner, group = make.owner(), make.group()
    models = [make.model(owner, group=group, name=f"m{number}") for number in range(3)]
    make.version(models[0])
    client = api.as_(make.person())

    assert names(client, group=group, sort=sort) == expected
    assert names(client, group=group) == names(client, group=group, sort="updated")


def test_pages_hold_every_model_once(registry: Registry, make: Make, api: Api) -> None:
    """The pages together are the list, whatever their size, and every one says how many there are."""
    group = make.group()
    register(registry, make, group, 11)
    client = api.as_(make.person())
    whole = names(client, group=group, limit=200)

    for limit in (1, 3, 10, 11, 12):
        seen, cursor = [], ""
        while cursor is not None:
            page = client.get(MODELS, params={"group": group, "limit": limit, "cursor": cursor}).json()
            assert (page["total"], len(page["items"]) <= limit) == (11, True)
            seen.extend(row["name"] for row in page["items"])
            cursor = page["nextCursor"]
        assert seen == whole


def test_a_page_has_fifty_rows_unless_said(registry: Registry, make: Make, api: Api) -> None:
    """The default is 50, at most 200."""
    group = make.group()
    register(registry, make, group, 52)
    client = api.as_(make.person())

    assert len(names(client, group=group)) == 50
    assert len(names(client, group=group, limit=200)) == 52
    assert fields_at_fault(client.get(MODELS, params={"limit": 201})) == {"limit"}


@pytest.fixture
def paged(registry: Registry, make: Make, api: Api) -> tuple[Client, dict[str, Any], str]:
    """Somebody with the cursor of a filter's first page."""
    group = make.group()
    register(registry, make, group, 3, tags=["t"])
    client, query = api.as_(make.person()), {"group": group, "limit": 1, "sort": "name"}
    return client, query, client.get(MODELS, params=query).json()["nextCursor"]


@pytest.mark.parametrize(
    "change",
    [
        {"group": "other"}, {"sort": "created"}, {"q": "number"}, {"tag": "t"}, {"owner": "team@example.com"},
        {"riskTier": "LOW"}, {"createdFrom": "2020-01-01"}, {"updatedTo": "2030-01-01"}, {"group": ""},
    ],
)  # fmt: skip
def test_a_cursor_serves_its_own_filter_only(paged: Any, change: dict[str, str]) -> None:
    """Carried to another filter or sort, a cursor is refused with what to do, instead of giving a wrong page."""
    client, query, cursor = paged

    answer = client.get(MODELS, params={**query, **change, "cursor": cursor})

    assert refusal(answer) == (400, "malformed_request")
    assert "without a cursor" in answer.json()["remedy"]


def test_a_cursor_serves_another_page_size(paged: Any) -> None:
    """How many rows are asked for may change from page to page."""
    client, query, cursor = paged

    assert names(client, **{**query, "limit": 50, "cursor": cursor}) == ["m1", "m2"]


def test_an_edited_cursor_is_refused(paged: Any) -> None:
    """Cursors are signed: not one character can be changed, taken away or added."""
    client, query, cursor = paged
    edited = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    forged = base64.urlsafe_b64encode(b"\0" * 16 + b'[["m1",1],"0"]').decode().rstrip("=")
    edited += [cursor[:-1], cursor + "A", cursor + "=", " " + cursor, forged, "x", "=", "é", "AAAA", cursor.lower()]

    answers = [client.get(MODELS, params={**query, "cursor": text}).status_code for text in edited]

    assert answers == [400] * len(edited)


def test_a_cursor_of_another_list_is_refused(make: Make, api: Api, paged: Any) -> None:
    """The cursor of a model's versions opens no page of the catalogue, nor the other way round."""
    client, _, cursor = paged
    model = make.model()
    for version in ("1.0.0", "2.0.0"):
        make.version(model, version=version)
    versions = f"{MODELS}/{model.address}/versions"
    of_versions = client.get(versions, params={"limit": 1}).json()["nextCursor"]

    answers = [client.get(MODELS, params={"cursor": of_versions}), client.get(versions, params={"cursor": cursor})]

    assert [refusal(answer) for answer in answers] == [(400, "malformed_request")] * 2


def test_too_many_words_are_told(make: Make, api: Api) -> None:
    """A text of more than 32 words is refused by name."""
    answer = api.as_(make.person()).get(MODELS, params={"q": "word " * 33})

    assert fields_at_fault(answer) == {"q"}


def test_a_page_costs_the_same_whatever_it_holds(registry: Registry, make: Make, api: Api) -> None:
    """Who asks, what is looked up and looked at, which rows, and they with all of theirs: five for one or fifty."""
    group = make.group()
    register(registry, make, group, 50, tags=["cost"])
    client = api.as_(make.person())
    client.get("/api/v1/me")
    costs = []

    for query in (
        {"limit": 1},
        {"limit": 50},
        {"limit": 50, "q": "number", "tag": "cost", "owner": "team@example.com"},
    ):
        with counted() as statements:
            assert names(client, group=group, **query)
        costs.append(len(statements))

    assert costs == [5, 5, 5]


def test_a_filter_that_is_not_known_is_refused(api: Api, make: Make) -> None:
    """A parameter the list does not have is 422 and named, since ignoring it would pass an unfiltered list off."""
    answer = api.as_(make.person()).get("/api/v1/models", params={"colour": "red"})

    assert fields_at_fault(answer) == {"colour"}


def test_versions_narrow_by_state_and_framework(make: Make, api: Api) -> None:
    """Beside the query; a value that is no state is said."""
    owner, group = make.owner(), make.group()
    model = make.model(owner, group=group, name="drafted")
    make.version(model, owner, metadata={"framework": "PyTorch"})
    make.model(owner, group=group, name="bare")
    client = api.as_(make.person())

    assert names(client, q=f"group:{group}", state="DRAFT") == ["drafted"]
    assert names(client, q=f"group:{group}", framework="pytorch") == ["drafted"]
    assert names(client, q=f"group:{group}", state="PRODUCTION") == []
    assert fields_at_fault(client.get(MODELS, params={"state": "NOWHERE"})) == {"state"}


def test_a_result_is_counted_field_by_field(make: Make, api: Api) -> None:
    """Where it is asked for: what models have, the most frequent first, as far as the reader sees them."""
    owner, group = make.owner(), make.group()
    make.model(owner, group=group, name="one", tags=["Shared", "first"], risk_tier="HIGH")
    make.model(owner, group=group, name="two", tags=["shared"])
    make.model(owner, group=group, name="three", tags=["shared", "hidden"], visibility="RESTRICTED")
    client = api.as_(make.person())

    told = client.get(MODELS, params={"q": f"group:{group}", "facets": "true"}).json()
    plain = client.get(MODELS, params={"q": f"group:{group}"}).json()

    counts = {facet["field"]: {one["key"]: one["count"] for one in facet["counts"]} for facet in told["facets"]}
    assert counts["tag"] == {"shared": 2, "first": 1}
    assert counts["riskTier"] == {"high": 1, "low": 1}
    assert (told["total"], told["totalCapped"], told["facetsCapped"], told["sort"]) == (2, False, False, "updated")
    assert (plain["facets"], plain["total"]) == (None, 2)


def test_a_query_sorts_by_relevance_and_says_so(make: Make, api: Api) -> None:
    """Where it has words and nothing else is asked for."""
    word = make.group().replace("group-", "w")
    make.model(name=word)
    make.model(name="other", description=f"About {word}.")
    client = api.as_(make.person())

    told = client.get(MODELS, params={"q": word}).json()

    assert ([row["name"] for row in told["items"]], told["sort"]) == ([word, "other"], "relevance")
    assert names(client, q=word, sort="updated") == ["other", word]


def test_a_query_that_cannot_be_read_says_where(make: Make, api: Api) -> None:
    """By the characters at fault, and with a query that may have been meant."""
    answer = api.as_(make.person()).get(MODELS, params={"q": "churn riskTeir:HIGH"})

    assert fields_at_fault(answer) == {"q"}
    (fault,) = answer.json()["errors"]
    assert (fault["position"], fault["suggestion"]) == (6, "churn riskTier:HIGH")
    assert fault["length"] > 0


def test_what_may_have_been_meant_is_said_where_nothing_fits(make: Make, api: Api) -> None:
    """To whoever asks for it: queries that find something, with the filters beside the query written into them."""
    group = make.group()
    make.model(group=group, tags=[f"{group}-production"], risk_tier="HIGH")
    client = api.as_(make.person())

    def meant(**query: Any) -> Any:
        answer = client.get(MODELS, params={**query, "meant": "true"})
        assert answer.status_code == 200, answer.text
        return answer.json()["meant"]

    tag = f"tag:{group}-production"
    assert meant(q=f"tag:{group}-productoin") == [{"query": tag, "person": "", "byEmail": False}]
    assert [one["query"] for one in meant(q="riskTier:HIGH", tag=f"{group}-productoin")] == [f"riskTier:HIGH {tag}"]
    assert [one["query"] for one in meant(tag=f"{group}-productoin", createdFrom="2020-01-01")] == [
        f"{tag} created:>=2020-01-01T00:00:00+00:00"
    ]
    assert meant(q="nothing-like-this-is-here") == []
    assert meant(q=tag) is None
    assert client.get(MODELS, params={"q": f"tag:{group}-productoin"}).json()["meant"] is None
