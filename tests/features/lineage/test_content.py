"""Lineage that says how a version was made is its content: frozen with it, under its digest, and checked by it."""

from modelkeep_server.features.promotion import contents
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.kit import canonical
from modelkeep_server.rules.permissions import Role
from tests.support.addresses import page_of, route_of
from tests.support.clients import Api
from tests.support.lineage import add_item
from tests.support.make import Make
from tests.support.pages import words_of
from tests.support.problems import refusal
from tests.support.promoting import begin_life
from tests.support.registries import Registry

_RUN = {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r1"}
_CONSUMER = {"kind": "CONSUMER", "name": "billing"}


def test_what_a_version_was_made_from_is_frozen_and_consumers_come_and_go(make: Make, api: Api) -> None:
    """From submission on nothing is added or removed of it, until changes are requested; consumers at any time."""
    life = begin_life(make, api)
    owner = life.cast.owner
    run = life.post("/lineage", owner, **_RUN).json()["id"]
    for state, status in (("DRAFT", 201), ("SUBMITTED", 409), ("CHANGES_REQUESTED", 201), ("STAGING", 409)):
        if state == "STAGING":
            life.ask()
        if state != "DRAFT":
            life.reach(state)
        made = life.post("/lineage", owner, **{**_RUN, "runId": state})
        used = life.post("/lineage", owner, **{**_CONSUMER, "name": state})
        assert (made.status_code, used.status_code) == (status, 201), made.text
        assert api.as_(owner).delete(used.headers["location"]).status_code == 204
        if status == 409:
            assert refusal(made) == (409, "state_forbids")
            for item in (run, "training-dataset"):
                assert refusal(api.as_(owner).delete(f"{life.base}/lineage/items/{item}")) == (409, "state_forbids")
    life.reach("RETIRED")
    assert life.post("/lineage", owner, **_CONSUMER).status_code == 201


def test_a_closed_version_keeps_its_lineage_and_a_retired_model_too(make: Make, api: Api) -> None:
    """What was closed can be reopened to change it; of a retired model not even consumers change."""
    life = begin_life(make, api)
    life.post("/close", life.cast.owner, reason="Enough.")

    refused = life.post("/lineage", life.cast.owner, **_RUN)
    used = life.post("/lineage", life.cast.owner, **_CONSUMER)
    told = {"reason": "Over."}
    ended = api.as_(life.cast.admin).post(f"/api/v1/models/{life.version.model}/retire", json=told)

    assert (refusal(refused), "Reopen it" in refused.text) == ((409, "state_forbids"), True)
    assert (used.status_code, ended.status_code) == (201, 200), ended.text
    assert refusal(life.post("/lineage", life.cast.owner, **{**_CONSUMER, "name": "b"})) == (409, "state_forbids")
    assert refusal(api.as_(life.cast.owner).delete(used.headers["location"])) == (409, "state_forbids")


def test_the_digest_is_over_the_lineage_beside_the_fields_and_as_before_without(
    registry: Registry, make: Make, api: Api
) -> None:
    """
    A document without items is the one that earlier releases froze, byte by byte; with them it says so, in an order
    that adding them does not decide; consumers are not in it.
    """
    plain = make.version(commit_sha="abcdef1", metadata={"trainingDataset": {"name": "a", "version": "1"}})
    owner = make.owner_of(plain)
    group, _, name = plain.model.partition("/")

    def document() -> dict[str, object]:
        with registry.reading() as work:
            return contents.read_content(work, version_queries.get_version(work, owner.actor, group, name, "1.0.0"))

    before = document()
    add_item(registry, owner, plain, "CONSUMER", {"name": "billing"})
    as_it_was = {
        "schema": 1, "model": plain.model, "version": "1.0.0", "commitSha": "abcdef1", "trainingJobId": None,
        "description": None, "metadata": {"trainingDataset": {"name": "a", "version": "1"}}, "artifacts": [],
    }  # fmt: skip
    assert canonical.dumps(before) == canonical.dumps(document()) == canonical.dumps(as_it_was)
    add_item(registry, owner, plain, "TRAINING_RUN", {"system": "mlflow", "runId": "2"})
    add_item(registry, owner, plain, "TRAINING_RUN", {"system": "mlflow", "runId": "1"})
    runs = [{"kind": "TRAINING_RUN", "system": "mlflow", "runId": number} for number in "12"]
    assert canonical.dumps(document()) == canonical.dumps(as_it_was | {"schema": 2, "lineage": runs})


def test_lineage_changed_by_hand_stops_the_decision(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """An item that was edited, taken off or slipped in behind the registry's back is named, and nothing moves."""
    here = "version_id = (SELECT max(id) FROM versions)"
    for statement in (
        f"""UPDATE lineage_items SET facts = '{{"runId":"r2","system":"mlflow"}}' WHERE {here}""",
        f"UPDATE lineage_items SET removed_at = 5 WHERE {here}",
        f"DELETE FROM lineage_items WHERE {here}",
        (
            "INSERT INTO lineage_items (public_id, version_id, kind, facts, source, added_by, added_at, salt) "
            "SELECT 'x' || (SELECT count(*) FROM lineage_items), version_id, kind, facts, source, added_by, added_at, "
            f"salt FROM lineage_items WHERE {here}"
        ),
    ):
        life = begin_life(fresh_make, fresh_api)
        life.post("/lineage", life.cast.owner, **_RUN)
        life.reach("SUBMITTED")
        digest = life.latest["digest"]
        assert fresh_registry.tamper(statement) == 1
        refused = life.decide(life.cast.mrc, digest=digest)
        assert refusal(refused) == (409, "integrity"), refused.text
        assert life.state == "SUBMITTED"


def test_whoever_told_the_lineage_decides_nothing(make: Make, api: Api) -> None:
    """Saying what a version was made from is working on it."""
    life = begin_life(make, api)
    helper = make.person(Role.MRC)
    where = f"/api/v1/models/{life.version.model}/collaborators/{helper.email}"
    assert api.as_(life.cast.owner).put(where, json={"access": "WRITE"}).status_code == 201
    assert life.post("/lineage", helper, **_RUN).status_code == 201
    life.reach("SUBMITTED")

    assert refusal(life.decide(helper)) == (403, "separation_of_duties")


def test_a_stale_edit_is_told_of_the_lineage_that_was_written_through(make: Make, api: Api) -> None:
    """An item that is written to the metadata makes a new revision, and whoever edits an older one is told of it."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    before = owner.get(route_of(version)).headers["etag"]
    told = {"kind": "DATASET", "name": "a", "version": "1", "role": "TRAINING"}
    assert owner.post(f"{route_of(version)}/lineage", json=told).status_code == 201

    stale = owner.patch(route_of(version), json={"description": "New."}, headers={"if-match": before})

    assert refusal(stale) == (412, "stale_edit")
    assert ["metadata.trainingDataset"] == [error["field"] for error in stale.json()["errors"]]


def test_changes_of_lineage_are_told_in_words(make: Make, api: Api) -> None:
    """The activity, the trail, the audit log and a comparison say what was told and taken back; the log veils it."""
    version = make.version(make.model(repository_url="https://git.example.com"))
    owner = make.owner_of(version)
    client, where = api.as_(owner), f"{route_of(version)}/lineage"
    make.version(make.model(owner), owner)
    test = {"kind": "DATASET", "name": "churn-events", "version": "2026-02", "role": "TEST", "personalData": "YES"}
    made = client.post(where, json=test)
    client.post(where, json=_RUN)
    client.delete(made.headers["location"], params={"reason": "A mistake."})
    client.post(where, json={"kind": "CONSUMER", "name": "Help desk"})
    client.post(f"/api/v1/models/{version.model}/versions", json={"version": "1.1.0", "from": "1.0.0"})

    (added, _), (removed,) = make.events(version.id, "lineage.add"), make.events(version.id, "lineage.remove")
    assert (added.after or {})["lineageKind"] == "DATASET"
    trail = words_of(api.browser(owner).get(f"{page_of(version)}/trail").text)
    activity = words_of(api.browser(owner).get(f"{page_of(version)}/activity").text)
    compared = client.get(f"/api/v1/models/{version.model}/versions/1.1.0/compare?with=1.0.0").json()
    assert "churn-events 2026-02 (test data, personal data)" in trail
    assert "A mistake." in trail
    assert "told more of the lineage of 1.0.0 : training run" in activity
    assert "took off some of the lineage of 1.0.0 : dataset" in activity
    assert "named a consumer of 1.0.0" in activity
    assert {event.role for event in make.events(version.id, "consumer.add")} == {added.role}
    assert removed.reason == "A mistake."
    changes = [(one["field"], one["label"], one["change"]) for one in compared["metadata"]]
    assert ("lineage.run:mlflow/r1", "Training run", "REMOVED") in changes
    version_page = words_of(api.browser(owner).get(f"/models/{version.model}/versions/1.1.0/compare?with=1.0.0").text)
    assert "mlflow/r1" in version_page
