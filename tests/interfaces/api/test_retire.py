"""Retiring a whole model through the API: what ends with it, and that nothing can be written to it any more."""

from typing import Any

import pytest

from modelkeep_server.features.artifacts import service
from modelkeep_server.features.artifacts.sealing import Part
from modelkeep_server.features.artifacts.service import NewFile
from modelkeep_server.features.artifacts.uploading import intake
from modelkeep_server.rules.errors import StateForbids
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from tests.interfaces.test_routes import routes_of
from tests.support.clients import Api
from tests.support.letting_in import let_in, put_into
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.registries import Registry

REASON = {"reason": "Replaced by churn-v2."}
FILE = "artifacts/model.safetensors"


def test_retiring_ends_every_version_request_collaboration_and_link(registry: Registry, make: Make, api: Api) -> None:
    """One act: the versions say by whom and when, the asker sees why, the link is dead, the guest is out."""
    model = make.model()
    versions = [make.version(model, version=number) for number in ("1.0.0", "2.0.0")]
    make.file(versions[0])
    guest, asker, admin = make.person(), make.person(), make.person(Role.ADMIN)
    let_in(registry, make, model, guest)
    base = f"/api/v1/models/{model.address}"
    asked = api.as_(asker).post("/api/v1/access-requests", json={"model": model.address, "purpose": "x"}).json()
    link = api.as_(guest).post(f"{base}/versions/1.0.0/{FILE}/links", json={}).json()["url"]

    retired = api.as_(admin).post(f"{base}/retire", json=REASON)

    assert (retired.status_code, retired.json()["status"]) == (200, "RETIRED")
    for version in api.as_(guest).get(f"{base}/versions").json()["items"]:
        assert (version["state"], version["history"][-1]["by"]) == ("RETIRED", admin.email)
    answer = api.as_(asker).get(f"/api/v1/access-requests/{asked['id']}").json()
    assert (answer["status"], answer["decidedBy"]) == ("REFUSED", admin.email)
    assert "Replaced by churn-v2." in answer["answer"]
    assert api.anonymous.get(link).status_code == 403
    assert api.as_(guest).post(f"{base}/versions/1.0.0/{FILE}/links", json={"purpose": "x"}).status_code == 403
    assert api.as_(admin).get(f"{base}/collaborators").json()["items"] == []
    found = {
        status: len(
            api.as_(guest).get("/api/v1/models", params={"group": model.group, "status": status}).json()["items"]
        )
        for status in ("ACTIVE", "RETIRED")
    }
    assert found == {"ACTIVE": 0, "RETIRED": 1}
    assert [event.reason for event in make.events(model.id, "model.retire")] == [REASON["reason"]]
    assert [len(make.events(version.id, "version.retire")) for version in versions] == [1, 1]


def test_a_version_in_production_keeps_its_model(registry: Registry, make: Make, api: Api) -> None:
    """It is named, nothing is changed; once it is deprecated the model can be retired."""
    model = make.model()
    version, other = make.version(model, version="1.0.0"), make.version(model, version="2.0.0")
    put_into(registry, version, State.PRODUCTION)
    admin, base = api.as_(make.person(Role.ADMIN)), f"/api/v1/models/{model.address}"

    refused = admin.post(f"{base}/retire", json=REASON)
    states = [row["state"] for row in admin.get(f"{base}/versions").json()["items"]]
    put_into(registry, version, State.DEPRECATED)
    retired = admin.post(f"{base}/retire", json=REASON)

    assert refusal(refused) == (409, "state_forbids")
    assert f"1.0.0 of {model.address} is in PRODUCTION" in refused.json()["detail"]
    assert states == ["DRAFT", "PRODUCTION"]
    assert (retired.status_code, len(make.events(other.id, "version.retire"))) == (200, 1)


def test_who_may_retire_and_on_what(make: Make, api: Api) -> None:
    """An Admin, with a reason, on what they read, once; an owner may not, and is told whom to ask."""
    model = make.model()
    admin, owner = api.as_(make.person(Role.ADMIN)), api.as_(make.owner_of(model))
    route = f"/api/v1/models/{model.address}/retire"

    assert refusal(owner.post(route, json=REASON)) == (403, "not_permitted")
    assert fields_at_fault(admin.post(route, json={"reason": ""})) == {"reason"}
    assert refusal(admin.post(route, json=REASON, headers={"if-match": '"r9"'})) == (412, "stale_edit")
    assert admin.post(route, json=REASON).status_code == 200
    again = admin.post(route, json=REASON)
    assert refusal(again) == (409, "state_forbids")
    assert "retired" in again.json()["detail"]


def test_an_upload_that_ends_after_the_model_is_refused(registry: Registry, make: Make, api: Api) -> None:
    """It was allowed, its bytes are there, and nothing of it is published."""
    model = make.model()
    make.version(model)
    owner = make.owner_of(model).actor
    new = NewFile(model.group, model.name, "1.0.0", "late.safetensors", "WEIGHTS")
    with registry.reading() as work:
        ticket = service.allow_upload(work, owner, new, sha256=None, size_bytes=None)
    received = intake.Received("0" * 64, 1, (Part(0, "a", 1, 1),))

    api.as_(make.person(Role.ADMIN)).post(f"/api/v1/models/{model.address}/retire", json=REASON)

    with pytest.raises(StateForbids, match="retired"), registry.writing() as work:
        service.publish_upload(work, owner, ticket, received, None)


