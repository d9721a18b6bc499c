"""Whichever way a search takes to its rows, it finds the same models in the same order, as a slow reader would."""

import random
from collections.abc import Iterator

import pytest

from modelkeep_server.features.search import queries
from modelkeep_server.features.search.compiling import lookups, pages, ranking, shares
from modelkeep_server.features.search.compiling.ranking import LIVE
from modelkeep_server.features.search.compiling.starts import Way
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.facets import counting
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import Fit, Node, Text, parts_of
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit import clock
from tests.support.registries import Registries
from tests.support.search_queries import make_query
from tests.support.search_worlds import Visitor, World, plant
from tests.support.slow_folding import words_of
from tests.support.slow_search import count_values, find, fits
from tests.support.statements import counted

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


@pytest.mark.parametrize("seed", range(4))
def test_every_way_finds_the_same_in_the_same_order(world: World, seed: int) -> None:
    """Walking, streaming, gathering, and whatever is chosen: the models that a slow reader finds, in that order."""
    chance = random.Random(seed)
    keys = keys_of(world)
    differing = []

    for _ in range(25):
        asked = make_query(chance)
        visitor = world.visitors[chance.choice(sorted(world.visitors))]
        sort = chance.choice(SORTS)
        wanted = [keys[book.address.lower()] for book in find(asked.means, world.books, visitor.reader, sort)]
        for way in WAYS:
            found = walk_pages(world, visitor, asked.means, sort, way, chance.choice((1, 3, 7, 100)))
            if found != wanted:
                differing.append((asked.text, asked.means, sort, way, found, wanted))

    assert differing == []


@pytest.mark.parametrize("share", [0.5, 0.75, 0.95])
def test_of_what_is_common_no_index_is_read_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """Among a million models, of which most fit, as many are read as are counted, whichever index they come from."""
    node = read_query("trained weekly", now=clock.utc_now())
    seen = shares.LOOKED_AT
    fits = [int(share * seen)] * (1 + len(parts_of(node)))
    looked = (1_000_000, seen, 1_000_000, 1_000_001 - seen, *fits)
    monkeypatch.setattr(Search, "all", lambda *_: [looked])
    with world.registry.reading() as work:
        search = Search(work, next(iter(world.visitors.values())).actor, node)
        search.shares.look([node])

        source = search.source(node, wanted=pages.COUNTED_MAX)

    assert source.way is not Way.GATHER or len(source.spans) > 1


