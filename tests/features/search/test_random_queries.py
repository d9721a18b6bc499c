"""Random queries over random worlds: the catalogue says what a slow evaluator over plain objects says, in its order."""

import contextlib
import functools
import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator, Sequence

import pytest

from modelkeep_server.features.search import compiling, queries
from modelkeep_server.features.search.views import CatalogueFilter
from tests.conftest import BOTH
from tests.support import slow_search
from tests.support.endurance import Figures
from tests.support.registries import Registries
from tests.support.search_queries import Asked, make_query
from tests.support.search_worlds import Visitor, World, plant
from tests.support.slow_search import Book

Worlds = Callable[[str, int], World]
SORTS = ("", "relevance", "updated", "created", "name")
#: How many models a world has, and how many queries are put to it before the next is made.
MODELS, QUERIES = 48, 250
#: Which part of all pairs, and how many of them: each part is a test, so that one can be asked again alone.
PARTS = [
    pytest.param(0, 120, id="small-120"),
    *(pytest.param(part, 1_000, marks=pytest.mark.endurance, id=f"full-1000-part-{part}") for part in range(5)),
]
#: How long one question may take here: what is found is asked for, on however busy a machine.
SECONDS_MAX = 60.0
#: By how much the ways to an answer are told apart: in small, what a world reaches.
_TURNS = {
    "_CODES_MAX": (0, 1, 2), "WORDS_MAX": (0, 1, 3), "LONE_WORDS_MAX": (0, 1, 3),
    "COUNTED_WORDS_MAX": (0, 3, 99), "VALUES_MAX": (0, 1, 3), "BEGINNINGS_MAX": (0, 1, 3),
    "_LONG": (1, 3, 99), "_SORTED_MAX": (0, 3, 12), "LOOKED_AT": (1, 4, 16), "_JOINED_MAX": (0, 1, 3),
    "_COMMON": (0.0, 0.3, 1.1), "_SPANNED_MAX": (0.0, 0.7, 99), "_TOGETHER_MAX": (0, 2, 24), "_PIECES_MAX": (1, 4, 64),
    "_SPARE": (0, 4, 99), "_BARE_SPARE": (0.01, 0.8, 9), "_OF_PAIRS": (0.1, 4, 99), "_DATED_MAX": (1, 5, 99),
}  # fmt: skip