#: What each route that writes to a model is sent here, as API and as form. Those that only read are left out below.
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", ""): {"tags": ["late"]},
    ("POST", "/transfer"): {"owners": ["late@example.com"], "reason": "x"},
    ("POST", "/retire"): REASON,
    ("PUT", "/collaborators/{email}"): {"access": "READ"},
    ("DELETE", "/collaborators/{email}"): None,
    ("POST", "/versions"): {"version": "9.0.0"},
    ("PATCH", "/versions/{version}"): {"description": "late"},
    ("POST", "/versions/{version}/close"): REASON,
    ("POST", "/versions/{version}/reopen"): REASON,
    ("POST", "/versions/{version}/promotions"): {"target": "STAGING", "justification": "Late."},
    ("POST", "/versions/{version}/promotions/{id}/withdraw"): REASON,
    ("POST", "/versions/{version}/reviews"): {"decision": "APPROVE", "digest": "sha256:0"},
    ("POST", "/versions/{version}/moves"): {"to": "STAGING"},
    ("POST", "/versions/{version}/hold"): REASON,
    ("POST", "/versions/{version}/lift"): REASON,
    ("POST", "/versions/{version}/comments"): {"text": "Late."},
    ("POST", "/versions/{version}/findings"): {"text": "Late."},
    ("POST", "/versions/{version}/findings/{id}/settle"): {"status": "RESOLVED", "answer": "Late."},
    ("POST", "/versions/{version}/attestations"): {"comment": "Late."},
    ("POST", "/versions/{version}/card"): None,
    ("DELETE", "/versions/{version}/card"): None,
    ("POST", "/versions/{version}/card/publish"): None,
    ("PUT", "/versions/{version}/card/annotations/{section}"): {"markdown": "Late."},
    ("POST", "/versions/{version}/lineage"): {"kind": "CONSUMER", "name": "Late."},
    ("DELETE", "/versions/{version}/lineage/items/{id}"): None,
    ("POST", "/versions/{version}/evaluations"): {"dataset": {"name": "late"}, "metrics": [{"name": "a", "value": 1}]},
    ("POST", "/versions/{version}/evaluations/import"): {
        "content": "metric,value\nauc,0.9\n",
        "dataset": {"name": "a"},
    },
    ("PUT", "/versions/{version}/artifacts/{path:path}"): None,
    ("DELETE", "/versions/{version}/artifacts/{path:path}"): None,
    ("POST", "/versions/{version}/images"): {"reference": f"registry.example.com/churn@sha256:{'ab' * 32}"},
}
#: Files of a retired model are still fetched by those who may, so their verdicts still matter.
GOES_ON = {
    "artifact.link",
    "artifact.rescan",
    "artifact.release",
    "artifact.waive",
    "artifact.end_waiver",
    "evaluation.sign",
}
API_OF_MODEL, PAGES_OF_MODEL = "/api/v1/models/{group}/{name}", "/models/{group}/{name}"


def test_every_route_that_writes_to_a_retired_model_is_refused(registry: Registry, make: Make, api: Api) -> None:
    """Asked by somebody of every role who owns it: 409 for all of the API, and no form of a page gets through."""
    owner = make.person(*Role)
    version = make.version(owner=owner)
    make.file(version, owner)
    client, browser = api.as_(owner), api.browser(owner)
    group, _, name = version.model.partition("/")
    assert client.post(f"/api/v1/models/{version.model}/retire", json=REASON).status_code == 200
    values = {
        "{group}": group, "{name}": name, "{version}": "1.0.0", "{path:path}": "model.safetensors",
        "{email}": owner.email,
    }  # fmt: skip

    def fill(path: str) -> str:
        for key, value in values.items():
            path = path.replace(key, value)
        return path

    writing = [
        (method, path)
        for method, path, act in routes_of(registry)
        if method != "GET" and path.startswith((API_OF_MODEL, PAGES_OF_MODEL)) and act not in GOES_ON
    ]
    called = {(m, p.removeprefix(API_OF_MODEL)) for m, p in writing if p.startswith(API_OF_MODEL)}
    answers = {
        (method, tail): client.request(
            method,
            fill(API_OF_MODEL + tail),
            params={"type": "WEIGHTS"} if method == "PUT" and "path" in tail else None,
            json=BODIES.get((method, tail)),
        )
        for method, tail in called
    }
    before = make.event_count()
    forms = [
        browser.submit(fill(path), {"reason": "x", "confirm": name})
        for m, path in writing
        # A preview draws what was typed, and writes nothing.
        if m == "POST" and path.startswith(PAGES_OF_MODEL) and not path.endswith("/preview")
    ]

    assert called == set(BODIES)
    assert {key: refusal(answer) for key, answer in answers.items()} == dict.fromkeys(BODIES, (409, "state_forbids"))
    assert {form.status_code for form in forms} <= {404, 409, 422}
    assert {event.outcome for event in make.events(since=before)} <= {"REFUSED"}
    assert client.get(f"/api/v1/models/{version.model}").json()["revision"] == 2
