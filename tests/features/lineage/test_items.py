"""A version's own facts and its lineage items stand once, whichever of them is written, and the graph follows both."""

import contextlib
import graphlib
import random
import secrets
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage import projection
from modelkeep_server.features.lineage.views import Item
from modelkeep_server.features.versions import service as version_service
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import Conflict, Invalid, NotFound
from tests.support.at_once import at_once
from tests.support.endurance import Figures, sizes
from tests.support.lineage import add_item, list_edges, list_items, remove_item, restore_item
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: Letters outside the Basic Multilingual Plane.
_WIDE = range(0x20000, 0x2A000)
_REPOSITORY = "https://git.example.com/churn"
_datasets = st.builds(
    lambda name, uri: {"name": name, "version": "1", **({"uri": f"s3://{uri}"} if uri else {})},
    st.sampled_from("ab"), st.sampled_from(["", "x", "y"]),
)  # fmt: skip
_bases = st.sampled_from([{"uri": "hf:a"}, {"uri": "hf:b"}])
_commits = st.sampled_from(["abcdef1", "ABCDEF1", "abcdef2"])
_runs = st.sampled_from(["r1", "r2"])
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("dataset"), _datasets, st.sampled_from(["TRAINING", "TRAINING", "TEST"])),
        st.tuples(st.just("base"), _bases),
        st.tuples(st.just("commit"), _commits, st.sampled_from([_REPOSITORY, "https://git.example.com/other"])),
        st.tuples(st.just("run"), _runs),
        st.tuples(st.just("own dataset"), st.one_of(st.none(), _datasets)),
        st.tuples(st.just("own base"), st.one_of(st.none(), _bases)),
        st.tuples(st.just("own commit"), st.one_of(st.none(), _commits)),
        st.tuples(st.just("own job"), st.one_of(st.none(), _runs)),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("restore"), st.integers(0, 9)),
        st.tuples(st.just("program"), st.sampled_from("ab"), st.lists(st.integers(0, 9), max_size=3)),
    ),
    min_size=6,
    max_size=20,
)


#: Everything is told beside the version first, and then in its own fields.
_FOLDED = [
    ("dataset", {"name": "a", "version": "1"}, "TRAINING"),
    ("dataset", {"name": "b", "version": "1", "uri": "s3://x"}, "TRAINING"),
    ("own dataset", {"name": "b", "version": "1"}),
    ("base", {"uri": "hf:a"}),
    ("base", {"uri": "hf:b"}),
    ("own base", {"uri": "hf:b"}),
    ("commit", "abcdef1", _REPOSITORY),
    ("own commit", "ABCDEF1"),
    ("run", "r1"),
    ("own job", "r1"),
]
#: Programs take in what is taken off and put back, and would take in each other.
_TAKEN = [
    ("dataset", {"name": "a", "version": "1"}, "TRAINING"),
    ("dataset", {"name": "b", "version": "1"}, "TRAINING"),
    ("program", "a", [0, 1]),
    ("program", "b", [2]),
    ("remove", 2),
    ("program", "a", [3, 2]),
    ("remove", 0),
    ("restore", 1),
    ("restore", 0),
    ("program", "a", [0, 1]),
    ("restore", 0),
]