@pytest.fixture(scope="module")
def worlds(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """The world of a number on a database. Nothing here changes it, so the last one is asked again."""
    stack = contextlib.ExitStack()

    @functools.lru_cache(1)
    def make_world(kind: str, number: int) -> World:
        stack.close()
        folder = tmp_path_factory.mktemp(f"world-{number}")
        return plant(stack.enter_context(registries.template(kind).copied(folder)), random.Random(number), MODELS)

    with stack:
        yield make_world


def find(world: World, visitor: Visitor, text: str, sort: str, limit: int) -> list[str]:
    """What the catalogue finds, in order, page after page, of which each says the same total."""
    asked = CatalogueFilter(text=text, sort=sort)
    found: list[str] = []
    cursor = None
    with world.registry.reading() as work:
        while True:
            page = queries.list_models(work, visitor.actor, asked, limit=limit, cursor=cursor)
            found += [row.model.address for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                assert page.total == len(found), (text, page.total, found)
                return found


def expect(world: World, visitor: Visitor, asked: Asked, sort: str) -> list[Book]:
    """What it should find."""
    return slow_search.find(asked.means, world.books, visitor.reader, sort)


def differs(
    world: World, visitor: Visitor, asked: Asked, sort: str, limit: int, books: Sequence[Book] | None = None
) -> str:
    """How the two answers differ, in words; empty where they do not. `books` are what is expected, where known."""
    expected = [book.address for book in (expect(world, visitor, asked, sort) if books is None else books)]
    try:
        found = find(world, visitor, asked.text, sort, limit)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer
        return f"{error!r:.400} instead of {expected}"
    return "" if found == expected else f"{found}\n  instead of {expected}"


def miscounts(world: World, visitor: Visitor, asked: Asked) -> str:
    """Where the counts beside what is found differ from those of the evaluator, in words."""
    with world.registry.reading() as work:
        found = queries.list_models(work, visitor.actor, CatalogueFilter(text=asked.text), limit=1, facets=True)
    wrong = [] if found.total == len(expect(world, visitor, asked, "")) else [f"a total of {found.total}"]
    for facet in found.facets:
        counts = slow_search.count_facet(asked.means, world.books, visitor.reader, facet.field)
        expected = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[: len(facet.counts)]
        told = [(one.key, one.count) for one in facet.counts]
        spelled = {one for book in world.books for one in slow_search.values_of(book, facet.field)}
        strange = [one.shown for one in facet.counts if one.shown not in spelled]
        if told != expected or facet.others != len(counts) - len(told) or strange:
            wrong.append(f"{facet.field}: {told} and {facet.others} more, not {expected} of {len(counts)}; {strange}")
    return "; ".join(wrong) if found.facets else "no counts at all"


def shrink(world: World, visitor: Visitor, asked: Asked, sort: str, limit: int) -> Asked:
    """The smallest query within this one whose answers differ."""
    for part in asked.parts:
        if differs(world, visitor, part, sort, limit):
            return shrink(world, visitor, part, sort, limit)
    return asked


def say(world: World, who: str, asked: Asked, sort: str, limit: int, first: str) -> str:
    """
    A failure as somebody can follow it: the query, its meaning, both answers, models that tell them apart. `first` is
    how the answers differed at first, for what does not happen again.
    """
    visitor = world.visitors[who]
    small = shrink(world, visitor, asked, sort, limit)
    told = differs(world, visitor, small, sort, limit) or f"once, and not again: {first}"
    apart = [book for book in world.books if told.count(f"'{book.address}'") == 1]
    head = f"{who} asks {small.text!r}, sort {sort!r}, {limit} a page"
    return "\n".join((head, f"  {small.means}", f"  {told[:3000]}", *(f"  {book}" for book in apart[:2])))


def take_other_ways(monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> None:
    """
    Have a few dozen models be many: whatever chooses how they are found, by how much there is, chooses as among
    millions. The answers stay.
    """
    for info in pkgutil.iter_modules(compiling.__path__, f"{compiling.__name__}."):
        module = importlib.import_module(info.name)
        for name, few in _TURNS.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, chance.choice(few))


@pytest.mark.parametrize("is_much", [False, True], ids=["few", "as-many"])
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("part", "pairs"), PARTS)
def test_random_queries_find_what_a_slow_evaluator_finds(
    kind: str, is_much: bool, part: int, pairs: int, worlds: Worlds, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:  # fmt: skip
    """
    Whoever asks, whatever they ask, however it is sorted and cut into pages: the same models in the same order, the
    same total, and the same counts beside them.
    """
    monkeypatch.setattr(queries, "SECONDS_MAX", SECONDS_MAX)
    chance = random.Random(9 + part)
    told, some = list[str](), 0
    count = -(-pairs // QUERIES)
    for number in range(count):
        world = worlds(kind, part * count + number)
        for turn in range(min(QUERIES, pairs - number * QUERIES)):
            if is_much and turn % 10 == 0:
                take_other_ways(monkeypatch, chance)
            asked, who, sort = make_query(chance), chance.choice(tuple(world.visitors)), chance.choice(SORTS)
            limit = chance.choice((2, 10, 10, 200))
            expected = expect(world, world.visitors[who], asked, sort)
            some += 0 < len(expected) < len(world.books)
            if apart := differs(world, world.visitors[who], asked, sort, limit, expected):
                told.append(say(world, who, asked, sort, limit, apart))
            elif turn % 3 == 0 and (wrong := miscounts(world, world.visitors[who], asked)):
                told.append(f"{who} asks {asked.text!r}: {wrong}")

    print(f"{kind}, part {part}: {pairs - len(told)} of {pairs} pairs agreed; {some} found some models and not all")
    figures.tell("random pairs of query and data", pairs, at_least=pairs)
    figures.tell("of which some models were found, and not all", some, at_least=pairs / 3)
    figures.tell("answers unlike those of the evaluator", len(told), at_most=0)
    assert not told, f"{len(told)} of {pairs} differ:\n" + "\n\n".join(told[:6])
    assert some > pairs / 3
