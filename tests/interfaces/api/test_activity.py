"""What happened lately to a model or a version, for everybody who may see it."""

import pytest

from modelkeep_server.db.activity import SUBJECTS
from modelkeep_server.operate.operations import LONG_OPERATIONS
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted


def read(client: Client, path: str) -> list[dict[str, object]]:
    """All items of a list, page by page."""
    items: list[dict[str, object]] = []
    cursor = None
    while True:
        told = client.get(f"/api/v1{path}", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        items += told["items"]
        cursor = told["nextCursor"]
        if cursor is None:
            return items


def test_a_model_tells_who_did_what_newest_first(make: Make, api: Api) -> None:
    """Each item is a sentence: who, what, on which model, version or file; with the event that says it in full."""
    owner = make.owner()
    model = make.model(owner)
    version = make.version(model, owner)
    make.file(version, owner, path="weights/model.safetensors")

    items = read(api.as_(owner), f"/models/{model.address}/activity")

    assert [(item["says"], item["object"]["address"]) for item in items] == [  # type: ignore[index]
        ("uploaded", f"{model.address}:1.0.0/weights/model.safetensors"),
        ("created version", f"{model.address}:1.0.0"),
        ("registered", model.address),
    ]
    assert {item["by"] for item in items} == {owner.email}
    events = make.events(model.id)
    assert (items[-1]["sequence"], items[-1]["id"]) == (events[-1].sequence, events[-1].id)


def test_a_version_tells_only_of_itself(make: Make, api: Api) -> None:
    """The activity of a version holds its files, and neither its model nor its sisters."""
    owner = make.owner()
    model = make.model(owner)
    make.file(make.version(model, owner), owner)
    second = make.version(model, owner, version="2.0.0+build.7")
    make.file(second, owner, path="config.json", type="CONFIG", content=b"{}")

    items = read(api.as_(owner), f"/models/{model.address}/versions/2.0.0%2Bbuild.7/activity")

    assert [item["object"]["address"] for item in items] == [  # type: ignore[index]
        f"{second.address}/config.json",
        second.address,
    ]


def test_an_edit_names_what_changed_and_never_what_it_held(registry: Registry, make: Make, api: Api) -> None:
    """`changed` holds the fields whose values differ; the texts themselves are for readers of the log."""
    owner = make.owner()
    model = make.model(owner)
    make.edit(model, reason="The old text was wrong.", description="A secret after.", risk_tier="HIGH")

    answer = api.as_(owner).get(f"/api/v1/models/{model.address}/activity")

    newest = answer.json()["items"][0]
    assert newest["changed"] == ["description", "riskTier"]
    assert newest["reason"] == "The old text was wrong."
    assert "secret" not in answer.text
    assert "hmac" not in answer.text


def test_reads_downloads_and_refusals_are_no_activity(make: Make, api: Api) -> None:
    """Looking at a model, fetching a file, and trying what one may not: none of it stands in the list."""
    owner, stranger = make.owner(), make.owner()
    model = make.model(owner)
    version = make.version(model, owner)
    make.file(version, owner)
    route = f"/api/v1/models/{model.address}/versions"
    link = api.as_(owner).post(f"{route}/1.0.0/artifacts/model.safetensors/links", json={}).json()
    api.anonymous.get(link["url"])
    assert api.as_(stranger).post(route, json={"version": "9.0.0"}).status_code == 403

    items = read(api.as_(owner), f"/models/{model.address}/activity")

    assert [item["action"] for item in items] == ["artifact.upload", "version.create", "model.create"]


def test_what_a_stranger_may_not_see_is_not_there(make: Make, api: Api) -> None:
    """Of a RESTRICTED model a stranger finds nothing: not in the list, not by its address, not by its version's."""
    owner, stranger = make.owner(), make.owner()
    model = make.model(owner, visibility="RESTRICTED")
    version = make.version(model, owner)
    make.file(version, owner)
    client = api.as_(stranger)

    shown = client.get("/api/v1/activity", params={"limit": 200})
    of_model = client.get(f"/api/v1/models/{model.address}/activity")
    of_version = client.get(f"/api/v1/models/{model.address}/versions/1.0.0/activity")

    assert model.group not in shown.text
    assert (of_model.status_code, of_version.status_code) == (404, 404)
    assert model.group in api.as_(owner).get("/api/v1/activity", params={"limit": 200}).text
    assert model.group in api.as_(make.person(Role.AUDITOR)).get("/api/v1/activity", params={"limit": 200}).text


def test_a_stranger_follows_no_model_by_its_cursor(make: Make, api: Api) -> None:
    """A cursor of one list opens no other."""
    owner = make.owner()
    model = make.model(owner)
    make.version(model, owner)
    client = api.as_(owner)
    cursor = client.get(f"/api/v1/models/{model.address}/activity", params={"limit": 1}).json()["nextCursor"]

    answer = client.get("/api/v1/activity", params={"cursor": cursor})

    assert answer.status_code == 400


def test_nobody_signed_in_sees_nothing(make: Make, api: Api) -> None:
    """All three lists ask who is there."""
    version = make.version()

    for path in ("/activity", f"/models/{version.model}/activity", f"/models/{version.model}/versions/1.0.0/activity"):
        assert api.anonymous.get(f"/api/v1{path}").status_code == 401


def test_every_event_that_is_activity_is_in_the_index_once(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """Of all allowed events, those that ACTIONS calls activity, each once, in the log's order; and no other."""
    owner = fresh_make.owner()
    for visibility in ("INTERNAL", "RESTRICTED"):
        model = fresh_make.model(owner, visibility=visibility)
        fresh_make.file(fresh_make.version(model, owner), owner)
        fresh_make.edit(model, description="Another text.")
        fresh_api.as_(fresh_make.owner()).post(f"/api/v1/models/{model.address}/versions", json={"version": "2.0.0"})

    indexed = [row.sequence for row in fresh_registry.look("SELECT sequence FROM activity ORDER BY sequence")]

    events = fresh_make.events()
    assert indexed == [e.sequence for e in events if e.outcome == "ALLOWED" and ACTIONS[e.action].is_activity]
    assert len(indexed) == 8
    assert {event.outcome for event in events} == {"ALLOWED", "REFUSED"}


def test_reindex_writes_the_same_lists_from_the_log(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """What was lost or spoilt in the index comes back as it was."""
    owner = fresh_make.owner()
    model = fresh_make.model(owner)
    fresh_make.file(fresh_make.version(model, owner), owner)
    rows = "SELECT sequence, model_id, version_id FROM activity ORDER BY sequence"
    before = fresh_registry.look(rows)
    fresh_registry.tamper("DELETE FROM activity WHERE version_id IS NULL")
    fresh_registry.tamper("UPDATE activity SET model_id = 77")

    LONG_OPERATIONS["admin.reindex"](fresh_registry.house, {}, lambda _: None)

    assert fresh_registry.look(rows) == before
    assert len(before) == 3


@pytest.mark.parametrize("kind_of_object", sorted({a.object_kind for a in ACTIONS.values() if a.is_activity}))
def test_every_activity_leads_to_a_model(kind_of_object: str) -> None:
    """An action that is activity is about a kind of object whose model the index can find."""
    assert kind_of_object in SUBJECTS


def test_a_list_costs_the_same_however_long_it_is(registry: Registry, make: Make, api: Api) -> None:
    """Who is asking, the model with its owners, the page, the reasons: four statements for one item or a hundred."""
    owner = make.owner()
    model = make.model(owner)
    costs = []

    for edits in (3, 6):
        for number in range(edits):
            make.edit(model, reason="Again.", tags=[f"edit-{edits}-{number}"])
        client = api.as_(owner)
        path = f"/api/v1/models/{model.address}/activity"
        client.get(path)
        with counted() as statements:
            answer = client.get(path)
        assert answer.status_code == 200
        costs.append(len(statements))

    assert costs == [4, 4]
