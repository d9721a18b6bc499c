"""What a change reaches, against a slow computation over all that was told."""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage import service
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.impact import reaching
from modelkeep_server.features.lineage.views import NewItem, Reached
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lineage import ItemKind
from modelkeep_server.rules.permissions import Role
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: Of the versions, so many are made from a dataset, from one more, and from an earlier version or two.
_OWN, _MORE, _BASE, _SECOND = 0.5, 0.3, 0.85, 0.4
#: Half of them from one of the newest, so that ways become long.
_NEWEST = 4


@dataclass
class _World:
    """What was told: edges by node ids, and the models of versions. `hidden` are models that are RESTRICTED."""

    edges: list[tuple[str, str, str]] = field(default_factory=list)
    model_of: dict[str, str] = field(default_factory=dict)
    owner_of: dict[str, Person] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    datasets: list[str] = field(default_factory=list)

    def sees(self, reader: Person, node: str) -> bool:
        """Whether a version's node is there for somebody."""
        model = self.model_of.get(node)
        if model is None or model not in self.hidden or Role.MRC in reader.actor.roles:
            return True
        return self.owner_of[model] is reader

    def edges_for(self, reader: Person) -> list[tuple[str, str]]:
        """The edges that are there for somebody."""
        return [
            (begins, ends)
            for begins, ends, told_by in self.edges
            if all(self.sees(reader, node) for node in (begins, ends, told_by))
        ]


def _compute(edges: list[tuple[str, str]], start: str) -> Mapping[str, int]:
    """How many steps everything downstream is away: every edge is looked at until nothing changes any more."""
    steps = {start: 0}
    changed = True
    while changed:
        changed = False
        for begins, ends in edges:
            if begins in steps and steps.get(ends, len(edges)) > steps[begins] + 1:
                steps[ends] = steps[begins] + 1
                changed = True
    return steps


