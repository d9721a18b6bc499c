"""Asking for access through the API: one open request a model, and one answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.letting_in import let_in
from tests.support.make import Make, Person
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

REQUESTS = "/api/v1/access-requests"


def ask(api: Api, person: Person, model: Model, **more: Any) -> Any:
    """What asking is answered."""
    return api.as_(person).post(REQUESTS, json={"model": model.address, "purpose": "Nightly scoring.", **more})


def test_a_refused_download_leads_to_access_for_a_time(make: Make, api: Api) -> None:
    """The 403 names the way; the owner sees who asks and why, grants it, and the download works until then."""
    version = make.version()
    make.file(version)
    guest, owner = make.person(), make.owner_of(version)
    client, link = api.as_(guest), f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/model.safetensors/links"

    refused = client.post(link, json={})
    asked = client.post(
        REQUESTS, json={"model": version.model.upper(), "version": "1.0.0", "purpose": "Nightly scoring.", "days": 7}
    )
    seen = api.as_(owner).get(REQUESTS, params={"model": version.model, "mine": "false", "status": "OPEN"}).json()
    granted = api.as_(owner).post(f"{REQUESTS}/{asked.json()['id']}/grant", json={})

    assert f"/access-requests/new?model={version.model.replace('/', '%2F')}" in refused.json()["remedy"]
    assert (asked.status_code, asked.headers["location"]) == (201, f"{REQUESTS}/{asked.json()['id']}")
    (row,) = seen["items"]
    assert (row["by"], row["purpose"], row["version"], seen["total"]) == (guest.email, "Nightly scoring.", "1.0.0", 1)
    assert (granted.status_code, granted.json()["status"], granted.json()["decidedBy"]) == (200, "GRANTED", owner.email)
    left = datetime.fromisoformat(granted.json()["until"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    assert client.post(link, json={}).status_code == 201
    (mine,) = client.get(REQUESTS, params={"mine": "true"}).json()["items"]
    assert (mine["status"], mine["until"]) == ("GRANTED", granted.json()["until"])


def test_one_open_request_a_person_and_model(make: Make, api: Api) -> None:
    """A second one is told of the first, also at the same moment; once it is taken back, another may be sent."""
    model, guest = make.model(), make.person()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(api, guest, model), range(4)))
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    back = api.as_(guest).post(f"{REQUESTS}/{first['id']}/withdraw")
    again = ask(api, guest, model)

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (back.json()["status"], again.status_code) == ("WITHDRAWN", 201)
    assert api.as_(guest).post(f"{REQUESTS}/{first['id']}/withdraw").status_code == 409


def test_two_owners_who_decide_at_once_one_wins(make: Make, api: Api) -> None:
    """The other is told by whom it was decided, and how; what was decided stays."""
    one, other = make.owner(), make.owner()
    model, guest = make.model(one, owners=[one.email, other.email]), make.person()
    place = f"{REQUESTS}/{ask(api, guest, model).json()['id']}"

    with ThreadPoolExecutor(2) as pool:
        grant = pool.submit(lambda: api.as_(one).post(f"{place}/grant", json={"days": 90}))
        refuse = pool.submit(lambda: api.as_(other).post(f"{place}/refuse", json={"reason": "Not this one."}))
    answers = {"granted": grant.result(), "refused": refuse.result()}

    won = next(how for how, answer in answers.items() if answer.status_code == 200)
    lost = next(answer for answer in answers.values() if answer.status_code != 200)
    winner = {"granted": one, "refused": other}[won]
    assert refusal(lost) == (409, "conflict")
    assert f"{winner.email} {won} this request" in lost.json()["detail"]
    assert api.as_(guest).get(place).json()["status"] == won.upper()


def test_a_request_is_judged_field_by_field(registry: Registry, make: Make, api: Api) -> None:
    """No purpose, no such number of days, no such address; who may download already has nothing to ask for."""
    model, guest, reader = make.model(), make.person(), make.person()
    hidden = make.model(visibility="RESTRICTED")
    let_in(registry, make, model, reader)

    assert fields_at_fault(ask(api, guest, model, purpose=" ", days=91)) == {"purpose", "days"}
    assert fields_at_fault(api.as_(guest).post(REQUESTS, json={"model": "nowhere", "purpose": "x"})) == {"model"}
    assert ask(api, guest, hidden).status_code == 404
    assert ask(api, guest, model, version="9.9.9").status_code == 404
    assert [ask(api, who, model).status_code for who in (reader, make.owner_of(model), make.person(Role.SRE))] == [
        409, 409, 409,
    ]  # fmt: skip
    assert api.as_(guest).get(REQUESTS).json()["items"] == []


def test_only_owners_decide_and_others_do_not_see_it(make: Make, api: Api) -> None:
    """The asker and an Admin see it and are refused; a stranger gets 404; a wrong time is a field at fault."""
    model, guest = make.model(), make.person(Role.MODEL_OWNER)
    place = f"{REQUESTS}/{ask(api, guest, model).json()['id']}"
    owner = api.as_(make.owner_of(model))

    statuses = {
        name: api.as_(person).post(f"{place}/grant", json={}).status_code
        for name, person in {"asker": guest, "admin": make.person(Role.ADMIN), "stranger": make.owner()}.items()
    }
    bad = [
        owner.post(f"{place}/grant", json={"days": 91}), owner.post(f"{place}/grant", json={"until": "2020-01-01"}),
        owner.post(f"{place}/grant", json={"days": 3, "until": "2099-01-01"}),
        owner.post(f"{place}/refuse", json={"reason": ""}),
    ]  # fmt: skip

    assert statuses == {"asker": 403, "admin": 403, "stranger": 404}
    assert [fields_at_fault(answer) for answer in bad] == [{"days"}, {"until"}, {"days"}, {"reason"}]
    assert owner.post(f"{place}/withdraw").status_code == 404
    assert api.as_(guest).get(place).json()["status"] == "OPEN"
    assert owner.get(REQUESTS, params={"status": "EXPIRED", "model": model.address}).json()["items"] == []


def test_a_grant_keeps_what_is_more_already(registry: Registry, make: Make, api: Api) -> None:
    """Whoever was given WRITE meanwhile keeps it; the request is granted all the same."""
    model, guest = make.model(), make.person()
    place = f"{REQUESTS}/{ask(api, guest, model).json()['id']}"
    let_in(registry, make, model, guest, "WRITE")
    owner = api.as_(make.owner_of(model))

    granted = owner.post(f"{place}/grant", json={"days": 1})

    assert granted.json()["status"] == "GRANTED"
    (standing,) = owner.get(f"/api/v1/models/{model.address}/collaborators").json()["items"]
    assert (standing["access"], standing["until"]) == ("WRITE", None)
