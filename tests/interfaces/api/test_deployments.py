"""Environments and deployments, through the API."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.features.deployments import service
from modelkeep_server.features.deployments.views import Asked, NewPart
from modelkeep_server.kit import clock
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.letting_in import put_into
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registry

_DEPLOYMENTS, _ENVIRONMENTS = "/api/v1/deployments", "/api/v1/environments"


def test_what_is_live_is_told_rolled_back_and_remembered(registry: Registry, make: Make, api: Api) -> None:
    """
    An SRE says what is live; each deployment takes the place of the one before, rolling back brings the earlier set
    again, and what was live at any moment can still be asked.
    """
    model = make.model()
    first, second = make.version(model), make.version(model, version="1.1.0")
    put_into(registry, first, State.PRODUCTION)
    put_into(registry, second, State.PRODUCTION)
    sre = api.as_(make.person(Role.SRE))
    where = f"eu of {model.group}"

    def say(*live: tuple[str, float], **more: Any) -> Any:
        parts = [{"version": version, "share": share} for version, share in live]
        return sre.post(_DEPLOYMENTS, json={"environment": where.upper(), "live": parts, **more})

    made = sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION", "region": "eu-west-1"})
    assert made.status_code == 201, made.text
    again = sre.post(_ENVIRONMENTS, json={"name": where.upper(), "kind": "STAGING"})
    assert refusal(again) == (409, "name_taken")

    one = say((first.address, 100))
    assert one.status_code == 201, one.text
    two = say((first.address, 12.25), (second.address, 87.75), replaces=one.json()["id"], reason="Canary.")
    assert two.status_code == 201, two.text
    late = say((second.address, 100), replaces=one.json()["id"])
    back = sre.post(f"{_DEPLOYMENTS}/{two.json()['id']}/rollback", json={"reason": "Errors rose."})
    stale = sre.post(f"{_DEPLOYMENTS}/{two.json()['id']}/rollback", json={"reason": "Errors rose."})
    ending = sre.post(f"{_ENVIRONMENTS}/{made.json()['id']}/end", json={})
    live = sre.get(f"/api/v1/models/{model.address}/live").json()["items"]
    before = sre.get(f"/api/v1/models/{model.address}/live", params={"at": "2001-01-01"}).json()["items"]
    between = sre.get(f"/api/v1/models/{model.address}/live", params={"at": "2999-01-01"}).json()["items"]
    none = say(model=model.address)
    nothing = say(model=model.address)
    ended = sre.post(f"{_ENVIRONMENTS}/{made.json()['id']}/end", json={"reason": "Moved."})
    history = sre.get(_DEPLOYMENTS, params={"model": model.address, "limit": "2"}).json()
    rest = sre.get(_DEPLOYMENTS, params={"model": model.address, "limit": "2", "cursor": history["nextCursor"]}).json()

    assert [part["share"] for part in two.json()["live"]] == [87.75, 12.25]
    assert [refusal(answer) for answer in (late, stale)] == [(409, "conflict")] * 2
    assert (back.status_code, back.json()["cause"]) == (201, "ROLLBACK")
    assert [part["version"] for part in live[0]["live"]] == [first.address]
    assert (before, between) == ([], live)
    assert refusal(ending) == (409, "state_forbids")
    assert (none.status_code, none.json()["live"]) == (201, [])
    assert (nothing.status_code, nothing.json()) == (200, none.json())
    assert (ended.status_code, refusal(say((first.address, 100)))) == (200, (404, "not_found"))
    told = [row["id"] for row in (*history["items"], *rest["items"])]
    assert told == [answer.json()["id"] for answer in (none, back, two, one)]
    assert history["total"] == 4
    assert [event.action for event in make.events(back.json()["id"])] == ["deployment.rollback"]


def test_only_what_may_run_there_is_live(registry: Registry, make: Make, api: Api) -> None:
    """Shares come to 100 at most; a version runs where its state allows; rolling back names what stands in the way."""
    model = make.model()
    released, drafted = make.version(model), make.version(model, version="1.1.0")
    put_into(registry, released, State.PRODUCTION)
    sre = api.as_(make.person(Role.SRE))
    where = f"us of {model.group}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201

    def say(*live: tuple[str, float], person: Any = sre) -> Any:
        parts = [{"version": version, "share": share} for version, share in live]
        return person.post(_DEPLOYMENTS, json={"environment": where, "live": parts})

    over = say((released.address, 60), (drafted.address, 40.01))
    fine = say((released.address, 99.999))
    absent = say((f"{model.address}:99.0.0", 10))
    draft = say((drafted.address, 100))
    owner = say((released.address, 100), person=api.as_(make.owner_of(model)))
    assert say((released.address, 100)).status_code == 201
    put_into(registry, drafted, State.PRODUCTION)
    last = say((drafted.address, 100))
    put_into(registry, released, State.RETIRED)
    retired = sre.post(f"{_DEPLOYMENTS}/{last.json()['id']}/rollback", json={"reason": "Errors rose."})
    put_into(registry, released, State.DEPRECATED)
    deprecated = sre.post(f"{_DEPLOYMENTS}/{last.json()['id']}/rollback", json={"reason": "Errors rose."})

    assert [refusal(answer) for answer in (over, fine, absent)] == [(422, "invalid_input")] * 3
    assert "100.01 %" in over.json()["errors"][0]["message"]
    assert refusal(draft) == (409, "state_forbids")
    assert refusal(owner)[0] == 403
    assert refusal(retired) == (409, "state_forbids")
    assert f"{released.address} is retired" in retired.json()["detail"]
    remedies = [answer.json()["remedy"] for answer in (draft, retired)]
    assert remedies == [
        "Move the version first, or leave it out of what is live.",
        "A retired version runs nowhere any more: leave it out of what is live.",
    ]
    assert deprecated.status_code == 201, deprecated.text


def test_deployments_follow_who_sees_the_model(registry: Registry, make: Make, api: Api) -> None:
    """What is live of a restricted model is seen by those who see the model; environments are for everyone."""
    model = make.model(visibility="RESTRICTED")
    version = make.version(model)
    put_into(registry, version, State.STAGING)
    sre, stranger = api.as_(make.person(Role.SRE)), api.as_(make.owner())
    where = f"dev of {model.group}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "STAGING"}).status_code == 201
    made = sre.post(_DEPLOYMENTS, json={"environment": where, "live": [{"version": version.address, "share": 5}]})
    assert made.status_code == 201, made.text

    hidden = stranger.get(f"{_DEPLOYMENTS}/{made.json()['id']}")
    seen = stranger.get(_DEPLOYMENTS, params={"environment": where})

    assert refusal(hidden) == (404, "not_found")
    assert (seen.json()["items"], seen.json()["total"]) == ([], 0)
    assert stranger.get(f"{_ENVIRONMENTS}/{where}").status_code == 200


def test_rolling_back_twice_leads_further_back(registry: Registry, make: Make, api: Api) -> None:
    """Each rollback goes one set further back, never forth to what was rolled back from; at the first it says so."""
    model = make.model()
    versions = [make.version(model, version=f"1.{minor}.0") for minor in range(3)]
    sre = api.as_(make.person(Role.SRE))
    where = f"eu of {model.group}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    for version in versions:
        put_into(registry, version, State.PRODUCTION)
        told = {"environment": where, "live": [{"version": version.address, "share": 100}]}
        last = sre.post(_DEPLOYMENTS, json=told).json()

    went = []
    for _ in range(3):
        answer = sre.post(f"{_DEPLOYMENTS}/{last['id']}/rollback", json={"reason": "Errors rose."})
        last = answer.json() if answer.status_code == 201 else last
        went.append(last["live"][0]["version"] if answer.status_code == 201 else answer.json()["detail"])

    assert went[:2] == [versions[1].address, versions[0].address]
    assert "Nothing else was live before" in went[2]


def test_what_stands_in_the_way_of_a_rollback_is_named(registry: Registry, make: Make, api: Api) -> None:
    """On hold, closed by retiring, or held back: each is said of the version at fault, and nothing is written."""
    model = make.model()
    before, after = make.version(model), make.version(model, version="1.1.0")
    put_into(registry, before, State.PRODUCTION)
    put_into(registry, after, State.PRODUCTION)
    file = make.file(make.version(model, version="1.2.0"))
    sre, mrc = api.as_(make.person(Role.SRE)), api.as_(make.person(Role.MRC))
    where = f"eu of {model.group}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    for version in (before, after):
        last = sre.post(
            _DEPLOYMENTS, json={"environment": where, "live": [{"version": version.address, "share": 100}]}
        ).json()
    route = f"/api/v1/models/{before.model}/versions/{before.version}"

    def roll_back() -> Any:
        return sre.post(f"{_DEPLOYMENTS}/{last['id']}/rollback", json={"reason": "Errors rose."})

    held = mrc.post(f"{route}/hold", json={"reason": "Drift."})
    on_hold = roll_back()
    lifted = mrc.post(f"{route}/lift", json={"reason": "Explained."})
    registry.tamper(
        "UPDATE artifacts SET version_id = :version, status = 'QUARANTINED' WHERE id = :file", version=before.key,
        file=file.key,
    )  # fmt: skip
    quarantined = roll_back()
    registry.tamper("UPDATE artifacts SET status = 'AVAILABLE' WHERE id = :file", file=file.key)
    unreasoned = sre.post(f"{_DEPLOYMENTS}/{last['id']}/rollback", json={"reason": " "})

    assert [held.status_code, lifted.status_code] == [200, 200]
    assert [refusal(answer) for answer in (on_hold, quarantined)] == [(409, "state_forbids")] * 2
    assert f"{before.address} is on hold: Drift." in on_hold.json()["detail"]
    assert f"{before.address} has files in quarantine" in quarantined.json()["detail"]
    assert refusal(unreasoned) == (422, "invalid_input")


_BAD_SHARES = [
    ('"share": 1e308', "live.0.share"), ('"share": NaN', ""), ('"share": Infinity', ""), ('"share": 0', "live.0.share"),
    ('"share": -1', "live.0.share"), ('"share": 1e-9', "live.0.share"),
    ('"share": 99.99999999', "live.0.share"), ('"share": true', "live.0.share"),
    ('"share": 1e400', ""), ('"share": "50"', "live.0.share"), ('"share": 50, "region": "a\\nb"', "live.0.region"),
    ('"share": "all"', "live.0.share"), ('"share": 100.01', "live.0.share"),
    ('"share": 50}, {"version": "1.0.0", "share": 50', "live.1.version"),
    ('"share": 50, "endpointUrl": "javascript:alert(1)"', "live.0.endpointUrl"),
]  # fmt: skip


def test_shares_that_cannot_be_are_refused(registry: Registry, make: Make, api: Api) -> None:
    """Too much, nothing, less than nothing, no number, the same twice: 4xx at the field, and nothing is written."""
    version = make.version()
    put_into(registry, version, State.PRODUCTION)
    sre = api.as_(make.person(Role.SRE))
    where = f"eu of {version.model.partition('/')[0]}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    told = f'"environment": "{where}", "model": "{version.model}"'

    answers = [
        sre.post(
            _DEPLOYMENTS, headers={"content-type": "application/json"},
            content=f'{{{told}, "live": [{{"version": "1.0.0", {said}}}]}}',
        )
        for said, _ in _BAD_SHARES
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} <= {400, 422}, [answer.text for answer in answers]
    for answer, (_, field) in zip(answers, _BAD_SHARES, strict=True):
        assert field in [one["field"] for one in answer.json().get("errors", [{"field": ""}])] or not field
    assert sre.get(_DEPLOYMENTS, params={"model": version.model}).json()["total"] == 0


def test_what_was_live_between_two_deployments_is_told(registry: Registry, make: Make, api: Api) -> None:
    """
    From the second that a deployment is told of until the next, it is what was live, on whichever day; who comes late
    with an earlier clock leaves no time in which both or neither was.
    """
    model = make.model()
    first, second = make.version(model), make.version(model, version="1.1.0")
    sre = make.person(Role.SRE)
    client = api.as_(sre)
    where = f"eu of {model.group}"
    assert client.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    week_ago = clock.utc_now().replace(microsecond=700_000) - timedelta(days=7)
    told = [(first, week_ago), (second, week_ago + timedelta(days=3)), (first, week_ago + timedelta(days=2))]
    for version, at in told:
        put_into(registry, version, State.PRODUCTION)
        with registry.writing(now=at) as work:
            service.record(work, sre.actor, Asked(where, [NewPart(version.address, 100)]))

    def ask(at: Any) -> list[str]:
        asked = {"at": at if isinstance(at, str) else at.isoformat()}
        items = client.get(f"/api/v1/models/{model.address}/live", params=asked).json()["items"]
        return [part["version"] for item in items for part in item["live"]]

    begun = client.get(_DEPLOYMENTS, params={"model": model.address}).json()["items"][-1]["at"]
    assert ask(week_ago - timedelta(seconds=1)) == []
    assert ask(begun) == [first.address]
    assert ask(week_ago + timedelta(days=2, hours=12)) == [first.address]
    assert ask(clock.iso_seconds(week_ago + timedelta(days=3))) == [first.address]
    assert ask(clock.utc_now().date().isoformat()) == [first.address]
    assert ask(f"{week_ago:%Y%m%d}") == [first.address]
    assert refusal(client.get(f"/api/v1/models/{model.address}/live", params={"at": "soon"}))[0] == 422


@pytest.mark.parametrize("races", sizes(small=4, full=100))
def test_of_two_who_deploy_at_once_one_wins(
    registry: Registry, make: Make, api: Api, races: int, figures: Figures
) -> None:
    """One records and one rolls back what both have seen: 201 for one, 409 for the other, and one set stands."""
    model = make.model()
    versions = [make.version(model, version=f"1.{minor}.0") for minor in range(2)]
    sre, other = api.as_(make.person(Role.SRE)), api.as_(make.person(Role.SRE))
    where = f"eu of {model.group}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    for version in versions:
        put_into(registry, version, State.PRODUCTION)
    line = threading.Barrier(2)
    outcomes: Counter[tuple[int, ...]] = Counter()

    def say(version: Any, seen: str | None) -> Any:
        told = {"environment": where, "live": [{"version": version.address, "share": 100}]}
        return sre.post(_DEPLOYMENTS, json=told | ({"replaces": seen} if seen else {}))

    def record(seen: str) -> int:
        line.wait(timeout=60)
        return int(say(versions[0], seen).status_code)

    def roll_back(seen: str) -> int:
        line.wait(timeout=60)
        return int(other.post(f"{_DEPLOYMENTS}/{seen}/rollback", json={"reason": "Errors rose."}).status_code)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(races):
            say(versions[0], None)
            seen = say(versions[1], None).json()["id"]
            both = [pool.submit(record, seen), pool.submit(roll_back, seen)]
            outcomes[tuple(sorted(one.result() for one in both))] += 1

    live = sre.get(_DEPLOYMENTS, params={"model": model.address, "current": "true"}).json()
    figures.tell("races of two who deploy", races)
    figures.tell("not won by exactly one", races - outcomes[(201, 409)], at_most=0)
    assert outcomes == {(201, 409): races}
    assert live["total"] == 1


def test_what_is_live_is_not_retired(registry: Registry, make: Make, api: Api) -> None:
    """Neither the version nor its model is retired while it is live, and the refusal says where; then it can be."""
    version = make.version()
    put_into(registry, version, State.PRODUCTION)
    sre, admin = api.as_(make.person(Role.SRE)), api.as_(make.person(Role.ADMIN))
    where = f"eu of {version.model.partition('/')[0]}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    assert (
        sre.post(
            _DEPLOYMENTS, json={"environment": where, "live": [{"version": version.address, "share": 10}]}
        ).status_code
        == 201
    )
    put_into(registry, version, State.DEPRECATED)
    moves = f"/api/v1/models/{version.model}/versions/{version.version}/moves"

    alone = admin.post(moves, json={"to": "RETIRED"})
    whole = admin.post(f"/api/v1/models/{version.model}/retire", json={"reason": "Replaced."})
    taken = sre.post(_DEPLOYMENTS, json={"environment": where, "model": version.model, "live": []})
    after = admin.post(moves, json={"to": "RETIRED"})

    assert [refusal(answer) for answer in (alone, whole)] == [(409, "state_forbids")] * 2
    assert f"{version.address} in {where}" in alone.json()["detail"]
    assert (taken.status_code, after.status_code) == (201, 200), after.text