def _make_world(registry: Registry, make: Make, versions: int, chance: random.Random) -> tuple[_World, list[Person]]:
    """Versions of the models of three owners, made from datasets and from each other; then some models are hidden."""
    world, owners, mark = _World(), [make.owner() for _ in range(3)], secrets.token_hex(4)
    world.datasets = [f"dataset:d{number}-{mark}@1" for number in range(max(versions * 3 // 10, 3))]
    models = []
    for number in range(max(versions // 4, 4)):
        owner = owners[number % 3]
        models.append(make.model(owner, name=f"m{number}"))
        world.owner_of[models[-1].address] = owner
    made: list[str] = []
    for number in range(versions):
        model = models[number % len(models)]
        text = f"1.{number}.0"
        node = f"version:{model.address}/{text}"
        datasets = chance.sample(world.datasets, (chance.random() < _OWN) + (chance.random() < _MORE))
        among = made[-_NEWEST:] if chance.random() < 0.5 else made
        bases = chance.sample(among, min(len(among), (chance.random() < _BASE) + (chance.random() < _SECOND)))
        metadata: dict[str, object] = {}
        if datasets:
            metadata["trainingDataset"] = {"name": datasets[0][8:-2], "version": "1"}
        if bases:
            metadata["baseModel"] = _base_of(bases[0])
        version = make.version(model, version=text, metadata=metadata)
        with registry.writing() as work:
            for dataset in datasets[1:]:
                facts = {"name": dataset[8:-2], "version": "1", "role": "TEST"}
                _add(work, make.owner_of(model), version, NewItem(ItemKind.DATASET, facts))
            for base in bases[1:]:
                _add(work, make.owner_of(model), version, NewItem(ItemKind.BASE_MODEL, _base_of(base)))
            if number % 7 == 0:
                _add(work, make.owner_of(model), version, NewItem(ItemKind.CONSUMER, {"name": f"c{number}-{mark}"}))
                world.edges.append((node, f"consumer:c{number}-{mark}", node))
        world.model_of[node] = model.address
        world.edges += [(upstream, node, node) for upstream in (*datasets, *bases)]
        made.append(node)
    for model in chance.sample(models, len(models) // 3):
        make.edit(model, visibility="RESTRICTED")
        world.hidden.add(model.address)
    return world, owners


def _base_of(node: str) -> dict[str, str]:
    model, _, version = node.removeprefix("version:").rpartition("/")
    return {"model": model, "version": version}


def _add(work: Work, owner: Person, version: Version, new: NewItem) -> None:
    group, _, name = version.model.partition("/")
    service.add_item(work, owner.actor, group, name, version.version, new)


def _walk_pages(work: Work, reader: Person, start: str) -> tuple[Reached, ...]:
    page = reaching.find_impact(work, reader.actor, start, most=7)
    items = page.items
    while page.next_cursor is not None:
        page = reaching.find_impact(work, reader.actor, start, most=7, cursor=page.next_cursor)
        assert 1 <= len(page.items) <= 7
        items += page.items
    return items


@pytest.mark.parametrize("versions", sizes(small=40, full=1000))
def test_impact_is_what_a_slow_computation_finds(
    registry: Registry, make: Make, versions: int, figures: Figures
) -> None:
    """
    For an owner, a stranger and an MRC, a change of any dataset reaches exactly the versions that follow from the
    edges that are there for them, in as many steps, by ways that they see, whole or page by page; what they see nothing
    of is not found.
    """
    chance = random.Random(versions)
    world, owners = _make_world(registry, make, versions, chance)
    readers = [*owners[:2], make.person(), make.person(Role.MRC)]
    compared = missing = longest = 0
    for reader in readers:
        edges = world.edges_for(reader)
        known = {node for edge in edges for node in edge}
        starts = chance.sample(world.datasets, min(len(world.datasets), 30)) + chance.sample(list(world.model_of), 10)
        with registry.reading() as work:
            for start in starts:
                if start in world.model_of and not world.sees(reader, start):
                    known.discard(start)
                elif start in world.model_of:
                    known.add(start)
                if start not in known:
                    missing += 1
                    with pytest.raises(NotFound):
                        reaching.find_impact(work, reader.actor, start)
                    continue
                found = reaching.find_impact(work, reader.actor, start)
                steps = _compute(edges, start)
                wanted = {node: away for node, away in steps.items() if node in world.model_of and node != start}
                assert {item.path[-1]: len(item.path) - 1 for item in found.items} == wanted
                assert all(step in edges for item in found.items for step in pairwise(item.path))
                order = [(len(item.path), item.model.lower(), item.version) for item in found.items]
                assert order == sorted(order)
                assert (found.total, found.truncated) == (len(wanted), False)
                assert _walk_pages(work, reader, start) == found.items
                compared += len(wanted)
                longest = max(longest, *wanted.values(), 0)

    figures.tell("versions", versions)
    figures.tell("datasets", len(world.datasets))
    figures.tell("reached versions compared", compared)
    figures.tell("steps of the longest way", longest)
    figures.tell("nodes that were not there for a reader", missing)
    assert compared
    assert missing


@pytest.mark.parametrize("versions", sizes(small=24, full=300))
def test_the_graph_is_what_a_slow_computation_finds(
    registry: Registry, make: Make, versions: int, figures: Figures
) -> None:
    """
    For an owner, a stranger and an MRC, the whole graph around a version has the nodes that lead to it and those that
    it leads to, as many steps away, every edge among them, and beside each how many neighbours are not drawn.
    """
    chance = random.Random(versions)
    world, owners = _make_world(registry, make, versions, chance)
    drawn = 0
    for reader in [owners[0], make.person(), make.person(Role.MRC)]:
        edges = world.edges_for(reader)
        backward = [(ends, begins) for begins, ends in edges]
        for start in [node for node in world.model_of if world.sees(reader, node)][:12]:
            wanted = {node: -away for node, away in _compute(backward, start).items()} | _compute(edges, start)
            with registry.reading() as work:
                found = finding.find_graph(work, reader.actor, start, depth=None, limit=10_000)
            assert {node.id: node.distance for node in found.nodes} == wanted
            assert {(edge.from_id, edge.to_id) for edge in found.edges} == {
                edge for edge in edges if edge[0] in wanted and edge[1] in wanted
            }
            for node in found.nodes:
                above = {begins for begins, ends in edges if ends == node.id and begins not in wanted}
                below = {ends for begins, ends in edges if begins == node.id and ends not in wanted}
                assert (node.hidden_up, node.hidden_down) == (len(above), len(below))
                drawn += 1
    figures.tell("neighbours counted of nodes", drawn)
