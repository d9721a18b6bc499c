"""Pages of the catalogue while others write: nothing twice that did not change, nothing missed that stood all along."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.service import create_model
from modelkeep_server.features.promotion.findings.tier_raises import update_model
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.views import CatalogueFilter
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.registries import Registry

SORTS = ("updated", "created", "name", "relevance")
#: Orders in which a model keeps its place though it changes.
STILL = ("created", "name")
WRITERS, GROUP = 3, "written"
#: How long a reader waits for something to be written before the next page.
WAIT_SECONDS = 20


class Writers:
    """Several who register models and change those named `moving-`, each in a thread of its own."""

    def __init__(self, registry: Registry, owner: Person, moving: list[str]) -> None:
        self._registry = registry
        self._owner = owner
        self._moving = moving
        self._written = threading.Condition()
        self.over = threading.Event()
        self.count = 0

    def write(self, who: int) -> None:
        """Until it is over."""
        chance = random.Random(who)
        for number in range(1_000_000):
            if self.over.is_set():
                return
            with self._registry.writing() as work:
                if number % 2:
                    told = {"documentation_url": f"https://company.example/{who}/{number}"}
                    update_model(work, self._owner.actor, GROUP, chance.choice(self._moving), told, expected=None)
                else:
                    new = NewModel(GROUP, f"{chance.choice('amz')}-{who}-{number}", "Churn.", ["a@b.de"], "LOW")
                    create_model(work, self._owner.actor, new)
            with self._written:
                self.count += 1
                self._written.notify_all()

    def await_more(self) -> None:
        """Until one write more is done."""
        with self._written:
            before = self.count
            assert self._written.wait_for(lambda: self.count > before, WAIT_SECONDS)


@contextmanager
def written(registry: Registry, owner: Person, moving: list[str]) -> Iterator[Writers]:
    """While the block runs, several write."""
    writers = Writers(registry, owner, moving)
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [pool.submit(writers.write, who) for who in range(WRITERS)]
        try:
            yield writers
        finally:
            writers.over.set()
        for one in running:
            one.result()


def walk(registry: Registry, owner: Person, asked: CatalogueFilter, limit: int, writers: Writers) -> Counter[str]:
    """How often each model is shown, on all pages; something is written between any two of them."""
    shown: Counter[str] = Counter()
    cursor = None
    while True:
        with registry.reading() as work:
            page = queries.list_models(work, owner.actor, asked, limit=limit, cursor=cursor)
        shown.update(row.model.name for row in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return shown
        writers.await_more()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("models", sizes(small=24, full=600))
def test_what_stands_is_shown_once_however_much_is_written_meanwhile(
    fresh_registry: Registry, fresh_make: Make, sort: str, models: int, figures: Figures
) -> None:
    """A reader walks all pages by their cursors, while several register models and change others."""
    owner = fresh_make.owner()
    standing, moving = ([f"{word}-{number}" for number in range(models)] for word in ("standing", "moving"))
    with fresh_registry.writing() as work:
        for pair in zip(standing, moving, strict=True):
            for name in pair:
                create_model(work, owner.actor, NewModel(GROUP, name, "Churn of customers.", ["a@b.de"], "LOW"))
    asked = CatalogueFilter(text="churn", sort=sort)

    began = time.monotonic()
    with written(fresh_registry, owner, moving) as writers:
        shown = walk(fresh_registry, owner, asked, max(6, models // 30), writers)
    while_walking = writers.count

    still = {*standing, *moving} if sort in STILL else {*standing}
    missed = still - set(shown)
    twice = {name for name, count in shown.items() if count > 1 and not (name in moving and sort not in STILL)}
    figures.tell("models written while all pages were read", while_walking, at_least=1)
    figures.tell("seconds that took", time.monotonic() - began, "s")
    figures.tell("models missed", len(missed), at_most=0)
    figures.tell("models shown twice", len(twice), at_most=0)
    print(f"{sort}: {len(shown)} shown, {while_walking} written meanwhile, {len(missed)} missed, {len(twice)} twice")
    assert (missed, twice) == (set(), set())
    assert while_walking >= 1
