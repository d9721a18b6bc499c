"""What a change reaches, against a slow computation over all that was told."""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import deployment_shares, deployments, environments
from modelkeep_server.db.work import Work
from modelkeep_server.features.lineage import service
from modelkeep_server.features.lineage.graph import finding
from modelkeep_server.features.lineage.impact import reaching
from modelkeep_server.features.lineage.views import Impact, NewItem, Reached, Use
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lineage import Family, ItemKind
from modelkeep_server.rules.permissions import Role
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.registries import Registry

#: Of the versions, so many are made from a dataset, from one more, and from an earlier version or two.
_OWN, _MORE, _BASE, _SECOND = 0.5, 0.3, 0.85, 0.4
#: So many are live somewhere.
_LIVE = 0.3
#: Half of them from one of the newest, so that ways become long.
_NEWEST = 4


@dataclass
class _World:
    """
    What was told: edges by node ids, and the models of versions. `hidden` are models that are RESTRICTED; `live_in`
    are the environments of versions that are live.
    """

    edges: list[tuple[str, str, str]] = field(default_factory=list)
    model_of: dict[str, str] = field(default_factory=dict)
    tier_of: dict[str, str] = field(default_factory=dict)
    live_in: dict[str, list[str]] = field(default_factory=dict)
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
        tier = chance.choice(list(RiskTier)).value
        models.append(make.model(owner, name=f"m{number}", risk_tier=tier))
        world.owner_of[models[-1].address], world.tier_of[models[-1].address] = owner, tier
    places = [f"place-{number}-{mark}" for number in range(3)]
    environments_of = _make_environments(registry, owners[0], places)
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
            # Some use several versions.
            for consumer in chance.sample(range(versions // 4), 2) if number % 5 == 0 else ():
                _add(work, make.owner_of(model), version, NewItem(ItemKind.CONSUMER, {"name": f"c{consumer}-{mark}"}))
                world.edges.append((node, f"consumer:c{consumer}-{mark}", node))
        if chance.random() < _LIVE:
            world.live_in[node] = chance.sample(places, chance.randint(1, len(places)))
            _deploy(registry, owners[0], version, [environments_of[place] for place in world.live_in[node]])
        world.model_of[node] = model.address
        world.edges += [(upstream, node, node) for upstream in (*datasets, *bases)]
        made.append(node)
    for model in chance.sample(models, len(models) // 3):
        make.edit(model, visibility="RESTRICTED")
        world.hidden.add(model.address)
    return world, owners


def _make_environments(registry: Registry, owner: Person, names: list[str]) -> dict[str, int]:
    """Environments by name, without the acts that make them."""
    made = {}
    with registry.writing() as work:
        for name in names:
            row = {"public_id": secrets.token_hex(8), "name": name, "name_key": name, "kind": "PRODUCTION",
                   "created_by": owner.actor.user_id, "created_at": work.now, "revision": 1}  # fmt: skip
            made[name] = work.insert(environments, row)
        recording.record_by_operator(work, "environment.create", host="test", object_id=secrets.token_hex(8))
    return made


def _deploy(registry: Registry, owner: Person, version: Version, environment_keys: list[int]) -> None:
    """Have a version live somewhere, whatever state it is in; beside others of its model."""
    with registry.writing() as work:
        for key in environment_keys:
            asked = {"model_id": version.model_key, "environment_id": key}
            live = select(deployments.c.id).where(
                deployments.c.model_id == version.model_key, deployments.c.environment_id == key,
                deployments.c.superseded_at.is_(None),
            )  # fmt: skip
            deployment = work.scalar(live) or work.insert(deployments, {
                **asked, "public_id": secrets.token_hex(8), "cause": "RECORD", "person_id": owner.actor.user_id,
                "at": work.now,
            })  # fmt: skip
            work.insert(deployment_shares, {"deployment_id": deployment, "version_id": version.key, "share": 100})
        recording.record_by_operator(work, "deployment.record", host="test", object_id=secrets.token_hex(8))


def _base_of(node: str) -> dict[str, str]:
    model, _, version = node.removeprefix("version:").rpartition("/")
    return {"model": model, "version": version}


def _add(work: Work, owner: Person, version: Version, new: NewItem) -> None:
    group, _, name = version.model.partition("/")
    service.add_item(work, owner.actor, group, name, version.version, new)


def _walk_pages(work: Work, reader: Person, start: str, whole: Impact) -> tuple[tuple[Reached, ...], tuple[Use, ...]]:
    """All items and uses by pages, each of which tells the numbers of the whole."""
    items: tuple[Reached, ...] = ()
    uses: tuple[Use, ...] = ()
    cursor = None
    while True:
        page = reaching.find_impact(work, reader.actor, start, most=7, cursor=cursor)
        assert len(page.items) <= 7
        assert replace(page, items=whole.items, uses=whole.uses, next_cursor=None) == whole
        items, uses, cursor = items + page.items, uses + page.uses, page.next_cursor
        if cursor is None:
            return items, uses


def _place(world: _World, start: str, item: Reached) -> tuple[object, ...]:
    """Where a version stands in the list, by what the world knows of it."""
    node = item.path[-1]
    tier = ("HIGH", "MEDIUM", "LOW").index(world.tier_of[item.model])
    return node != start, node not in world.live_in, tier, len(item.path), item.model.lower(), item.version


@pytest.mark.parametrize("versions", sizes(small=40, full=1000))
def test_impact_is_what_a_slow_computation_finds(
    registry: Registry, make: Make, versions: int, figures: Figures
) -> None:
    """
    For an owner, a stranger and an MRC, a change of any dataset reaches exactly the versions that follow from the
    edges that are there for them, a change of a version that one as well, in as many steps, by ways that they see, with
    where they are live and who uses them; live ones first, then by tier and steps; whole or page by page. What they see
    nothing of is not found.
    """
    chance = random.Random(versions)
    world, owners = _make_world(registry, make, versions, chance)
    readers = [*owners[:2], make.person(), make.person(Role.MRC)]
    compared = missing = longest = live_compared = used_compared = 0
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
                wanted = {node: away for node, away in steps.items() if node in world.model_of}
                assert {item.path[-1]: len(item.path) - 1 for item in found.items} == wanted
                assert all(item.path[0] == start for item in found.items)
                assert all(step in edges for item in found.items for step in pairwise(item.path))
                order = [_place(world, start, item) for item in found.items]
                assert order == sorted(order)
                live = {node: sorted(world.live_in[node]) for node in wanted if node in world.live_in}
                assert {item.path[-1]: sorted(item.live_in) for item in found.items if item.endpoints} == live
                used = [edge for edge in edges if edge[0] in wanted and edge[1].startswith("consumer:")]
                assert sorted((use.of.path[-1], use.node) for use in found.uses) == sorted(used)
                assert [use.of for use in found.uses] == sorted(
                    (use.of for use in found.uses), key=found.items.index
                )  # fmt: skip
                assert (found.total, found.truncated) == (len(wanted), False)
                assert (found.live_count, found.endpoint_count) == (len(live), sum(map(len, live.values())))
                assert found.consumer_count == len({consumer for _, consumer in used})
                assert _walk_pages(work, reader, start, found) == (found.items, found.uses)
                live_compared += len(live)
                used_compared += len(used)
                compared += len(wanted)
                longest = max(longest, *wanted.values(), 0)

    figures.tell("versions", versions)
    figures.tell("datasets", len(world.datasets))
    figures.tell("reached versions compared", compared)
    figures.tell("steps of the longest way", longest)
    figures.tell("nodes that were not there for a reader", missing)
    assert all((compared, missing, live_compared, used_compared))


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
                found = finding.find_graph(
                    work, reader.actor, start, depth=None, limit=10_000, families=set(Family) - {Family.DEPLOYMENTS}
                )
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
