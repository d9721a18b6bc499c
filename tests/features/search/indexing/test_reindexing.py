"""Writing the catalogue's index anew while the registry serves, and filling it after an upgrade."""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from modelkeep_server.features.jobs.views import Task
from modelkeep_server.features.models import service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.search.indexing import reindexing, sweeping
from modelkeep_server.features.search.indexing.reindexing import Filler
from modelkeep_server.kit import clock
from tests.conftest import BOTH
from tests.support.addresses import file_of
from tests.support.at_once import at_once
from tests.support.clients import Api
from tests.support.endurance import sizes
from tests.support.indexed import TABLES, check, document_of, found_by, read_documents, reindex, values_of
from tests.support.make import Make, Person
from tests.support.registries import Registries, Registry, opened

#: Ways to spoil the index behind the registry's back.
SPOILT = {
    "a document gone": ["DELETE FROM search_models WHERE doc = (SELECT max(doc) FROM search_models)"],
    "no documents": ["DELETE FROM search_models"],
    "postings gone": ["DELETE FROM search_postings WHERE value_id % 2 = 0"],
    "postings of nobody": [
        "INSERT INTO search_postings (value_id, doc) SELECT id, 77777 FROM search_values",
        "INSERT INTO search_postings (value_id, doc) SELECT 88888, doc FROM search_models",
    ],
    "another model's value": ["UPDATE search_models SET facets = (SELECT max(facets) FROM search_models)"],
    "other words": ["UPDATE search_texts SET description = 'nothing'"],
    "words gone": ["DELETE FROM search_words WHERE word LIKE 'p%'"],
    "texts of nobody": ["INSERT INTO search_texts (doc, name, keys, description) VALUES (99999, 'a', 'b', 'c')"],
    "a renamed value": ["UPDATE search_values SET key = 'other', shown = 'Other' WHERE field = 'T'"],
    "another state": ["UPDATE search_versions SET state = 'PRODUCTION', framework = 'none'"],
    "shown to all": ["UPDATE search_models SET visibility = 'INTERNAL'"],
    "everything gone": [f"DELETE FROM {table}" for table in TABLES],
}
#: The full-text index without any document.
FORGETTING = {
    "sqlite": [f"INSERT INTO {table} ({table}) VALUES ('delete-all')" for table in ("search_index", "search_pairs")],
    "postgresql": ["DELETE FROM search_entries", "DELETE FROM search_whole"],
}


#: PostgreSQL alone: a dump, read into tables that are there, in which entries come before what they are made of.
_READ_IN = """
    CREATE TEMP TABLE kept AS SELECT * FROM search_whole; CREATE TEMP TABLE held AS SELECT * FROM search_entries;
    DELETE FROM search_entries; DELETE FROM search_whole;
    INSERT INTO search_entries SELECT * FROM held; INSERT INTO search_whole SELECT * FROM kept; DROP TABLE kept, held
"""


