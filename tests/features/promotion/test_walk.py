"""
Many random steps by people with many roles through the life of versions, while owners come and go: whatever anybody
tries, nobody's own work is approved by them, no approval counts on other content, and every change is an event.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from modelkeep_server.features.models import ownership
from modelkeep_server.features.promotion import deciding, holds, moves, requesting
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.views import Decision
from modelkeep_server.features.versions import closing, queries, service
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import RegistryError
from modelkeep_server.rules.lifecycle import GUARDED, MOVES, State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.make import Make, Person
from tests.support.promoting import begin_life, make_cast
from tests.support.registries import Registry

MIXES = (
    (Role.MODEL_OWNER,), (Role.MRC,), (Role.SECURITY_ARCHITECT,), (Role.SRE,), (Role.ADMIN,),
    (Role.MODEL_OWNER, Role.MRC), (Role.MRC, Role.SECURITY_ARCHITECT), (Role.SRE, Role.MRC), tuple(Role),
)  # fmt: skip
MOVING = {move.act for move in MOVES} | {"version.create"}


class Walk:
    """People, versions, and what each did to which: kept beside the registry, to judge it by."""

    def __init__(self, registry: Registry, make: Make, api: Api, chance: random.Random) -> None:
        self.registry, self.make, self.api, self.chance = registry, make, api, chance
        self.people = [make.person(*roles) for roles in MIXES]
        self.versions: list[tuple[str, str, str]] = []
        self.touched: dict[str, set[str]] = {}
        self.owned: dict[str, set[str]] = {}
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def begin(self, tier: str) -> None:
        """A new version of a new model, by somebody who may."""
        owner = self.chance.choice([one for one in self.people if Role.MODEL_OWNER in one.actor.roles])
        cast = make_cast(self.make)
        life = begin_life(self.make, self.api, tier=tier, cast=type(cast)(owner, *_rest(cast)))
        group, _, name = life.version.model.partition("/")
        self.versions.append((group, name, life.version.version))
        self.touched[life.version.address] = {owner.email}
        self.owned[life.version.model] = {owner.email}

    def step(self) -> None:
        """Somebody tries something with some version."""
        place = self.chance.choice(self.versions[-4:])
        person, name = self.chance.choice(self.people), ""
        if self.chance.random() < 0.5:
            name, roles = self._find_next(place)
            person = self.chance.choice([one for one in self.people if set(roles) & set(one.actor.roles)])
        acts = self._acts(place, person)
        name = name or self.chance.choice(list(acts))
        act = acts[name]
        try:
            with self.registry.writing() as work:
                act(work)
        except RegistryError as error:
            self.refused[error.code] += 1
            return
        self.done[name] += 1
        address = f"{place[0]}/{place[1]}:{place[2]}"
        if name in ("edit", "request"):
            self.touched[address].add(person.email)

    def _find_next(self, place: tuple[str, str, str]) -> tuple[str, tuple[Role, ...]]:
        """What would bring a version on from where it stands, and one of which roles it takes."""
        with self.registry.reading() as work:
            version = queries.get_version(work, self.registry.auditor, *place)
            latest = promotion_queries.find_latest(work, version)
        if version.hold is not None:
            return "lift", (Role.MRC, Role.SECURITY_ARCHITECT)
        if version.closed is not None:
            return "reopen", (Role.MODEL_OWNER,)
        if latest is not None and latest.status == "OPEN":
            return "decide", (Role.MRC, Role.SECURITY_ARCHITECT)
        if version.state in (State.DRAFT, State.CHANGES_REQUESTED, State.STAGING):
            return "request", (Role.MODEL_OWNER,)
        return "move", (Role.SRE,) if version.state in (State.APPROVED_STAGING, State.APPROVED_PROD) else tuple(Role)

    def _acts(self, place: tuple[str, str, str], person: Person) -> dict[str, Callable[[Any], object]]:
        actor, chance = person.actor, self.chance
        state = chance.choice([State.STAGING, State.PRODUCTION, State.PRODUCTION, State.DEPRECATED, State.RETIRED])
        decision = chance.choice([Decision.APPROVE] * 4 + [Decision.REQUEST_CHANGES])
        heir = chance.choice(self.people)

        def decide(work: Any) -> None:
            latest = promotion_queries.find_latest(work, queries.get_version(work, actor, *place))
            digest = latest.digest if latest is not None and chance.random() < 0.95 else "sha256:0"
            deciding.decide(work, actor, *place, decision=decision, comment="So.", digest=digest)

        def transfer(work: Any) -> None:
            ownership.transfer_model(work, actor, place[0], place[1], owners=[heir.email], reason="So.")
            self.owned[f"{place[0]}/{place[1]}"].add(heir.email)

        return {
            "request": lambda work: requesting.request_promotion(
                work, actor, *place, target=chance.choice(["STAGING", "PRODUCTION"]), justification="So."
            ),
            "decide": decide,
            "decide again": decide,
            "move": lambda work: moves.move_version(work, actor, *place, to=state),
            "move on": lambda work: moves.move_version(work, actor, *place, to=state),
            "edit": lambda work: service.update_version(
                work, actor, *place, {"description": f"Words {chance.random()}."}, expected=None
            ),
            "hold": lambda work: _rarely(chance) and holds.set_hold(work, actor, *place, reason="So."),
            "lift": lambda work: holds.lift_hold(work, actor, *place, reason="So."),
            "close": lambda work: _rarely(chance) and closing.close_version(work, actor, *place, reason="So."),
            "reopen": lambda work: closing.reopen_version(work, actor, *place, reason="So."),
            "transfer": lambda work: _rarely(chance) and transfer(work),
        }

    def state_of(self, place: tuple[str, str, str]) -> State:
        """Where a version stands."""
        with self.registry.reading() as work:
            return queries.get_version(work, self.registry.auditor, *place).state

    def judge(self, newest: int = 0) -> None:
        """What must hold of every version, or of so many of the newest, whatever was tried."""
        for place in self.versions[-newest:]:
            with self.registry.reading() as work:
                version = queries.get_version(work, self.registry.auditor, *place)
                rounds = promotion_queries.list_promotions(work, version)
            self._judge(version, rounds)

    def _judge(self, version: Version, rounds: Any) -> None:
        deciders = {review.by for one in rounds for review in one.reviews}
        assert not deciders & self.touched[version.address], version.address
        for one in rounds:
            assert all(review.digest == one.digest for review in one.approvals)
            assert len({review.by for review in one.approvals}) == len(one.approvals)
        if version.state is State.PRODUCTION:
            approved = [one for one in rounds if one.target == "PRODUCTION" and one.status == "APPROVED"]
            assert approved
            assert not approved[0].open_roles
        moved = [event for event in self.make.events(version.id) if event.action in MOVING]
        states = [event.after["state"] for event in moved if event.after and "state" in event.after]
        assert states == [passage.state.value for passage in version.history]


def _rest(cast: Any) -> tuple[Person, ...]:
    return cast.mrc, cast.security, cast.sre, cast.admin


def _rarely(chance: random.Random) -> bool:
    return chance.random() < 0.15


# Small: two thousand over both databases, most of them where a step is cheap.
@pytest.mark.parametrize("steps", sizes(small=2_000, full=20_000))
def test_nobody_approves_their_own_work_whatever_is_tried(
    registry: Registry, make: Make, api: Api, steps: int, figures: Figures
) -> None:
    """Roles, states, owners who change, holds, closings: every arrow by who may, each change with its event."""
    if steps == 2_000:
        steps = {"sqlite": 1_600, "postgresql": 400}[registry.kind]
    walk = Walk(registry, make, api, random.Random(7))

    for number in range(steps):
        if number % 100 == 0:
            walk.begin(("LOW", "MEDIUM", "HIGH")[number // 100 % 3])
        walk.step()
        if number % 500 == 499:
            # Steps are with the newest four, and five were begun since.
            walk.judge(newest=10)

    walk.judge()
    figures.tell("random steps", steps)
    figures.tell("steps that were done", sum(walk.done.values()))
    ends = Counter(walk.state_of(place) for place in walk.versions)
    figures.tell("versions that came to production or beyond", sum(ends[state] for state in GUARDED), at_least=1)
    assert walk.refused["separation_of_duties"] > 1
