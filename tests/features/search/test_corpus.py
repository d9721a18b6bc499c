"""Each query of the corpus finds what a reader of the table would find, in that order, on either database."""

from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.kit import clock
from tests.conftest import BOTH
from tests.features.search import corpus
from tests.support import slow_search
from tests.support.bank import CLARA, found_bank
from tests.support.clients import Api, Client
from tests.support.problems import fields_at_fault
from tests.support.registries import Registries
from tests.support.search_worlds import World

MODELS = "/api/v1/models"
PARTS = {
    "guide": corpus.GUIDE, "words": corpus.WORDS, "folding": corpus.FOLDING, "wildcards": corpus.WILDCARDS,
    "fields": corpus.FIELDS, "dates": corpus.DATES, "joined": corpus.JOINED, "sorted": corpus.SORTED,
}  # fmt: skip


@pytest.fixture(scope="module", params=BOTH)
def bank(
    request: pytest.FixtureRequest, registries: Registries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The bank's models in a registry of their own; nothing here changes them."""
    with registries.template(request.param).copied(tmp_path_factory.mktemp("bank") / "registry") as registry:
        yield found_bank(registry)


@pytest.fixture
def clara(bank: World, portal: BlockingPortal) -> Client:
    """A program of Clara's."""
    return Api(bank.registry, portal).with_token(bank.visitors[CLARA].token)


def find(client: Client, text: str, sort: str = "", limit: int = 200) -> list[str]:
    """The names found, page after page, of which each says the same total."""
    names: list[str] = []
    asked: dict[str, Any] = {"q": text, "limit": limit, **({"sort": sort} if sort else {})}
    while True:
        answer = client.get(MODELS, params=asked)
        assert answer.status_code == 200, (text, answer.text)
        page = answer.json()
        names += [row["name"] for row in page["items"]]
        if page["nextCursor"] is None:
            assert page["total"] == len(names), text
            return names
        asked["cursor"] = page["nextCursor"]


@pytest.mark.parametrize("part", PARTS)
def test_a_query_finds_what_a_reader_would(clara: Client, part: str) -> None:
    """The guide's examples, and every operator, field, spelling, form of date, wildcard and step of ranks."""
    found = {row: find(clara, row.text, row.sort) for row in PARTS[part]}

    assert {(row.text, row.sort): names for row, names in found.items() if names != row.names.split()} == {}


def test_the_slow_evaluator_finds_the_same(bank: World) -> None:
    """What random queries are compared with answers those that a person thought out as that person did."""
    reader, now = bank.visitors[CLARA].reader, clock.utc_now()
    found = {row: slow_search.find(read_query(row.text, now=now), bank.books, reader, row.sort) for row in corpus.ROWS}

    names = {row: [book.name for book in books] for row, books in found.items()}
    assert {(row.text, row.sort): names[row] for row in corpus.ROWS if names[row] != row.names.split()} == {}


@pytest.mark.parametrize("limit", [1, 4])
def test_small_pages_are_the_whole_list(clara: Client, limit: int) -> None:
    """Whatever the sort, pages of a few rows together are the list, each model once."""
    rows = [row for row in corpus.ROWS if len(row.names.split()) > limit][:: 3 * limit]

    found = {row: find(clara, row.text, row.sort, limit) for row in rows}

    assert {(row.text, row.sort): names for row, names in found.items() if names != row.names.split()} == {}


def test_an_id_alone_is_its_model(bank: World, clara: Client) -> None:
    """An id copied from anywhere, in any case, with blanks around it; of a model she does not see it is nothing."""
    ids = {book.name: book.public_id for book in bank.books}

    assert find(clara, f" {ids['fraud-detector'].upper()} ") == ["fraud-detector"]
    assert find(clara, ids["insider-alert"]) == []


def test_a_query_has_at_least_its_size() -> None:
    """There are 120 queries and more, no two of them alike."""
    assert len({(row.text, row.sort) for row in corpus.ROWS}) == len(corpus.ROWS) >= 120


def test_what_cannot_be_read_is_told_with_its_place(clara: Client) -> None:
    """Where it went wrong, and what to write instead; what is written so can be read."""
    differing = {}

    for row in corpus.MISTAKES:
        answer = clara.get(MODELS, params={"q": row.text})
        assert fields_at_fault(answer) == {"q"}, row.text
        (told,) = answer.json()["errors"]
        if (told.get("position"), told.get("suggestion")) != (row.position, row.suggestion):
            differing[row.text] = told
        if row.suggestion and clara.get(MODELS, params={"q": row.suggestion}).status_code != 200:
            differing[row.suggestion] = "cannot be read"

    assert differing == {}
