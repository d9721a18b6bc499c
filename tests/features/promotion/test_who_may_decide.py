"""Who may decide is said twice, by the acts and in SQL for lists and letters: both say the same, in any world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from modelkeep_server.db.work import Work
from modelkeep_server.features.home.views import Kind
from modelkeep_server.features.home.waiting import list_waiting
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.separation import select_barred, why_not_apart
from modelkeep_server.features.policies import exceptions
from modelkeep_server.features.promotion import deciding
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.queue.listing import QueueFilter, list_queue
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.kit import clock
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import Conflict, Refused, RequirementsUnmet
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.promoting import Life, begin_life, make_cast
from tests.support.registries import Registry

#: How each of the people stands to the model or its version; the first two have nothing to do with either.
TIES = (
    "none", "none", "owner", "former owner", "in its team", "formerly in its team", "edited", "uploaded",
    "their program edited", "told a dataset", "told a consumer",
)  # fmt: skip
DATASET = {"kind": "DATASET", "name": "holdout", "version": "1", "role": "TEST"}
CONSUMER = {"kind": "CONSUMER", "name": "Help desk"}
MRC, SECURITY = Role.MRC, Role.SECURITY_ARCHITECT
CASTS = st.lists(st.sampled_from([(MRC,), (SECURITY,), (MRC, SECURITY)]), min_size=len(TIES), max_size=len(TIES))


@dataclass(frozen=True)
class Plan:
    """What is to be so: the roles of each of the people, who decides and who grants in turn, and what happens then."""

    tier: RiskTier
    roles: Sequence[tuple[Role, ...]]
    deciders: Sequence[int]
    granters: Sequence[int]
    raised: bool
    held: bool


PLANS = st.builds(
    Plan, tier=st.sampled_from(RiskTier), roles=CASTS, deciders=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    granters=st.lists(st.integers(0, 3), max_size=2), raised=st.booleans(), held=st.booleans(),
)  # fmt: skip


#: Somebody with both roles filled one place, and the other is open still.
HALF_WAY = Plan(
    RiskTier.HIGH, [(MRC, SECURITY), *[(MRC, SECURITY), (SECURITY,), (MRC,)] * 4][: len(TIES)], deciders=[0],
    granters=[0], raised=False, held=False,
)  # fmt: skip


class Undone(Exception):
    """Takes back what was only tried."""


def begin(make: Make, api: Api, plan: Plan) -> tuple[Life, list[Person], str]:
    """A version that waits, the people of the plan as they stand to it, and an exception that was asked for."""
    life = begin_life(make, api, tier=plan.tier.value, cast=make_cast(make))
    people = [make.person(*roles, Role.MODEL_OWNER) for roles in plan.roles]
    by_tie = dict(zip(TIES, people, strict=True))
    admin, owner = api.browser(life.cast.admin), api.as_(life.cast.owner)
    model, mine = f"/api/v1/models/{life.version.model}", life.cast.owner.email
    both = [by_tie["in its team"].email, by_tie["formerly in its team"].email]
    address = f"team-{both[0]}"
    team = admin.call("POST", "/api/v1/teams", json={"name": address, "email": address, "members": both}).json()
    for owners in ([mine, address, by_tie["former owner"].email], [mine, address, by_tie["owner"].email]):
        told = {"owners": owners, "reason": "They change."}
        assert admin.call("POST", f"{model}/transfer", json=told).status_code == 200
    left = admin.call("PATCH", f"/api/v1/teams/{team['id']}", json={"members": both[:1]})
    sponsor = api.browser(by_tie["their program edited"])
    named = {"name": address[:40].replace("@", "-").replace(".", "-"), "purpose": "Edits."}
    program = sponsor.call("POST", "/api/v1/service-accounts", json=named).json()
    token = sponsor.call("POST", f"/api/v1/service-accounts/{program['id']}/tokens", json={"name": "ci"}).json()
    tellers = {by_tie["told a dataset"]: DATASET, by_tie["told a consumer"]: CONSUMER}
    writers = (by_tie["edited"], by_tie["uploaded"], *tellers)
    for one in (*(writer.email for writer in writers), program["account"]):
        assert owner.put(f"{model}/collaborators/{one}", json={"access": "WRITE"}).status_code == 201
    editors = (api.as_(by_tie["edited"]), api.with_token(token["token"]))
    edits = [one.patch(life.base, json={"description": f"Said anew, {n}."}) for n, one in enumerate(editors)]
    edits += [api.as_(teller).post(f"{life.base}/lineage", json=item) for teller, item in tellers.items()]
    make.file(life.version, by_tie["uploaded"], "more.safetensors")
    policy = owner.get("/api/v1/policies").json()["items"][0]["id"]
    asked = owner.post("/api/v1/exceptions", json={
        "policy": policy, "version": life.version.address, "justification": "Soon.", "risk": "Little.",
        "mitigation": "Looked at.", "expiresAt": clock.iso_seconds(clock.utc_now() + timedelta(days=30)),
    })  # fmt: skip
    answers = [left, *edits, life.ask(), asked]
    assert [one.status_code for one in answers] == [200, 200, 200, *[201] * 4], [one.text for one in answers]
    return life, people, asked.json()["id"]


def go_on(api: Api, plan: Plan, life: Life, people: Sequence[Person], exception: str) -> None:
    """What the plan says happens then. Who may not is refused, which is nothing of this."""
    for place in plan.deciders:
        life.decide(people[place])
    for place in plan.granters:
        api.as_(people[place]).post(f"/api/v1/exceptions/{exception}/grant", json={})
    if plan.raised:
        told = {"riskTier": "HIGH", "reason": "It scores people."}
        assert api.as_(life.cast.owner).patch(f"/api/v1/models/{life.version.model}", json=told).status_code == 200
    if plan.held:
        assert life.post("/hold", life.cast.mrc, reason="A leak is looked into.").status_code == 200


def may(registry: Registry, act: Callable[[Work], Any]) -> bool:
    """Whether an act passes, tried and taken back."""
    try:
        with registry.writing() as work:
            act(work)
            raise Undone
    except (Undone, RequirementsUnmet):
        return True
    except (Refused, Conflict):
        return False


def present(registry: Registry, person: Person) -> Actor:
    """A person with the teams that they are in now."""
    with registry.reading() as work:
        actor = actors.find_actor_by_token(work, person.token)
    assert actor is not None
    return actor


def by_acts(registry: Registry, life: Life, actor: Actor, exception: str) -> dict[str, bool]:
    """What this person may do, by trying it."""
    group, name = life.version.model.split("/")
    number, digest = life.version.version, life.latest["digest"]
    with registry.reading() as work:
        model = model_queries.get_model(work, actor, group, name)
        found = version_queries.get_version(work, actor, group, name, number)
        apart = why_not_apart(work, actor, model, found) is None
    approve = {"decision": "APPROVE", "comment": None, "digest": digest}
    return {
        "apart": apart,
        "decide": may(registry, lambda work: deciding.decide(work, actor, group, name, number, **approve)),
        "grant": may(registry, lambda work: exceptions.grant_exception(work, actor, exception)),
    }


def by_sql(registry: Registry, life: Life, actor: Actor, exception: str) -> dict[str, bool]:
    """The same as the lists tell it beforehand."""
    group, name = life.version.model.split("/")
    with registry.reading() as work:
        model = model_queries.get_model(work, actor, group, name)
        found = version_queries.get_version(work, actor, group, name, life.version.version)
        barred = {row[0] for row in work.all(select_barred(model.key, found.key))}
        rows = list_queue(work, actor, QueueFilter(group=group)).items
        waiting = {(one.kind, one.ref) for one in list_waiting(work, actor)}
        rounds = [one.id for one in promotion_queries.list_promotions(work, found)]
    decide = any(row.decidable for row in rows)
    assert decide is any((Kind.REVIEW, one) in waiting for one in rounds)
    return {"apart": actor.user_id not in barred, "decide": decide, "grant": (Kind.EXCEPTION, exception) in waiting}


@pytest.mark.parametrize(
    ("kind", "worlds"),
    [("sqlite", 1), *(pytest.param(kind, 40, marks=pytest.mark.endurance) for kind in ("sqlite", "postgresql"))],
)
def test_lists_and_acts_agree_on_who_may_decide(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api, worlds: int
) -> None:
    """Whatever roles and ties people have, who decided, and what befell the model: asked beforehand, and tried."""

    @settings(max_examples=worlds, phases=(Phase.explicit, Phase.generate), database=None)
    @example(plan=HALF_WAY)
    @given(plan=PLANS)
    def agree(plan: Plan) -> None:
        life, people, exception = begin(fresh_make, fresh_api, plan)
        go_on(fresh_api, plan, life, people, exception)
        for tie, roles, person in zip(TIES, plan.roles, people, strict=True):
            actor = present(fresh_registry, person)
            told, tried = (ask(fresh_registry, life, actor, exception) for ask in (by_sql, by_acts))
            assert (tie, roles, told) == (tie, roles, tried)

    agree()


def test_who_names_a_consumer_may_decide_and_who_names_a_dataset_may_not(
    registry: Registry, make: Make, api: Api
) -> None:
    """Who uses a version is no part of it: telling that, and taking it back, bars nobody, before nor after it froze."""
    life = begin_life(make, api, cast=make_cast(make))
    barred, apart = make.person(MRC), make.person(MRC)
    for person in (barred, apart):
        told = api.as_(life.cast.owner).put(
            f"/api/v1/models/{life.version.model}/collaborators/{person.email}", json={"access": "WRITE"}
        )
        assert told.status_code == 201
    items = f"{life.base}/lineage"
    early = api.as_(apart).post(items, json=CONSUMER).json()
    assert api.as_(barred).post(items, json=DATASET).status_code == 201
    life.reach("SUBMITTED")
    assert api.as_(apart).delete(f"{items}/items/{early['id']}").status_code == 204
    assert api.as_(apart).post(items, json={**CONSUMER, "name": "Retention lists"}).status_code == 201

    def may_decide(person: Person) -> tuple[bool, bool]:
        actor = present(registry, person)
        with registry.reading() as work:
            queue = list_queue(work, actor, QueueFilter(group=life.version.model.partition("/")[0])).items
        return any(row.decidable for row in queue), life.decide(person).status_code == 201

    assert may_decide(barred) == (False, False)
    assert may_decide(apart) == (True, True)
