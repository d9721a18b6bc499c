"""What recording a deployment tells whom, and what it does where there is nothing to tell."""

from typing import Any

from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import put_into
from tests.support.make import Make, Person
from tests.support.problems import refusal
from tests.support.registries import Registry

_DEPLOYMENTS, _ENVIRONMENTS = "/api/v1/deployments", "/api/v1/environments"


def test_what_is_live_already_is_recorded_once(registry: Registry, make: Make, api: Api) -> None:
    """
    A pipeline that runs twice is answered 200 with what stands, and nothing is written; also where nothing is live any
    more. Another endpoint is another deployment, and who meant to follow another one is told.
    """
    version = make.version()
    put_into(registry, version, State.PRODUCTION)
    sre = api.as_(make.person(Role.SRE))
    where = f"eu of {version.model.partition('/')[0]}"
    assert sre.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201
    whole = {"version": version.address, "share": 100}

    def say(*live: dict[str, Any], **more: Any) -> Any:
        return sre.post(_DEPLOYMENTS, json={"environment": where, "model": version.model, "live": live, **more})

    never = say()
    first = say(whole)
    before = make.event_count()
    again = say(whole, reason="The pipeline ran twice.")
    after = make.event_count()
    meant = say(whole, replaces=first.json()["id"])
    late = say(whole, replaces="none")
    moved = say(whole | {"endpointUrl": "https://churn.example.com"})
    nothing, still = say(), say()

    assert refusal(never) == (409, "state_forbids")
    assert (again.status_code, again.json(), after) == (200, first.json(), before)
    assert again.headers["location"] == first.headers["location"]
    assert (meant.status_code, refusal(late)) == (200, (409, "conflict"))
    assert (moved.status_code, nothing.status_code) == (201, 201)
    assert (still.status_code, still.json()) == (200, nothing.json())
    assert sre.get(_DEPLOYMENTS, params={"model": version.model}).json()["total"] == 3


def test_owners_and_sres_are_told_of_what_is_live(registry: Registry, make: Make, api: Api) -> None:
    """
    Of each change by itself, with what is live now and why, in the app and to webhooks; never whoever made it, nor
    twice of the same.
    """
    model = make.model()
    first, second = make.version(model), make.version(model, version="1.1.0")
    put_into(registry, first, State.PRODUCTION)
    put_into(registry, second, State.PRODUCTION)
    owner, sre, other, stranger = make.owner_of(model), make.person(Role.SRE), make.person(Role.SRE), make.owner()
    kinds = ["deployment.recorded", "deployment.rolled_back"]
    hook = api.browser(make.person(Role.ADMIN)).call(
        "POST", "/api/v1/webhooks",
        json={"name": model.group, "url": "https://hooks.example.com/x", "kinds": kinds, "groups": [model.group]},
    )  # fmt: skip
    assert hook.status_code == 201, hook.text
    where = f"eu of {model.group}"
    client = api.as_(sre)
    assert client.post(_ENVIRONMENTS, json={"name": where, "kind": "PRODUCTION"}).status_code == 201

    def say(*live: tuple[str, float], **more: Any) -> Any:
        parts = [{"version": version, "share": share} for version, share in live]
        answer = client.post(_DEPLOYMENTS, json={"environment": where, "live": parts, "model": model.address, **more})
        return answer.json()

    def told(person: Person) -> list[dict[str, Any]]:
        items = api.as_(person).get("/api/v1/notices").json()["items"]
        return [one for one in reversed(items) if where in one["message"]]

    say((first.address, 100))
    say((first.address, 100))
    canary = say((first.address, 90), (second.address, 10), reason="A canary.")
    client.post(f"{_DEPLOYMENTS}/{canary['id']}/rollback", json={"reason": "Errors rose."})
    say()
    sent = api.browser(make.person(Role.ADMIN)).get(f"/api/v1/webhooks/{hook.json()['id']}/deliveries").json()

    messages = [one["message"] for one in told(owner)]
    begins = f"{sre.email} recorded what is live of {model.address} in {where}: "
    assert messages == [
        begins + "1.0.0 at 100 %",
        begins + "1.0.0 at 90 %, 1.1.0 at 10 %",
        f"{sre.email} rolled {model.address} back in {where}",
        begins + "nothing any more",
    ]
    assert (told(owner)[1]["quote"], told(owner)[1]["href"]) == ("A canary.", f"/deployments/{canary['id']}")
    assert [one["message"] for one in told(other)] == messages
    assert told(sre) == told(stranger) == []
    assert sorted(one["kind"] for one in sent["items"]) == sorted([kinds[0]] * 3 + [kinds[1]])


def test_what_people_call_a_place_is_veiled_in_the_log(make: Make, api: Api) -> None:
    """Names and regions of environments are free text, so that the log holds commitments to them, and their kind."""
    sre, group = api.as_(make.person(Role.SRE)), make.group()

    made = sre.post(_ENVIRONMENTS, json={"name": f"Ada's {group}", "kind": "STAGING", "region": "Ada's desk"}).json()
    moved = sre.patch(f"{_ENVIRONMENTS}/{made['id']}", json={"region": "Ada's cellar"})
    bad = [
        sre.post(_ENVIRONMENTS, json={"name": name, "kind": "STAGING"}) for name in (f"eu/{group}", f"-{group}", "..")
    ]
    kind = sre.patch(f"{_ENVIRONMENTS}/{made['id']}", json={"kind": "PRODUCTION"})

    events = make.events(made["id"])
    assert all("It stands in addresses and commands" in answer.text for answer in bad)
    assert [event.action for event in events] == ["environment.create", "environment.update"]
    assert not [event for event in events if "Ada" in event.raw]
    assert '"kind":"STAGING"' in events[0].raw
    assert (moved.json()["region"], kind.status_code) == ("Ada's cellar", 422)
