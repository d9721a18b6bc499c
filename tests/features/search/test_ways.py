"""Whichever way a search takes to its rows, it finds the same models in the same order, as a slow reader would."""

import random
from collections.abc import Iterator

import pytest

from modelkeep_server.features.search.compiling import pages
from modelkeep_server.features.search.compiling.ranking import LIVE
from modelkeep_server.features.search.compiling.ways import Search, Way
from modelkeep_server.features.search.language.tree import Node
from tests.support.registries import Registries
from tests.support.search_queries import make_query
from tests.support.search_worlds import Visitor, World, plant
from tests.support.slow_search import find

SORTS = ("", "relevance", "updated", "created", "name")
WAYS = (None, *Way)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(
    request: pytest.FixtureRequest, registries: Registries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Some dozens of models that were made by the registry's own acts."""
    with registries.template(request.param).copied(tmp_path_factory.mktemp("world")) as registry:
        yield plant(registry, random.Random(3), 60)


def walk_pages(world: World, visitor: Visitor, node: Node, sort: str, way: Way | None, limit: int) -> list[int]:
    """The keys of all that is found, page after page."""
    with world.registry.reading() as work:
        search = Search(work, visitor.actor, node, beside=[LIVE], only=way)
        chosen = pages.sort_of(node, sort)
        found: list[int] = []
        after = None
        while True:
            rows, total = pages.list_rows(search, chosen, limit=limit, after=after)
            found += [row.model_key for row in rows]
            if len(rows) < limit:
                assert total == len(found)
                return found
            after = rows[-1].position


def keys_of(world: World) -> dict[str, int]:
    """The inside id of each model by its address in small letters."""
    return {row[0]: row[1] for row in world.registry.look("SELECT path_key, model_id FROM search_models")}


@pytest.mark.parametrize("seed", range(8))
def test_every_way_finds_the_same_in_the_same_order(world: World, seed: int) -> None:
    """Walking, streaming, gathering, and whatever is chosen: the models that a slow reader finds, in that order."""
    chance = random.Random(seed)
    keys = keys_of(world)
    differing = []

    for _ in range(40):
        asked = make_query(chance)
        visitor = world.visitors[chance.choice(sorted(world.visitors))]
        sort = chance.choice(SORTS)
        wanted = [keys[book.address.lower()] for book in find(asked.means, world.books, visitor.reader, sort)]
        for way in WAYS:
            found = walk_pages(world, visitor, asked.means, sort, way, chance.choice((1, 3, 7, 100)))
            if found != wanted:
                differing.append((asked.text, asked.means, sort, way, found, wanted))

    assert differing == []
