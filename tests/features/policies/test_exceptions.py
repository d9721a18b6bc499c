"""Exceptions through the API: asked for, granted by the people that the tier asks for, and ended."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.db.work import Circumstances
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.policies import judging, reminding
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registry

PLACE = "/api/v1/exceptions"


def in_days(days: float) -> str:
    return clock.iso_seconds(clock.utc_now() + timedelta(days=days))


def policy_of(api: Api, person: Any, starter: str = "weights") -> str:
    listed = api.as_(person).get("/api/v1/policies", params={"limit": 200}).json()["items"]
    return str(next(one["id"] for one in listed if one["starter"] == starter))


def body_of(policy: str, of: Version, /, **changes: Any) -> dict[str, Any]:
    return {
        "policy": policy, "version": of.address, "justification": "The weights come on Monday.",
        "risk": "Nothing to run.", "mitigation": "It stays in staging.", "expiresAt": in_days(30), **changes,
    }  # fmt: skip


def excepted(registry: Registry, make: Make, version: Version) -> str | None:
    """The exception that lifts the starter policy on weights, where one does."""
    group, name = version.model.split("/")
    actor = make.owner_of(version).actor
    with registry.reading() as work:
        found = version_queries.get_version(work, actor, group, name, version.version)
        judged = judging.judge(work, model_queries.get_model(work, actor, group, name), found, "STAGING")
    return next(check.excepted for check in judged.checks if check.policy == "Weights are there")


@pytest.mark.parametrize("tier", ["LOW", "HIGH"])
def test_the_tier_says_who_grants(registry: Registry, api: Api, make: Make, tier: str) -> None:
    """LOW takes an MRC, HIGH an MRC and a Security Architect, two people who own nothing of it; then it lifts."""
    owner, mrc, both = make.owner(), make.person(Role.MRC), make.person(Role.MRC, Role.SECURITY_ARCHITECT)
    security = make.person(Role.SECURITY_ARCHITECT)
    version = make.version(make.model(owner, risk_tier=tier), owner)
    asked = api.as_(owner).post(PLACE, json=body_of(policy_of(api, owner), version))
    place = f"{PLACE}/{asked.json()['id']}"
    twice = api.as_(owner).post(PLACE, json=body_of(policy_of(api, owner), version))
    before = excepted(registry, make, version)
    by_owner = api.as_(owner).post(f"{place}/grant", json={})
    first = api.as_(both).post(f"{place}/grant", json={"as": "MRC", "comment": "Until Monday."})
    alone = api.as_(both).post(f"{place}/grant", json={})
    late = api.as_(mrc).post(f"{place}/grant", json={})
    second = api.as_(security).post(f"{place}/grant", json={})

    assert (asked.status_code, asked.json()["status"], twice.status_code, by_owner.status_code) == (
        201,
        "OPEN",
        409,
        403,
    )
    assert before is None
    assert first.json()["approvals"][0]["by"] == both.email
    if tier == "LOW":
        assert (first.json()["status"], alone.status_code, second.status_code) == ("GRANTED", 409, 409)
    else:
        assert (first.json()["status"], first.json()["openRoles"]) == ("OPEN", ["SECURITY_ARCHITECT"])
        assert (alone.json()["code"], late.status_code) == ("separation_of_duties", 403)
        assert (second.json()["status"], second.json()["holds"]) == ("GRANTED", True)
    assert excepted(registry, make, version) == asked.json()["id"]
    moves = api.as_(owner).get(f"/api/v1/models/{version.model}/versions/{version.version}/moves").json()["items"]
    weights = next(one for one in moves[0]["requirements"] if one["id"] == "policy:Weights are there")
    assert (weights["met"], weights["liftedBy"]) == (True, asked.json()["id"])
    events = make.events(asked.json()["id"])
    assert [event.action for event in events][:2] == ["exception.ask", "exception.grant"]
    # From which policy, is told by both.
    assert len({event.after["policy"] for event in events if event.after}) == 1


def test_bad_requests_are_refused(api: Api, make: Make) -> None:
    """In the past, too long, empty, no such policy, and by somebody who owns nothing: each is told what to do."""
    owner, stranger = make.owner(), make.owner()
    version = make.version(make.model(owner), owner)
    policy = policy_of(api, owner)
    faults = [
        api.as_(owner).post(PLACE, json=body_of(policy, version, **changes))
        for changes in (
            {"expiresAt": in_days(-1)}, {"expiresAt": in_days(92)}, {"expiresAt": "soon"}, {"risk": " "},
            {"version": "nothing"},
        )
    ]  # fmt: skip
    unknown = api.as_(owner).post(PLACE, json=body_of("none", version))
    foreign = api.as_(stranger).post(PLACE, json=body_of(policy, version))

    assert [one.status_code for one in faults] == [422] * 5
    assert [one.json()["errors"][0]["field"] for one in faults] == [
        "expiresAt", "expiresAt", "expiresAt", "risk", "version",
    ]  # fmt: skip
    assert (unknown.status_code, foreign.status_code) == (404, 403)


def test_exceptions_end(registry: Registry, api: Api, make: Make) -> None:
    """Refused, withdrawn, ended: each once and with its reason; after a raise of the tier one for LOW holds no more."""
    owner, mrc = make.owner(), make.person(Role.MRC)
    model = make.model(owner)
    version = make.version(model, owner)
    policy = policy_of(api, owner)

    def ask() -> str:
        return f"{PLACE}/{api.as_(owner).post(PLACE, json=body_of(policy, version)).json()['id']}"

    refused, told = ask(), []
    told.append(api.as_(mrc).post(f"{refused}/refuse", json={"reason": " "}))
    told.append(api.as_(mrc).post(f"{refused}/refuse", json={"reason": "Wait for Monday."}))
    withdrawn = ask()
    told.append(api.as_(owner).post(f"{withdrawn}/withdraw", json={}))
    told.append(api.as_(mrc).post(f"{withdrawn}/grant", json={}))
    ended = ask()
    told.append(api.as_(mrc).post(f"{ended}/grant", json={}))
    make.edit(model, risk_tier="MEDIUM", reason="More people see it.")
    raised = (excepted(registry, make, version), api.as_(owner).get(ended).json()["holds"])
    told.append(api.as_(mrc).post(f"{ended}/end", json={"reason": "No more needed."}))
    told.append(api.as_(mrc).post(f"{ended}/end", json={"reason": "Again."}))
    listed = api.as_(owner).get(PLACE, params={"version": version.address}).json()["items"]

    assert [one.status_code for one in told] == [422, 200, 200, 409, 200, 200, 409]
    assert raised == (None, False)
    assert [one["status"] for one in listed] == ["ENDED", "WITHDRAWN", "REFUSED"]
    assert listed[2]["endReason"] == "Wait for Monday."


@pytest.mark.parametrize("days", [20.0, 13.0, 0.5])
def test_owners_are_reminded_once_of_each_day(registry: Registry, api: Api, make: Make, days: float) -> None:
    """One that lasts longer than 14 days is announced 14 days and 1 day ahead, one that is shorter a day ahead."""
    owner, mrc = make.owner(), make.person(Role.MRC)
    version = make.version(make.model(owner), owner)
    body = body_of(policy_of(api, owner), version, expiresAt=in_days(20))
    exception = api.as_(owner).post(PLACE, json=body).json()["id"]
    api.as_(mrc).post(f"{PLACE}/{exception}/grant", json={})
    parts = replace(registry.house.parts, sends_mail=True)
    later = replace(Circumstances.of_the_house(), now=clock.utc_now() + timedelta(days=20 - days))
    for _ in range(2):
        with registry.house.database.writing(parts, later) as work:
            reminding.remind(work)

    kept = [str(row[0]) for row in registry.look("SELECT key FROM jobs WHERE key IS NOT NULL")]

    expected = {20.0: [], 13.0: ["14"], 0.5: ["1"]}[days]
    assert [key.split("/")[2] for key in kept if exception in key] == expected