class _Play:
    """One draft, and what a person does to it."""

    def __init__(self, registry: Registry, make: Make) -> None:
        self.registry = registry
        self.version: Version = make.version(make.model(repository_url=_REPOSITORY))
        self.owner: Person = make.owner_of(self.version)
        self.removed: list[str] = []

    def items(self) -> tuple[Item, ...]:
        return list_items(self.registry, self.owner, self.version)

    def add(self, kind: str, facts: dict[str, Any]) -> None:
        try:
            add_item(self.registry, self.owner, self.version, kind, facts)
        except Conflict:
            assert any(item.kind == kind for item in self.items()), "Nothing like it stands there."
        except Invalid as refused:
            if {fault.field for fault in refused.errors} != {"inputs"}:
                raise

    def edit(self, changes: dict[str, Any]) -> None:
        group, _, name = self.version.model.partition("/")
        with self.registry.writing() as work:
            told = version_service.update_version(
                work, self.owner.actor, group, name, self.version.version, changes, expected=None
            )
        self.version = told

    def do(self, step: Any) -> None:
        match step:
            case "dataset", facts, role:
                self.add("DATASET", {**facts, "role": role})
            case "base", facts:
                self.add("BASE_MODEL", facts)
            case "commit", sha, repository:
                self.add("COMMIT", {"commitSha": sha, "repositoryUrl": repository})
            case "run", run_id:
                self.add("TRAINING_RUN", {"system": "mlflow", "runId": run_id})
            case "own dataset", facts:
                self.edit({"metadata": {"trainingDataset": None}})
                self.edit({"metadata": {"trainingDataset": facts}})
            case "own base", facts:
                self.edit({"metadata": {"baseModel": None}})
                self.edit({"metadata": {"baseModel": facts}})
            case "own commit", sha:
                self.edit({"commit_sha": sha})
            case "own job", run_id:
                self.edit({"training_job_id": run_id})
            case "remove", place:
                found = self.items()
                if place < len(found):
                    try:
                        self.removed.append(remove_item(self.registry, self.owner, self.version, found[place].id))
                    except Conflict:
                        assert found[place].id in ("commit", "training-job")
            case _:
                self.do_back(step)

    def do_back(self, step: Any) -> None:
        match step:
            case "restore", place if place < len(self.removed):
                with contextlib.suppress(Conflict, NotFound):
                    restore_item(self.registry, self.owner, self.version, self.removed[place])
            case "program", name, places:
                nodes = [item.node for item in self.items()]
                inputs = [nodes[place] for place in places if place < len(nodes)]
                self.add("TRAINING_SCRIPT", {"name": name, "uri": f"git:{name}", "inputs": inputs})

    def refresh(self) -> None:
        self.edit({"description": f"{len(self.version.description or '')} and more"})


def _identity(item: Item) -> tuple[Any, ...]:
    facts = item.facts
    if item.kind == "COMMIT":
        return item.kind, facts["commitSha"].lower(), facts.get("repositoryUrl")
    if item.kind == "TRAINING_RUN":
        return item.kind, facts["runId"]
    return item.kind, item.node, facts.get("role")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps)
@example(steps=_FOLDED)
@example(steps=_TAKEN)
def test_writing_one_writes_the_other_once(registry: Registry, make: Make, steps: list[Any]) -> None:
    """
    After any writes of fields and items, no fact stands twice, the metadata holds a training dataset and a base model
    exactly where an item says so, every input is an item, none takes in itself, and the graph is what it would be if it
    were drawn anew.
    """
    play = _Play(registry, make)
    for step in steps:
        play.do(step)
        items = play.items()
        assert len({_identity(item) for item in items}) == len(items), step
        graphlib.TopologicalSorter({item.node: item.inputs for item in items}).prepare()
        assert {node for item in items for node in item.inputs} <= {item.node for item in items}, step
    play.refresh()
    items = {item.id: item for item in play.items()}
    dataset, base = (play.version.metadata.get(key) for key in ("trainingDataset", "baseModel"))
    assert ({**dataset, "role": "TRAINING"} if dataset else None) == (
        dict(items["training-dataset"].facts) if "training-dataset" in items else None
    )
    assert base == (dict(items["base-model"].facts) if "base-model" in items else None)
    told = {edge for edge in list_edges(registry) if edge[-1] == play.version.key}
    assert len(told) == len(items)
    assert {item.node for item in items.values()} == {edge[0] for edge in told}


def test_the_graph_drawn_anew_is_the_same(fresh_registry: Registry, fresh_make: Make) -> None:
    """`admin reindex` writes the graph that the acts had written; bases are nodes of versions, also by another case."""
    base = fresh_make.version()
    version = fresh_make.version(metadata={"trainingDataset": {"name": "a", "version": "1"}})
    owner = fresh_make.owner_of(version)
    add_item(fresh_registry, owner, version, "BASE_MODEL", {"model": base.model.upper(), "version": "1.0.0"})
    add_item(fresh_registry, owner, version, "BASE_MODEL", {"uri": "hf:org/name"})
    add_item(fresh_registry, owner, version, "CONSUMER", {"name": "billing"})
    before = list_edges(fresh_registry)
    nodes = "SELECT kind, name, label, version_id FROM lineage_nodes ORDER BY name"
    drawn = [tuple(row) for row in fresh_registry.look(nodes)]

    with fresh_registry.writing() as work:
        assert projection.rebuild(work) == 2

    assert list_edges(fresh_registry) == before
    assert [tuple(row) for row in fresh_registry.look(nodes)] == drawn
    here = f"version:{version.id}"
    assert {
        ("dataset:a@1", here),
        (f"version:{base.id}", here),
        ("base:hf:org/name", here),
        (here, "consumer:billing"),
    } == {(edge[0], edge[1]) for edge in before}