@pytest.fixture(scope="module", params=BOTH)
def furnished(
    request: pytest.FixtureRequest, registries: Registries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """A registry with a few models, of which only the index is changed, and that is mended."""
    with registries.template(request.param).copied(tmp_path_factory.mktemp("furnished") / "registry") as registry:
        furnish(Make(registry))
        yield registry


def furnish(make: Make) -> None:
    """A few models, some with versions and files."""
    owner = make.owner()
    for number in range(7):
        model = make.model(
            owner, name=f"model-{number}", tags=["nlp", f"t{number}"], description=f"Predicts thing {number}.",
            visibility="RESTRICTED" if number % 3 == 0 else "INTERNAL",
        )  # fmt: skip
        if number % 2:
            version = make.version(model, metadata={"framework": "pytorch", "card": {"license": "MIT"}})
            make.file(version)


@pytest.mark.parametrize("statements", SPOILT.values(), ids=SPOILT)
def test_whatever_is_spoilt_is_noticed_and_mended(furnished: Registry, statements: list[str]) -> None:
    """The check names it; written anew, the index has what it had, in the same order, and searches find it."""
    before = read_documents(furnished)
    found = found_by(furnished, "predicts")
    for statement in statements:
        furnished.tamper(statement)

    spoilt = check(furnished)
    count = reindex(furnished)

    after = read_documents(furnished)
    assert (spoilt.is_sound, check(furnished).is_sound, count) == (False, True, 7)
    assert {path: replace(one, number=0) for path, one in after.items()} == {
        path: replace(one, number=0) for path, one in before.items()
    }
    assert found_by(furnished, "predicts") == found
    assert found == [f"model-{number}" for number in reversed(range(7))]


def test_a_full_text_index_that_holds_something_else_is_told_and_mended(
    fresh_registry: Registry, fresh_make: Make
) -> None:
    """It is compared with the documents it is made of: one that it lacks, one that it has otherwise."""
    furnish(fresh_make)
    found = found_by(fresh_registry, "predicts")
    spoil = {
        "sqlite": FORGETTING["sqlite"],
        "postgresql": [
            "DELETE FROM search_entries WHERE doc = (SELECT min(doc) FROM search_entries)",
            "DELETE FROM search_whole WHERE doc = (SELECT min(doc) FROM search_whole)",
            "UPDATE search_whole SET name_key = 'other' WHERE doc = (SELECT max(doc) FROM search_whole)",
            "UPDATE search_entries SET visibility = 'NONE' WHERE doc = (SELECT max(doc) FROM search_entries)",
            _READ_IN,
        ],
    }

    for statement in spoil[fresh_registry.kind]:
        fresh_registry.tamper(statement)
        spoilt = check(fresh_registry)
        reindex(fresh_registry)

        assert (spoilt.differing, spoilt.faults) == (0, ("The full-text index holds other words than the documents.",))
        assert check(fresh_registry).is_sound
    assert found_by(fresh_registry, "predicts") == found


def test_values_and_words_of_no_model_leave_with_the_next_reindex(fresh_registry: Registry, fresh_make: Make) -> None:
    """E-mails above all; what a model still has stays as it was first spelled."""
    owner = fresh_make.owner()
    model = fresh_make.model(owner, tags=["Kept", "Gone"], description="Leaving words.")
    fresh_make.edit(model, tags=["Kept"], description="Other text.")
    fresh_registry.tamper("INSERT INTO search_values (field, key, shown) VALUES ('O', 'left@b.de', 'Left@b.de')")

    reindex(fresh_registry)

    shown = {row.shown for row in fresh_registry.look("SELECT shown FROM search_values WHERE field IN ('A', 'O')")}
    words = {row.word for row in fresh_registry.look("SELECT word FROM search_words")}
    texts = document_of(fresh_registry, model.address).texts
    assert shown == {"Kept", owner.email}
    assert words == {word for text in texts for word in text.split()} - {"¶"}


def test_readers_find_everything_all_the_while_and_writers_write(
    fresh_registry: Registry, fresh_make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two batches the catalogue is whole; what is registered or changed meanwhile is found, and stays."""
    monkeypatch.setattr(reindexing, "BATCH", 2)
    furnish(fresh_make)
    owner = fresh_make.owner()
    late: list[str] = []
    seen = []
    first = fresh_make.model(owner, name="early")

    def step(done: int, total: int) -> None:
        assert total == 8
        if len(late) < 3:
            late.append(fresh_make.model(owner, name=f"late-{done}").name)
            fresh_make.edit(first, description=f"Changed after {done}.")
        seen.append(sorted(found_by(fresh_registry, "is:active")) == sorted([*names, *late]))

    names = [f"model-{number}" for number in range(7)] + ["early"]
    reindexing.reindex(fresh_registry.house.database, fresh_registry.house.parts, step)

    assert len(late) == 3
    assert all(seen)
    assert check(fresh_registry).is_sound
    updated = {path: one.updated_at for path, one in read_documents(fresh_registry).items()}
    numbers = {path: one.number for path, one in read_documents(fresh_registry).items()}
    assert sorted(updated, key=updated.__getitem__) == sorted(numbers, key=numbers.__getitem__)


def test_a_reindex_that_was_broken_off_is_run_again(
    fresh_registry: Registry, fresh_make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done until then is right, nothing is lost, and the second run ends it."""
    monkeypatch.setattr(reindexing, "BATCH", 2)
    furnish(fresh_make)
    fresh_registry.tamper("UPDATE search_texts SET description = 'nothing'")

    def break_off(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindexing.reindex(fresh_registry.house.database, fresh_registry.house.parts, break_off)
    between = len(found_by(fresh_registry, "is:active"))
    reindex(fresh_registry)

    assert between == 7
    assert check(fresh_registry).is_sound


def empty(registry: Registry) -> None:
    """The index as the migration leaves it."""
    for statement in FORGETTING[registry.kind]:
        registry.tamper(statement)
    for table in TABLES:
        registry.tamper(f"DELETE FROM {table}")


def test_an_empty_index_is_filled_when_the_registry_opens(fresh_registry: Registry, fresh_make: Make) -> None:
    """A registry that comes from a release with another index finds its models at once."""
    furnish(fresh_make)
    before = read_documents(fresh_registry)
    empty(fresh_registry)

    with opened(fresh_registry.settings) as again:
        found = found_by(again, "predicts")

    assert len(found) == 7
    assert check(fresh_registry).is_sound
    assert {path: replace(one, number=0) for path, one in read_documents(fresh_registry).items()} == {
        path: replace(one, number=0) for path, one in before.items()
    }


def test_a_large_index_is_filled_while_the_registry_serves(
    fresh_registry: Registry, fresh_make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens at once; what changes meanwhile is found, and when all is filled the order is that of last changes."""
    monkeypatch.setattr(reindexing, "FILLED_AT_ONCE", 3)
    monkeypatch.setattr(reindexing, "FILL_BATCH", 2)
    furnish(fresh_make)
    model = fresh_make.model(name="changed")
    empty(fresh_registry)
    with opened(fresh_registry.settings) as again:
        before = found_by(again, "is:active")
    fresh_make.edit(model, description="Changed before the index was filled.")
    during = found_by(fresh_registry, "is:active")

    stop = threading.Event()
    filler = Filler(fresh_registry.house.database, fresh_registry.house.parts)
    worker = threading.Thread(target=filler.run, args=(stop,))
    worker.start()
    while not is_filled(fresh_registry):
        stop.wait(0.05)
    stop.set()
    worker.join(20)

    assert (before, during) == ([], ["changed"])
    assert check(fresh_registry).is_sound
    if fresh_registry.kind == "postgresql":
        options = fresh_registry.look(
            "SELECT reloptions FROM pg_class WHERE relname LIKE 'ix_search_%' AND relam = 2742"
        )
        assert [row.reloptions for row in options] == [["fastupdate=off"]] * 2
    assert found_by(fresh_registry, "is:active") == ["changed", *[f"model-{n}" for n in reversed(range(7))]]


def is_filled(registry: Registry) -> bool:
    """Whether no model is left."""
    with registry.reading() as work:
        return reindexing.is_filled(work)


class Crowd:
    """Several who register and edit models at the same time, with the same words, tags and owners."""

    def __init__(self, registry: Registry, make: Make, count: int) -> None:
        self._registry = registry
        self._owners = [make.owner() for _ in range(count)]
        self._models = [make.model(owner) for owner in self._owners for _ in range(2)]
        self._make = make
        self.made: list[str] = []

    def act(self, number: int, times: int) -> None:
        """What one of them does."""
        chance, owner = random.Random(number), self._owners[number]
        for _ in range(times):
            name = f"crowd-{number}-{len(self.made)}-{chance.getrandbits(30)}"
            if chance.random() < 0.6:
                self._register(owner, name, chance)
            else:
                model = chance.choice([one for one in self._models if self._make.owner_of(one) is owner])
                self._make.edit(model, tags=self._some_tags(chance), description=self._some_words(chance))

    def _register(self, owner: Person, name: str, chance: random.Random) -> None:
        new = NewModel(
            self._models[0].group, name, self._some_words(chance), [owner.email, f"shared{chance.randint(1, 3)}@b.de"],
            "LOW", tags=self._some_tags(chance),
        )  # fmt: skip
        with self._registry.writing() as work:
            service.create_model(work, owner.actor, new)
        self.made.append(name)

    def _some_tags(self, chance: random.Random) -> list[str]:
        return chance.sample([f"tag{number}" for number in range(8)], 3)

    def _some_words(self, chance: random.Random) -> str:
        return " ".join(f"word{chance.randint(0, 400)}" for _ in range(12))


@pytest.mark.parametrize("times", sizes(small=8, full=300))
def test_five_writers_and_a_reindex_at_once_lose_no_document(
    fresh_registry: Registry, fresh_make: Make, times: int
) -> None:
    """Nobody waits for another in a circle, and afterwards everything is found, and right."""
    crowd = Crowd(fresh_registry, fresh_make, 5)

    def rewrite() -> None:
        for _ in range(3):
            reindex(fresh_registry)

    at_once(*(partial(crowd.act, number, times) for number in range(5)), rewrite)

    found = check(fresh_registry)
    assert (found.differing, found.faults) == (0, ())
    assert set(crowd.made) <= {path.partition("/")[2] for path in read_documents(fresh_registry)}


def test_two_facts_of_one_version_at_once_are_both_kept(registry: Registry, make: Make, api: Api) -> None:
    """A file and a card that come at the same moment do not write over each other."""
    for _ in range(4):
        version = make.version()
        owner = make.owner_of(version)
        client = api.as_(owner)

        answers = at_once(
            lambda client=client, version=version: client.put(
                file_of(version), params={"type": "WEIGHTS"}, content=make.safetensors(128)
            ),
            lambda version=version, owner=owner: make.card(version, owner),
        )  # fmt: skip

        assert answers[0].status_code == 201, answers[0].text
        assert values_of(registry, version.model, "has") == {"has:version", "has:files", "has:card"}


def test_once_a_week_what_no_model_has_any_more_is_taken_out(fresh_registry: Registry, fresh_make: Make) -> None:
    """Tags and words that were edited away leave the index by a job; what models have stays, and is right."""
    model = fresh_make.model(tags=["gone-by-now"], description="Zyzzyva of old.")
    fresh_make.edit(model, tags=["kept"], description="Something else.")
    house = fresh_registry.house

    assert sweeping.SWEEP in {schedule.kind for schedule in house.schedules}
    house.handlers[sweeping.SWEEP].call(Task(1, clock.utc_now(), {}, 1))

    tags = {row.shown for row in fresh_registry.look("SELECT shown FROM search_values WHERE field = 'A'")}
    words = {row.word for row in fresh_registry.look("SELECT word FROM search_words")}
    assert tags == {"kept"}
    assert ("zyzzyva" in words, "something" in words) == (False, True)
    assert check(fresh_registry).is_sound
