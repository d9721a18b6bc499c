"""Environments and deployments, through the API."""

from typing import Any

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
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
    assert refusal(nothing) == (409, "state_forbids")
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
    assert f"{released.address} is RETIRED" in retired.json()["detail"]
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