@pytest.mark.parametrize(("sorted_max", "spare"), [(0, 4), (3, 4), (0, 0)])
def test_steps_that_are_read_as_they_come_are_in_the_same_order(
    world: World, sorted_max: int, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where much fits, each step of the rank is read apart, what is live first: the order is the same. So it is where as
    many statements are needed, since each finds fewer than it seemed.
    """
    monkeypatch.setattr(ranking, "_SORTED_MAX", sorted_max)
    monkeypatch.setattr(ranking, "_SPARE", spare)
    chance = random.Random(sorted_max)
    keys = keys_of(world)
    differing = []

    for _ in range(60):
        asked = make_query(chance)
        visitor = world.visitors[chance.choice(sorted(world.visitors))]
        wanted = [keys[book.address.lower()] for book in find(asked.means, world.books, visitor.reader, "relevance")]
        found = walk_pages(world, visitor, asked.means, "relevance", chance.choice(WAYS), chance.choice((1, 4, 100)))
        if found != wanted:
            differing.append((asked.text, found, wanted))

    assert differing == []


def test_a_beginning_that_goes_on_as_no_other_word_is_that_word(world: World) -> None:
    """What a search finds for it is found by its list alone, and has no step of a rank of its own."""
    words = sorted(row[0] for row in world.registry.look("SELECT word FROM search_words") if len(row[0]) > 4)
    begun = [word for word in words if sum(other.startswith(word) for other in words) > 1]
    alone = [word for word in words if word not in begun]
    fits = []

    with world.registry.reading() as work:
        for word in (begun[0], alone[0]):
            search = Search(work, next(iter(world.visitors.values())).actor, read_query(word, now=clock.utc_now()))
            assert isinstance(search.node, Text)
            fits.append(search.node.patterns[0].fit)

    assert fits == [Fit.BEGINNING, Fit.WHOLE]


def test_wildcards_that_stand_for_too_much_find_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a wildcard stands for more words or values than are searched, texts and lists of values are asked."""
    for name in ("WORDS_MAX", "LONE_WORDS_MAX", "COUNTED_WORDS_MAX", "VALUES_MAX", "BEGINNINGS_MAX"):
        monkeypatch.setattr(lookups, name, 1)
    chance = random.Random(5)
    keys = keys_of(world)
    mia = world.visitors["mia@company.com"]
    differing = []

    for _ in range(60):
        asked = make_query(chance)
        wanted = [keys[book.address.lower()] for book in find(asked.means, world.books, mia.reader, "updated")]
        for way in WAYS:
            found = walk_pages(world, mia, asked.means, "updated", way, 100)
            if found != wanted:
                differing.append((asked.text, way, found, wanted))

    assert differing == []


@pytest.mark.parametrize("query", ["-created:2024", "created:>=2024-01-25 OR churn", "tag:* (updated:2024-02 OR x9)"])
def test_dates_of_more_models_than_are_counted_find_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Wherever in a query they stand: excluded, in one of several ways to fit, in parentheses."""
    monkeypatch.setattr(shares, "_DATED_MAX", 1)
    mia, keys, node = world.visitors["mia@company.com"], keys_of(world), read_query(query, now=clock.utc_now())

    found = walk_pages(world, mia, node, "updated", None, 100)

    assert found == [keys[book.address.lower()] for book in find(node, world.books, mia.reader, "updated")]


def test_wildcards_side_by_side_find_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few letters of each word are told, whether the words go on, and in whichever place."""
    chance = random.Random(6)
    keys = keys_of(world)
    mia = world.visitors["mia@company.com"]
    differing = []

    for _ in range(80):
        monkeypatch.setattr(lookups, "LONE_WORDS_MAX", chance.choice((1, 2_400)))
        book = chance.choice(world.books)
        words = words_of(chance.choice((book.name, book.description, *book.tags)))
        at = chance.randrange(max(len(words) - 1, 1))
        one, *more = words[at : at + chance.choice((2, 2, 3))]
        if more and min(len(one), len(more[-1])) > 1:
            one = "*" + one[-chance.randint(2, 5) :]
            more[-1] = more[-1][: chance.randint(2, 5)] + chance.choice(("*", "", "?"))
            text = f"{chance.choice(('', '', 'name:', 'description:', '-'))}{'-'.join((one, *more))}"
            node = read_query(text, now=clock.utc_now())
            wanted = [keys[found.address.lower()] for found in find(node, world.books, mia.reader, "relevance")]
            found = {way: walk_pages(world, mia, node, "relevance", way, 100) for way in WAYS}
            differing += [(text, way, got, wanted) for way, got in found.items() if got != wanted]

    assert differing == []


def test_facets_count_what_a_slow_reader_counts(world: World) -> None:
    """Every value of every field, under any query, for anybody; values of one field that stands alone are exchanged."""
    chance = random.Random(8)
    differing = []

    for _ in range(30):
        asked = make_query(chance)
        visitor = world.visitors[chance.choice(sorted(world.visitors))]
        with world.registry.reading() as work:
            search = Search(work, visitor.actor, asked.means)
            search.shares.look(counting.trees_counted(asked.means))
            counts = counting.count_values(search)
            named = counting.name_values(work, counts, counting.COUNTED_FIELDS, 1000)
        for field, told in named.items():
            node = counting.others_of(asked.means, field) if field in counting.CHOSEN_ONE_OF else asked.means
            wanted = count_values(find(node, world.books, visitor.reader), field)
            if {one.key: one.count for one in told} != dict(wanted):
                differing.append((asked.text, field, told, wanted))

    assert differing == []


def test_one_model_is_found_where_the_list_has_it(world: World) -> None:
    """Asked of one model at a time, a query gives the same answer."""
    chance = random.Random(9)
    keys = keys_of(world)
    differing = []

    for _ in range(15):
        asked = make_query(chance)
        visitor = world.visitors[chance.choice(sorted(world.visitors))]
        for book in chance.sample(world.books, 6):
            wanted = visitor.reader.sees(book) and fits(asked.means, book, visitor.reader)
            with world.registry.reading() as work:
                found = queries.matches(work, visitor.actor, asked.means, keys[book.address.lower()])
            if found != wanted:
                differing.append((asked.text, book.address, found, wanted))

    assert differing == []


@pytest.mark.parametrize(
    ("text", "plain", "with_facets"),
    [
        ("", 2, 4), ("fraud", 4, 6), ("mo", 4, 6), ('"fraud detection"', 4, 6), ("*aud*", 4, 6), ("fraud -churn", 4, 6),
        ("tag:nlp tag:cv", 4, 6), ("owner:nlp@company.com riskTier:HIGH", 4, 6), ("is:mine", 3, 5),
        ("created:2024-01", 3, 5),
    ],
)  # fmt: skip
def test_a_search_costs_few_statements(world: World, text: str, plain: int, with_facets: int) -> None:
    """
    What patterns stand for, a look, the page with its total, its rows; with facets their counts and their names. Codes
    are remembered: a process reads them once.
    """
    mia = world.visitors["mia@company.com"].actor
    costs = []
    with world.registry.reading() as work:
        queries.list_models(work, mia, CatalogueFilter(text=text), facets=True)

    for facets in (False, True):
        with world.registry.reading() as work, counted() as sent:
            queries.list_models(work, mia, CatalogueFilter(text=text), facets=facets)
        costs.append(len(sent))

    assert costs[0] <= plain
    # One more where a value of a field is chosen that has one alone.
    assert costs[1] <= with_facets + ("riskTier" in text)
