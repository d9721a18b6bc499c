"""What the catalogue's index has of a model, whatever is done to it: at once, and nothing before its commit."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from modelkeep_server.db.work import Parts
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.search.indexing import works
from modelkeep_server.features.search.indexing.codes import code_of, read_code, split_codes
from modelkeep_server.features.search.queries import list_models
from modelkeep_server.features.search.views import CatalogueFilter, CataloguePage
from modelkeep_server.kit import clock
from modelkeep_server.kit.pairs import pair_words
from modelkeep_server.kit.remembering import Shelf
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import file_of, route_of
from tests.support.clients import Api
from tests.support.endurance import sizes
from tests.support.indexed import TABLES, check, document_of, found_by, found_within, read_documents, reindex, values_of
from tests.support.make import Make
from tests.support.promoting import begin_life, make_cast
from tests.support.registries import Registries, Registry
from tests.support.statements import counted

#: What writing to the index begins with.
WRITTEN = (*TABLES, "search_index", "search_whole", "search_entries")
WRITES = (
    *(f"{verb} {table}" for verb in ("INSERT INTO", "UPDATE", "DELETE FROM") for table in WRITTEN),
    "WITH entries AS",
)


def test_codes_stand_side_by_side_and_are_read_back() -> None:
    """Eight characters each, whatever the number, in the order of the numbers; none is found across two."""
    numbers = [0, 1, 35, 36, 123_456, 36**6 - 1]
    codes = [code_of("A", number) for number in numbers]
    facets = "".join(codes)

    assert [read_code(code) for code in split_codes(facets)] == [("A", number) for number in numbers]
    assert codes == sorted(codes)
    assert [facets.find(code) for code in codes] == [8 * place for place in range(len(codes))]


def test_a_model_has_the_values_of_all_its_fields(registry: Registry, make: Make) -> None:
    """Folded keys, shown as such of a hidden model; words cut, tags kept apart; e-mails of owners and the registrar."""
    owner = make.owner()
    model = make.model(
        owner, group=make.group().upper(), name="Fraud-Detector", description="Naïve Bayes, for Käufer.",
        owners=["Risk@Example.com"], tags=["NLP", "two-words"], risk_tier="HIGH", visibility="RESTRICTED",
        origin="VENDOR", risk_rationale="Money.",
    )  # fmt: skip

    found = document_of(registry, model.address)

    assert found.values == {
        f"group:{model.group.lower()}", "tag:nlp", "tag:two-words", "owner:risk@example.com", f"owner:{owner.email}",
        "riskTier:HIGH", "is:active", "is:restricted", "is:external",
    }  # fmt: skip
    group = " ".join(model.group.lower().split("-"))
    assert found.texts == ("fraud detector", f"¶ {group} ¶ nlp ¶ two words", "naive bayes for kaufer")
    assert (found.name_key, found.visibility) == ("fraud detector", "RESTRICTED")


@pytest.mark.postgres
def test_postgresql_has_every_word_as_it_is_and_by_its_place(registries: Registries) -> None:
    """Those of the name apart, those of name, group and tags, and two side by side; `¶` stands between tags in all."""
    registry = registries.shared("postgresql")
    model = Make(registry).model(group=Make(registry).group(), name="fraud", description="Of fraud.", tags=["a-b"])
    number = document_of(registry, model.address).number

    told = "tsvector_to_array(search_lexemes(doc)) AS words, facets, created_at"
    (row,) = registry.look(f"SELECT {told} FROM search_whole WHERE doc = :doc", doc=number)

    group = model.group.split("-")
    keys = {f"k/{word}" for word in ("fraud", "a", "b", *group)}
    codes = {f"v/{code.rstrip()}" for code in split_codes(row.facets)}
    month = f"{clock.from_us(row.created_at):%Y%m}"
    sides = [("of", "fraud"), ("a", "b"), *pairwise(group)]
    pairs = {f"p/{pair_words(' '.join(two))}" for two in sides}
    assert set(row.words) == {
        "fraud",
        "of",
        "a",
        "b",
        *group,
        "n/fraud",
        *keys,
        *pairs,
        *codes,
        *(f"¶{bits}/{number >> bits}" for bits in (11, 13, 15, 17)),
        f"¶/{month[:4]}",
        f"¶/{month}",
        "¶",
    }


def test_a_value_is_spelled_by_a_model_that_everybody_sees(registry: Registry, make: Make) -> None:
    """By the first of those; a hidden one before them does not say how, and neither do those after."""
    word = make.group()
    models = [
        make.model(tags=[spelled], visibility=visibility)
        for spelled, visibility in (
            (word.upper(), "RESTRICTED"), (word.title(), "INTERNAL"), (word, "INTERNAL"), (word.upper(), "RESTRICTED"),
        )
    ]  # fmt: skip

    assert [values_of(registry, model.address, "tag") for model in models] == [{f"tag:{word.title()}"}] * 4


def test_which_version_counts_for_what(registry: Registry, make: Make, api: Api) -> None:
    """Closed ones count neither for the state nor as the newest; what is known of any version counts for the model."""
    fields = ("state", "newest", "framework", "modelType", "license", "has")
    owner = make.owner()
    model = make.model(owner)
    bare = values_of(registry, model.address, *fields)
    first = make.version(model, metadata={"framework": "PyTorch", "modelType": "bert", "card": {"license": "MIT"}})
    second = make.version(model, version="2.0.0", metadata={"framework": "sklearn"})
    known = {"framework:PyTorch", "framework:sklearn", "modelType:bert", "license:MIT", "has:version"}
    both = values_of(registry, model.address, *fields)
    for version in (second, first):
        closed = api.as_(owner).post(f"{route_of(version)}/close", json={"reason": "No longer wanted."})
        assert closed.status_code == 200, closed.text

    assert bare == set()
    assert both == {*known, "state:DRAFT", "newest:DRAFT"}
    assert values_of(registry, model.address, *fields) == known


def test_a_life_is_followed_in_states_files_and_cards(registry: Registry, make: Make, api: Api) -> None:
    """What was moved on is found by where it is now, with what it has by then, and no longer by where it was."""
    life = begin_life(make, api)
    seen = {}

    for state in ("SUBMITTED", "STAGING", "PRODUCTION", "DEPRECATED"):
        life.reach(state)
        seen[state] = values_of(registry, life.version.model, "state", "newest", "has", "is")

    files = {"has:version", "has:files", "is:active"}
    assert seen == {
        state: {*files, f"state:{state}", f"newest:{state}", *more}
        for state, more in {
            "SUBMITTED": (), "STAGING": (), "PRODUCTION": ("has:card", "is:live"), "DEPRECATED": ("has:card",),
        }.items()
    }  # fmt: skip


def test_a_file_and_a_card_are_found_though_the_model_did_not_change(registry: Registry, make: Make, api: Api) -> None:
    """The document keeps its number; a file that was taken off is not found any more."""
    version = make.version()
    before = document_of(registry, version.model)
    make.file(version)
    owner = make.owner_of(version)
    with_file = document_of(registry, version.model)
    make.card(version)
    with_card = document_of(registry, version.model)
    removed = api.as_(owner).delete(file_of(version))

    assert removed.status_code == 204, removed.text
    assert with_file.values - before.values == {"has:files"}
    assert with_card.values - with_file.values == {"has:card"}
    assert document_of(registry, version.model).values == before.values | {"has:card"}
    assert with_file.updated_at == before.updated_at or with_file.number > before.number


def test_a_change_is_found_in_its_own_transaction_and_nowhere_before_the_commit(registry: Registry, make: Make) -> None:
    """What is rolled back was found by nobody else, and leaves neither a document, nor words, nor values."""
    owner, group = make.owner(), make.group()
    new = NewModel(group, "vanishing", "Zyzzyvaword.", [owner.email], "LOW", tags=["zyzzyvatag"])
    asked = f"group:{group} zyzzyvaw"
    seen = [found_by(registry, asked)]

    def register_and_fail() -> None:
        with registry.writing() as work:
            service.create_model(work, owner.actor, new)
            work.settle()
            seen.append(found_within(work, registry.auditor, asked))
            seen.append(found_by(registry, asked))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        register_and_fail()

    assert seen == [[], ["vanishing"], []]
    assert found_by(registry, asked) == []
    assert registry.look("SELECT 1 FROM search_words WHERE word LIKE 'zyzzyva%'") == []
    assert registry.look("SELECT 1 FROM search_values WHERE key LIKE 'zyzzyva%'") == []


def test_what_was_committed_is_found_at_once(registry: Registry, make: Make) -> None:
    """By its new words and no longer by its old ones."""
    model = make.model(name="quokka-model", description="Tells marsupials apart.")
    first = found_by(registry, f"group:{model.group} marsupials")

    make.edit(model, description="Tells macropods apart.")

    assert first == found_by(registry, f"group:{model.group} macropods") == ["quokka-model"]
    assert found_by(registry, f"group:{model.group} marsupials") == []


def test_an_e_mail_that_no_model_has_any_more_is_forgotten_at_once(registry: Registry, make: Make, api: Api) -> None:
    """What stands in no model stands in no completion either; one that another model has stays."""
    owner, admin = make.owner(), make.person(Role.ADMIN)
    gone, kept = f"gone-{owner.email}", f"kept-{owner.email}"
    model = make.model(owner, owners=[owner.email, gone, kept])
    make.model(owner, owners=[owner.email, kept])

    given = api.as_(admin).post(
        f"/api/v1/models/{model.address}/transfer", json={"owners": [owner.email], "reason": "They left."}
    )

    assert given.status_code == 200, given.text
    keys = "SELECT key FROM search_values WHERE field = 'O' AND key LIKE :like ORDER BY key"
    assert [row.key for row in registry.look(keys, like=f"%{owner.email}")] == [kept, owner.email]


def test_acts_cost_few_statements_however_many_versions_there_are(registry: Registry, make: Make) -> None:
    """An edit that changes no value moves the document; as much for a model of one version as for one of many."""
    model = make.model()
    costs = []

    for count in (1, 6):
        for number in range(count):
            make.version(model, version=f"{count}.{number}.0", metadata={"framework": f"f{number}"})
        with counted() as sent:
            make.edit(model, documentation_url=f"https://example.com/{count}")
        costs.append([text for text in sent if text.startswith(WRITES) or "search_versions" in text])

    # Facts, the row, its postings, its words; what the full-text index has of it is taken out and entered anew.
    assert [len(found) for found in costs] == [{"sqlite": 6, "postgresql": 7}[registry.kind]] * 2


def test_nothing_is_written_where_nothing_differs(registry: Registry, make: Make) -> None:
    """A row of a version that was written as it was leaves the index alone."""
    version = make.version()
    before = document_of(registry, version.model)

    with counted() as sent:
        make.file(version)
        make.file(version, path="other.safetensors")

    writing = [text for text in sent if text.startswith(("INSERT INTO search_models", "UPDATE search_models"))]
    assert len(writing) <= 2
    assert document_of(registry, version.model).values == before.values | {"has:files"}


class Acts:
    """Random things that people do to a few models. Those that are refused count too."""

    def __init__(self, make: Make, api: Api, chance: random.Random) -> None:
        self._make, self._api, self._chance = make, api, chance
        self._cast = make_cast(make)
        self._models = [make.model(self._cast.owner) for _ in range(2)]
        self._versions = [make.version(model, owner=self._cast.owner) for model in self._models]

    def do_one(self) -> None:
        """Any one of them."""
        acts = (
            self._register, self._edit, self._edit, self._make_version, self._edit_version, self._file, self._remove,
            self._close, self._reopen, self._card, self._promote, self._transfer, self._retire,
        )  # fmt: skip
        self._chance.choice(acts)()

    def _send(self, person: Any, method: str, path: str, **told: Any) -> Any:
        answer = self._api.as_(person).request(method, path, **told)
        assert answer.status_code < 500, answer.text
        return answer

    def _version(self) -> Any:
        return self._chance.choice(self._versions)

    def _words(self) -> str:
        return " ".join(self._chance.choices(["alpha", "Beta-2", "Ünïcode", "漢字", "😀", "x_y", "gamma.delta"], k=3))

    def _register(self) -> None:
        self._models.append(self._make.model(self._cast.owner, description=self._words()))
        self._make_version()

    def _edit(self) -> None:
        model = self._chance.choice(self._models)
        changes: Mapping[str, Callable[[], Any]] = {
            "description": self._words,
            "tags": lambda: self._chance.sample(["NLP", "nlp-2", "cv", "été"], self._chance.randint(0, 3)),
            "visibility": lambda: self._chance.choice(["INTERNAL", "RESTRICTED"]),
            "riskTier": lambda: self._chance.choice(["LOW", "MEDIUM", "HIGH"]),
        }
        chosen = self._chance.sample(sorted(changes), 2)
        told = {name: changes[name]() for name in chosen}
        self._send(self._cast.owner, "PATCH", f"/api/v1/models/{model.address}", json={**told, "reason": "So it is."})

    def _make_version(self) -> None:
        model = self._chance.choice(self._models)
        told = {"version": f"{self._chance.randint(1, 99)}.{self._chance.randint(0, 99)}.0", "metadata": self._facts()}
        self._send(self._cast.owner, "POST", f"/api/v1/models/{model.address}/versions", json=told)

    def _facts(self) -> dict[str, Any]:
        framework = self._chance.choice(["pytorch", "PyTorch", "sklearn", ""])
        return {
            "framework": framework,
            "modelType": self._chance.choice(["bert", "tree"]),
            "card": {"license": self._chance.choice(["MIT", "Apache-2.0"])},
        }

    def _edit_version(self) -> None:
        self._send(self._cast.owner, "PATCH", route_of(self._version()), json={"metadata": self._facts()})

    def _file(self) -> None:
        self._send(
            self._cast.owner, "PUT", file_of(self._version()), params={"type": "WEIGHTS"},
            content=self._make.safetensors(256),
        )  # fmt: skip

    def _remove(self) -> None:
        self._send(self._cast.owner, "DELETE", file_of(self._version()))

    def _close(self) -> None:
        self._send(self._cast.owner, "POST", f"{route_of(self._version())}/close", json={"reason": "Not now."})

    def _reopen(self) -> None:
        self._send(self._cast.owner, "POST", f"{route_of(self._version())}/reopen", json={"reason": "Now."})

    def _card(self) -> None:
        version = self._version()
        for step in ("/card", "/card/publish"):
            self._send(self._cast.owner, "POST", route_of(version) + step)

    def _promote(self) -> None:
        life = begin_life(self._make, self._api, cast=self._cast)
        life.reach(self._chance.choice(["SUBMITTED", "CHANGES_REQUESTED", "STAGING", "PRODUCTION", "RETIRED"]))

    def _transfer(self) -> None:
        owners = [self._cast.owner.email, *self._chance.sample(["a@b.de", "C@D.org"], self._chance.randint(0, 2))]
        self._send(
            self._cast.admin, "POST", f"/api/v1/models/{self._chance.choice(self._models).address}/transfer",
            json={"owners": owners, "reason": "As it is."},
        )  # fmt: skip

    def _retire(self) -> None:
        if self._chance.random() < 0.3:
            model = self._models.pop(self._chance.randrange(len(self._models)))
            self._models.append(self._make.model(self._cast.owner))
            self._send(self._cast.admin, "POST", f"/api/v1/models/{model.address}/retire", json={"reason": "Over."})


def count_by(registry: Registry, parts: Parts, actor: Actor) -> CataloguePage:
    """The counts beside the catalogue, by a process that remembers what is on its shelf."""
    with works.reading(registry.house.database, parts) as work:
        return list_models(work, actor, CatalogueFilter(), limit=1, facets=True)


def test_counts_follow_each_change_in_every_process(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """After any act a server that counted before, and another one that did, count what one counts that just started."""
    acts, reader = Acts(fresh_make, fresh_api, random.Random(11)), fresh_make.person(Role.MRC).actor
    parts = fresh_registry.house.parts
    other = replace(parts, shelf=Shelf())

    for number in range(40):
        acts.do_one()
        anew = count_by(fresh_registry, replace(parts, shelf=Shelf()), reader)
        assert count_by(fresh_registry, parts, reader).facets == anew.facets
        if number % 3 == 0:
            assert count_by(fresh_registry, other, reader).facets == anew.facets


@pytest.mark.parametrize("count", sizes(small=60, full=1_000))
def test_whatever_is_done_the_index_is_what_it_would_be_anew(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, count: int
) -> None:
    """After any acts in any order it is found sound, and written anew it has the same documents in the same order."""
    acts = Acts(fresh_make, fresh_api, random.Random(7))
    for number in range(count):
        acts.do_one()
        if number % 20 == 0:
            assert check(fresh_registry).is_sound
    before = read_documents(fresh_registry)

    reindex(fresh_registry)

    after = read_documents(fresh_registry)
    assert check(fresh_registry).is_sound
    assert [before[path] for path in sorted(before)] == [
        replace(after[path], number=before[path].number) for path in sorted(after)
    ]
    assert sorted(before, key=lambda path: before[path].number) == sorted(after, key=lambda path: after[path].number)
