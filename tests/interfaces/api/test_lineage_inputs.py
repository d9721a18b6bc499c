"""What pipelines, programs and runs took in: told, judged, drawn, and never walked over."""

from functools import partial
from typing import Any

import pytest

from modelkeep_server.features.lineage import inputs
from modelkeep_server.features.versions.views import Version
from tests.support.addresses import route_of
from tests.support.at_once import at_once
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.problems import fields_at_fault, refusal
from tests.support.promoting import begin_life
from tests.support.statements import counted

_DATA = {"kind": "DATASET", "name": "team/churn", "version": "2026-02", "role": "TRAINING"}
_DATA_NODE = "dataset:team%2Fchurn@2026-02"
_PIPELINE = {"kind": "FEATURE_PIPELINE", "name": "features", "uri": "git:features"}
_COMMIT = {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/churn", "commitSha": "0123456789abcdef"}
_RUN = {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r1"}


class _Told:
    """The lineage of one version, as its owner tells it."""

    def __init__(self, api: Api, make: Make, version: Version) -> None:
        self.client: Client = api.as_(make.owner_of(version))
        self.version = version
        self.route = f"{route_of(version)}/lineage"
        self.node = f"version:{version.model}/{version.version}"

    def add(self, told: dict[str, Any], *inputs: str) -> Any:
        return self.client.post(self.route, json={**told, **({"inputs": list(inputs)} if inputs else {})})

    def must(self, told: dict[str, Any], *inputs: str) -> dict[str, Any]:
        answer = self.add(told, *inputs)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def inputs(self) -> dict[str, list[str]]:
        items = self.client.get(f"{self.route}/items").json()["items"]
        return {item["node"]: item["inputs"] for item in items if "inputs" in item}

    def edges(self, middle: str | None = None) -> set[tuple[str, str, str]]:
        answer = self.client.get("/api/v1/lineage/graph", params={"node": middle or self.node})
        assert answer.status_code == 200, answer.text
        return {(one["from"], one["to"], one["relation"]) for one in answer.json()["edges"]}


def test_what_an_item_took_in_is_kept_and_drawn_through_it(make: Make, api: Api) -> None:
    """Dataset, pipeline, version stand in a line, and so do commit, run, version; nothing beside it is drawn twice."""
    told = _Told(api, make, make.version())
    told.must(_DATA)
    told.must({**_DATA, "name": "holdout", "role": "TEST"})
    told.must(_COMMIT)
    told.must(_PIPELINE, "dataset:team/churn@2026-02", _DATA_NODE)
    run = told.must(_RUN, "commit:0123456789ABCDEF")
    assert run["inputs"] == ["commit:0123456789abcdef"]
    assert told.inputs() == {"pipeline:git:features": [_DATA_NODE], "run:mlflow/r1": ["commit:0123456789abcdef"]}
    assert told.edges() == {
        (_DATA_NODE, "pipeline:git:features", "goes into"),
        ("pipeline:git:features", told.node, "prepares features of"),
        ("dataset:holdout@2026-02", told.node, "is data of"),
        ("commit:0123456789abcdef", "run:mlflow/r1", "goes into"),
        ("run:mlflow/r1", told.node, "produced"),
    }


def test_a_shared_pipeline_leads_no_data_of_one_version_to_another(make: Make, api: Api) -> None:
    """A pipeline that two versions used with other data each: what a change reaches stays apart, and so do lines."""
    owner = make.owner()
    one, other = (_Told(api, make, make.version(make.model(owner), owner)) for _ in range(2))
    own, shared = {**_DATA, "name": f"own-{one.version.id}"}, {**_PIPELINE, "uri": f"git:{one.version.id}"}
    theirs, pipeline = {**_DATA, "name": f"theirs-{one.version.id}"}, f"pipeline:git:{one.version.id}"
    for told, data in ((one, own), (other, theirs)):
        told.must(data)
        told.must(shared, f"dataset:{data['name']}@2026-02")

    def reached(name: str) -> list[str]:
        found = one.client.get("/api/v1/lineage/impact", params={"node": f"dataset:{name}@2026-02"}).json()
        return [item["model"] for item in found["items"]]

    assert (reached(own["name"]), reached(theirs["name"])) == ([one.version.model], [other.version.model])
    assert (f"dataset:{own['name']}@2026-02", pipeline, "goes into") in one.edges()
    other.must({"kind": "BASE_MODEL", "model": one.version.model, "version": one.version.version})
    around = other.edges()
    assert (f"dataset:{own['name']}@2026-02", one.node, "is data of") in around
    assert (f"dataset:{theirs['name']}@2026-02", other.node, "is data of") in around
    assert "goes into" not in {relation for _, _, relation in around}


def test_inputs_at_fault_are_named_with_what_there_is(make: Make, api: Api) -> None:
    """What is not there, what uses the version, itself, a ring through three, and what is no list of ids."""
    told = _Told(api, make, make.version())
    first = told.add(_PIPELINE, "dataset:nothing@1")
    assert (fields_at_fault(first), "Tell what it took in first" in first.text) == ({"inputs"}, True)
    told.must(_DATA)
    told.must({"kind": "CONSUMER", "name": "billing"})
    for wrong in ("dataset:nothing@1", "consumer:billing", "training-dataset", "\u202e", "version:a/b/1.0.0"):
        answer = told.add(_PIPELINE, _DATA_NODE, wrong)
        assert (fields_at_fault(answer), _DATA_NODE in answer.text) == ({"inputs"}, True), wrong
    itself = told.add(_PIPELINE, "pipeline:git:features")
    assert (fields_at_fault(itself), "itself" in itself.text) == ({"inputs"}, True)
    for odd in ("a", [1], [""], [None], {"a": 1}, [_DATA_NODE] * 501, ["a\0"]):
        assert fields_at_fault(told.client.post(told.route, json={**_PIPELINE, "inputs": odd})), odd
    assert fields_at_fault(told.add(_COMMIT, _DATA_NODE)) == {"inputs"}
    assert told.inputs() == {}

    script = {"kind": "TRAINING_SCRIPT", "name": "a", "uri": "git:a"}
    removed = told.must(script)["id"]
    told.must(_PIPELINE, "script:git:a")
    told.must(_RUN, "pipeline:git:features")
    told.client.delete(f"{told.route}/items/{removed}")
    ring = told.add(script, "run:mlflow/r1")
    assert (fields_at_fault(ring), "a → features → mlflow/r1 → a" in ring.text) == ({"inputs"}, True)
    told.must(script)
    again = told.add(script, "run:mlflow/r1")
    assert fields_at_fault(again) == {"inputs"}


def test_more_of_what_an_item_took_in_is_added_when_it_is_told_again(make: Make, api: Api) -> None:
    """The same item with more inputs has them all; with nothing new, or with another name, it is told already."""
    told = _Told(api, make, make.version(training_job_id="j7"))
    told.must(_DATA)
    told.must(_COMMIT)
    item = told.must(_PIPELINE, _DATA_NODE)
    more = told.must(_PIPELINE, "commit:0123456789abcdef")
    assert (more["id"], more["inputs"]) == (item["id"], ["commit:0123456789abcdef", _DATA_NODE])
    for again in (told.add(_PIPELINE, _DATA_NODE), told.add({**_PIPELINE, "name": "b"}, _DATA_NODE)):
        assert refusal(again) == (409, "conflict")
    job = told.must({"kind": "TRAINING_RUN", "system": "job", "runId": "j7"}, _DATA_NODE)
    assert job["source"] == "API"
    assert set(told.inputs()) == {"pipeline:git:features", "run:job/j7"}


def test_what_is_taken_off_goes_out_of_inputs_and_comes_back_with_itself(make: Make, api: Api) -> None:
    """The items, the graph and the content are without it, whichever way it went, until it is told again."""
    told = _Told(api, make, make.version())
    told.must(_DATA)
    commit = told.must(_COMMIT)["id"]
    told.must(_PIPELINE, _DATA_NODE, "commit:0123456789abcdef")
    told.client.delete(f"{told.route}/items/{commit}")
    assert told.inputs() == {"pipeline:git:features": [_DATA_NODE]}
    told.client.patch(route_of(told.version), json={"metadata": {"trainingDataset": None}})
    assert told.inputs() == {}
    assert told.edges() == {("pipeline:git:features", told.node, "prepares features of")}
    told.must(_DATA)
    assert told.inputs() == {"pipeline:git:features": [_DATA_NODE]}


def test_a_version_that_begins_from_another_keeps_what_its_items_took_in(make: Make, api: Api) -> None:
    """As far as the new version has the same: other data of its own takes the place of none."""
    told = _Told(api, make, make.version())
    told.must(_DATA)
    told.must({**_DATA, "name": "second"})
    told.must(_COMMIT)
    told.must(_PIPELINE, _DATA_NODE, "dataset:second@2026-02", "commit:0123456789abcdef")
    versions = f"/api/v1/models/{told.version.model}/versions"
    for number, metadata in (("1.1.0", {}), ("1.2.0", {"trainingDataset": {"name": "third", "version": "1"}})):
        made = told.client.post(versions, json={"version": number, "from": "1.0.0", "metadata": metadata})
        assert made.status_code == 201, made.text
    items = {
        number: told.client.get(f"{versions}/{number}/lineage/items").json()["items"] for number in ("1.1.0", "1.2.0")
    }
    kept = {number: [item["inputs"] for item in found if "inputs" in item] for number, found in items.items()}
    assert kept == {"1.1.0": [["dataset:second@2026-02", _DATA_NODE]], "1.2.0": [["dataset:second@2026-02"]]}


def test_inputs_are_frozen_with_the_version(make: Make, api: Api) -> None:
    """They stand in the frozen content, and nothing is added to them once a promotion is requested."""
    life = begin_life(make, api)
    owner = life.cast.owner
    data = api.as_(owner).get(f"{life.base}/lineage/items").json()["items"][0]["node"]
    assert life.post("/lineage", owner, **_PIPELINE, inputs=[data]).status_code == 201
    assert life.post("/lineage", owner, **_RUN).status_code == 201
    life.ask()
    life.reach("SUBMITTED")
    assert refusal(life.post("/lineage", owner, **_RUN, inputs=[data])) == (409, "state_forbids")
    life.reach("STAGING")


def test_a_hidden_base_model_is_no_input_that_others_learn_of(make: Make, api: Api) -> None:
    """Who does not see the model finds it in no inputs, of items or of the graph, and cannot name it."""
    base = make.version(make.model(visibility="RESTRICTED"))
    version = make.version(make.model(make.owner_of(base)))
    told = _Told(api, make, version)
    told.must({"kind": "BASE_MODEL", "model": base.model, "version": base.version})
    told.must(_DATA)
    told.must(_RUN, f"version:{base.model.upper()}/{base.version}", _DATA_NODE)
    seen = api.as_(make.person())
    assert sorted(told.inputs()["run:mlflow/r1"]) == [_DATA_NODE, f"version:{base.model}/{base.version}"]
    for place in (
        f"{told.route}/items",
        f"/api/v1/lineage/graph?node={told.node}",
        "/api/v1/lineage/nodes?q=run:r1",
        "/api/v1/lineage/graph?node=run:mlflow/r1",
    ):
        answer = seen.get(place)
        assert (answer.status_code, base.model in answer.text) == (200, False), place


def test_what_a_version_takes_in_is_bounded(make: Make, api: Api) -> None:
    """Hundreds of inputs are kept and drawn; beyond the most of a version one is told so, and nothing is written."""
    told = _Told(api, make, make.version())
    facets = {"version": {"datasetVersion": "1"}, "modelkeep": {"role": "TEST"}}
    event = {
        "eventType": "COMPLETE", "job": {"namespace": "airflow", "name": "train"},
        "inputs": [{"namespace": "s3://data", "name": f"shard-{number}", "facets": facets} for number in range(390)],
        "outputs": [{"namespace": "modelkeep", "name": told.version.address}],
    }  # fmt: skip
    answers = [
        told.client.post("/api/v1/lineage/openlineage", json={**event, "run": {"runId": f"r-{number}"}})
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [201] * 5 + [422]
    assert "take in 2,340 things; at most 2,000" in answers[-1].text
    assert [len(inputs) for inputs in told.inputs().values()] == [390] * 5
    edges = told.edges()
    assert sum(relation == "goes into" for _, _, relation in edges) == 390 * 5
    assert {end for _, end, relation in edges if relation == "is data of"} == set()


def test_two_who_tell_at_once_close_no_ring(make: Make, api: Api) -> None:
    """Each is told against what stands by then: one of two programs that take each other in is refused."""
    told = _Told(api, make, make.version())
    scripts = [{"kind": "TRAINING_SCRIPT", "name": name, "uri": f"git:{name}"} for name in "ab"]
    for script in scripts:
        told.must(script)
    answers = at_once(partial(told.add, scripts[0], "script:git:b"), partial(told.add, scripts[1], "script:git:a"))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert len(told.inputs()) == 1


def test_who_edited_a_field_last_told_what_stands_in_it(make: Make, api: Api) -> None:
    """Of the training dataset, the base model, the commit and the job: each by its own last edit, and no other one."""
    version = make.version(training_job_id="j1", metadata={"trainingDataset": {"name": "a", "version": "1"}})
    owner, second = make.owner_of(version), make.person()
    place = route_of(version)
    api.as_(owner).put(f"/api/v1/models/{version.model}/collaborators/{second.email}", json={"access": "WRITE"})
    api.as_(second).patch(place, json={"commitSha": "abcdef1", "description": 'Not "metadata.trainingDataset": this.'})
    api.as_(second).post(f"{place}/lineage", json={"kind": "BASE_MODEL", "uri": "hf:a"})
    api.as_(owner).patch(place, json={"metadata": {"custom": {"note": "Later."}}})
    found = api.as_(owner).get(f"{place}/lineage/items").json()["items"]
    by = {
        "training-dataset": owner.email,
        "base-model": second.email,
        "commit": second.email,
        "training-job": owner.email,
    }
    assert {item["id"]: item["addedBy"] for item in found} == by
    assert all(item["addedAt"] for item in found)
    told = api.as_(second).post(f"{place}/lineage", json={**_DATA, "name": "a", "version": "1", "personalData": "NO"})
    assert (told.json()["id"], told.json()["addedBy"]) == ("training-dataset", second.email)
    assert api.as_(owner).get(f"{place}/lineage/items/training-dataset").json() == told.json()


def test_lines_lead_on_past_kinds_that_are_not_shown(make: Make, api: Api) -> None:
    """Without code, the data of a run leads to the version; the exported picture says so in the words of before."""
    told = _Told(api, make, make.version())
    told.must(_DATA)
    told.must({"kind": "TRAINING_SCRIPT", "name": "a", "uri": "git:a"}, _DATA_NODE)
    told.must(_RUN, "script:git:a")
    browser = api.browser(make.owner_of(told.version))
    page = f"/models/{told.version.model}/versions/{told.version.version}/lineage/export"
    found = {
        kinds: browser.get(f"{page}?format=json&{kinds}").json()["edges"]
        for kinds in ("kinds=DATA&kinds=MODELS", "kinds=CODE&kinds=MODELS", "")
    }
    lines = {kinds: {(one["from"], one["to"], one["relation"]) for one in edges} for kinds, edges in found.items()}
    run = ("run:mlflow/r1", told.node, "produced")
    assert lines["kinds=DATA&kinds=MODELS"] == {(_DATA_NODE, told.node, "is data of")}
    assert lines["kinds=CODE&kinds=MODELS"] == {("script:git:a", "run:mlflow/r1", "goes into"), run}
    assert lines[""] == {
        (_DATA_NODE, "script:git:a", "goes into"), ("script:git:a", "run:mlflow/r1", "goes into"), run,
    }  # fmt: skip


def test_a_comparison_and_a_card_say_what_went_into_what(make: Make, api: Api) -> None:
    """An item with other inputs is another one in a comparison; the card names who prepared a dataset."""
    told = _Told(api, make, make.version())
    told.must(_DATA)
    told.must(_PIPELINE)
    versions = f"/api/v1/models/{told.version.model}/versions"
    told.client.post(versions, json={"version": "1.1.0", "from": "1.0.0", "metadata": {}})
    item = {**_PIPELINE, "inputs": [_DATA_NODE]}
    assert told.client.post(f"{versions}/1.1.0/lineage", json=item).status_code == 201
    compared = told.client.get(f"{versions}/1.1.0/compare", params={"with": "1.0.0"}).json()
    assert ("lineage.pipeline:git:features", "CHANGED") in [
        (one["field"], one["change"]) for one in compared["metadata"]
    ]
    page = api.browser(make.owner_of(told.version)).get(
        f"/models/{told.version.model}/versions/1.1.0/compare?with=1.0.0"
    )
    assert f"takes in {_DATA_NODE}" in page.text
    assert told.client.post(f"{versions}/1.1.0/card").status_code == 201
    card = told.client.get(f"{versions}/1.1.0/card?revision=draft&format=json").text
    assert '"Prepared by"' in card
    assert told.client.post(f"{versions}/1.0.0/card").status_code == 201
    assert '"Prepared by"' not in told.client.get(f"{versions}/1.0.0/card?revision=draft&format=json").text


def test_a_run_that_is_told_again_has_all_that_it_read(make: Make, api: Api) -> None:
    """A later event of the same run adds what is new to it, also where somebody told the run by hand."""
    told = _Told(api, make, make.version())
    told.must({**_RUN, "system": "airflow", "url": "https://airflow.example.com/r1"})

    def send(*names: str) -> Any:
        facets = {"version": {"datasetVersion": "1"}, "modelkeep": {"role": "TEST"}}
        event = {
            "eventType": "COMPLETE", "run": {"runId": "r1"}, "job": {"namespace": "airflow", "name": "train"},
            "inputs": [{"namespace": "s3://data", "name": name, "facets": facets} for name in names],
            "outputs": [{"namespace": "modelkeep", "name": told.version.address}],
        }  # fmt: skip
        answer = told.client.post("/api/v1/lineage/openlineage", json=event)
        assert answer.status_code == 201, answer.text
        (found,) = answer.json()["versions"]
        return [item["node"] for item in found["added"]], found["known"]

    run = "run:airflow/r1"
    assert send("a") == (["dataset:a@1", run], 0)
    assert send("a") == ([], 2)
    assert send("b", "a", "b") == (["dataset:b@1", run], 2)
    assert send("b") == ([], 2)
    assert send() == ([], 1)
    assert told.inputs() == {run: ["dataset:a@1", "dataset:b@1"]}
    items = told.client.get(f"{told.route}/items").json()["items"]
    assert [item["url"] for item in items if item["node"] == run] == ["https://airflow.example.com/r1"]


def test_who_puts_back_at_once_puts_back_once(make: Make, api: Api) -> None:
    """Two who press Undo, one who tells it anew, and one who takes off what it took in: the item stands once."""
    told = _Told(api, make, make.version())
    owner = make.owner_of(told.version)
    told.must(_DATA)
    tab = f"/models/{told.version.model}/versions/1.0.0/lineage"
    for _ in range(3):
        item = told.must(_PIPELINE, _DATA_NODE)["id"]
        told.client.delete(f"{told.route}/items/{item}")
        answers = at_once(
            *(partial(api.browser(owner).submit, f"{tab}/removed/{item}/restore", {}) for _ in range(2)),
            partial(told.add, _PIPELINE, _DATA_NODE),
            partial(told.client.delete, f"{told.route}/items/training-dataset"),
        )
        assert all(answer.status_code in (201, 204, 303, 404, 409, 422) for answer in answers), [
            answer.text[:300] for answer in answers
        ]
        told.add(_DATA)
        items = told.client.get(f"{told.route}/items").json()["items"]
        (pipeline,) = [one for one in items if one["kind"] == "FEATURE_PIPELINE"]
        assert pipeline["inputs"] == [_DATA_NODE]
        told.client.delete(f"{told.route}/items/{pipeline['id']}")


def test_the_list_costs_the_same_however_much_stands_in_it(make: Make, api: Api) -> None:
    """Items, inputs and who told what stands in fields are three statements, with one for hidden models."""
    costs = []
    for count in (1, 12):
        told = _Told(api, make, make.version(commit_sha="abcdef1"))
        told.must(_DATA)
        for number in range(count):
            told.must({**_PIPELINE, "uri": f"git:{number}"}, _DATA_NODE)
            told.client.patch(route_of(told.version), json={"description": f"Edited {number} times."})
        told.inputs()
        with counted() as sent:
            told.inputs()
        costs.append(len(sent))
    assert costs[0] == costs[1] <= 6, costs


def test_what_was_taken_off_counts_among_what_an_item_took_in(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since it comes back with its own item; so nobody has an item grow without end, one thing told after another."""
    monkeypatch.setattr(inputs, "INPUTS_MAX", 3)
    told = _Told(api, make, make.version())
    for place in range(3):
        data = told.must({**_DATA, "name": f"d{place}", "role": "TEST"})
        told.must(_PIPELINE, data["node"])
        assert told.client.delete(f"{told.route}/items/{data['id']}").status_code == 204
    more = told.must({**_DATA, "name": "more", "role": "TEST"})
    assert fields_at_fault(told.add(_PIPELINE, more["node"])) == {"inputs"}


def test_the_ids_of_all_that_is_taken_in_are_bounded_together(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over all items of a version: each of them may be read with a graph of hundreds."""
    told = _Told(api, make, make.version())
    data = told.must({**_DATA, "role": "TEST"})
    monkeypatch.setattr(inputs, "INPUTS_CHARS", len(data["node"]) * 2 - 1)
    told.must(_PIPELINE, data["node"])
    assert fields_at_fault(told.add({**_PIPELINE, "uri": "git:other"}, data["node"])) == {"inputs"}