def test_drawing_the_graph_anew_keeps_no_plan(
    fresh_registry: Registry, fresh_make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that PostgreSQL kept from when the graph was empty would seek each node among all others."""
    model = fresh_make.model()
    for number in range(8):
        fresh_make.version(model, version=f"1.0.{number}")
    monkeypatch.setattr(projection, "_BATCH", 1)

    with fresh_registry.writing() as work:
        assert projection.rebuild(work) == 8
        kept = _count_kept_plans(work) if work.dialect == "postgresql" else 0
    assert kept == 0


def _count_kept_plans(work: Work) -> int:
    kept = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%lineage_nodes.name_digest IN%'"
    return int(work.scalar(text(kept)))


def test_the_repository_of_a_commit_follows_the_model(registry: Registry, make: Make) -> None:
    """An edit of the model's repository is told by the commits of its versions at once."""
    model = make.model(repository_url=_REPOSITORY)
    version = make.version(model, commit_sha="abcdef1")
    make.edit(model, repository_url="https://git.example.com/moved")

    (edge,) = [edge for edge in list_edges(registry) if edge[-1] == version.key]
    assert edge[3] == '{"commitSha":"abcdef1","repositoryUrl":"https://git.example.com/moved"}'


def test_an_item_that_is_gone_cannot_be_removed_again(registry: Registry, make: Make) -> None:
    """The second removal finds nothing."""
    version = make.version()
    owner = make.owner_of(version)
    item = add_item(registry, owner, version, "CONSUMER", {"name": "billing"})
    remove_item(registry, owner, version, item.id)
    for gone in (item.id, "training-dataset", "no-such-item"):
        try:
            remove_item(registry, owner, version, gone)
        except NotFound:
            continue
        raise AssertionError(gone)


def test_the_longest_texts_are_kept(registry: Registry, make: Make) -> None:
    """Every field as long as it may be, of letters that take four bytes and do not compress, is kept and drawn."""
    version = make.version()
    owner = make.owner_of(version)
    line, uri = ("".join(map(chr, random.Random(count).choices(_WIDE, k=count))) for count in (200, 2_000))
    told: list[tuple[str, dict[str, Any]]] = [
        ("DATASET", {"name": line, "version": line, "uri": uri, "role": "TEST"}),
        ("TRAINING_SCRIPT", {"name": line, "uri": uri}),
        ("BASE_MODEL", {"uri": uri}),
        ("TRAINING_RUN", {"system": line, "runId": line}),
        ("CONSUMER", {"name": line}),
    ]
    for kind, facts in told:
        add_item(registry, owner, version, kind, facts)
    assert [facts for _, facts in told] == [dict(item.facts) for item in list_items(registry, owner, version)]


def test_the_next_one_takes_the_place_of_what_is_removed(registry: Registry, make: Make) -> None:
    """Of two training datasets and two base models, the second stands in the metadata once the first is gone."""
    version = make.version()
    owner = make.owner_of(version)
    for name in "ab":
        add_item(registry, owner, version, "DATASET", {"name": name, "version": "1", "role": "TRAINING"})
        add_item(registry, owner, version, "BASE_MODEL", {"uri": f"hf:{name}"})
    for own in ("training-dataset", "base-model"):
        remove_item(registry, owner, version, own)

    assert [("training-dataset", "dataset:b@1"), ("base-model", "base:hf:b")] == [
        (item.id, item.node) for item in list_items(registry, owner, version)
    ]


@pytest.mark.parametrize("races", sizes(small=3, full=50))
def test_many_who_name_the_same_things_at_once_all_succeed(
    registry: Registry, make: Make, races: int, figures: Figures
) -> None:
    """Things that several versions name first at the same moment are one node each; nobody waits in a ring."""
    for _ in range(races):
        names = [secrets.token_hex(4) for _ in range(3)]
        versions = [make.version() for _ in range(4)]
        metadata = [
            {"trainingDataset": {"name": one, "version": "1"}, "baseModel": {"uri": other}}
            for one, other in zip(names, reversed(names), strict=True)
        ]

        def tell(place: int, told: list[dict[str, Any]] = metadata, of: list[Version] = versions) -> Version:
            version = of[place]
            group, _, name = version.model.partition("/")
            with registry.writing() as work:
                return version_service.update_version(
                    work, make.owner_of(version).actor, group, name, "1.0.0", {"metadata": told[place % 3]},
                    expected=None,
                )  # fmt: skip

        at_once(*(partial(tell, place) for place in range(4)))
        nodes = registry.look("SELECT name FROM lineage_nodes WHERE name LIKE :name", name=f"dataset:{names[0]}@%")
        assert len(nodes) == 1
    figures.tell("things named at once", races)
