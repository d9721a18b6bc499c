"""Lineage items of a version, through the API."""

from typing import Any

from tests.support.addresses import page_of, route_of
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import controls
from tests.support.problems import fields_at_fault, refusal

_EACH: tuple[dict[str, Any], ...] = (
    {"kind": "DATASET", "name": "churn-events", "version": "2026-02", "uri": "s3://data/churn/", "role": "TRAINING",
     "sha256": "ab" * 32, "sizeBytes": 12_000, "personalData": "YES"},
    {"kind": "DATASET", "name": "churn-events", "version": "2026-02", "role": "TEST"},
    {"kind": "FEATURE_PIPELINE", "name": "features", "uri": "git+ssh://git@example.com/f.git", "commitSha": "abcdef1"},
    {"kind": "COMMIT", "repositoryUrl": "https://git.example.com/churn", "commitSha": "0123456789abcdef"},
    {"kind": "TRAINING_SCRIPT", "name": "train.py", "uri": "git:train.py"},
    {"kind": "PREPROCESSING", "name": "prepare.py", "uri": "git:prepare.py"},
    {"kind": "BASE_MODEL", "uri": "hf:org/name"},
    {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r1", "url": "https://mlflow.example.com/r1"},
    {"kind": "CONSUMER", "name": "billing", "url": "https://billing.example.com"},
)  # fmt: skip


def test_every_kind_of_item_is_added_listed_and_removed(make: Make, api: Api) -> None:
    """Each kind of item is kept as it was told, listed in the order of kinds, and gone once it is removed."""
    version = make.version()
    owner = api.as_(make.owner_of(version))
    where = f"{route_of(version)}/lineage"
    for told in _EACH:
        answer = owner.post(where, json=told)
        assert answer.status_code == 201, answer.text
        assert answer.json().items() >= told.items()
        assert owner.get(answer.headers["location"]).json() == answer.json()
    listed = owner.get(f"{where}/items").json()["items"]
    assert [told["kind"] for told in _EACH] == [item["kind"] for item in listed]
    assert "dataset:churn-events@2026-02" == listed[0]["node"] == listed[1]["node"]
    for item in listed:
        assert owner.delete(f"{where}/items/{item['id']}").status_code == 204
    assert [] == owner.get(f"{where}/items").json()["items"]


def test_the_training_dataset_and_base_model_are_the_metadatas(make: Make, api: Api) -> None:
    """Writing the item writes the metadata, writing the metadata writes the item, and each stands once."""
    base = make.version()
    version = make.version()
    owner, where = api.as_(make.owner_of(version)), route_of(version)
    dataset = {"name": "churn-events", "version": "2026-02"}
    owner.post(f"{where}/lineage", json={"kind": "DATASET", "role": "TRAINING", **dataset})
    owner.post(f"{where}/lineage", json={"kind": "BASE_MODEL", "model": base.model, "version": base.version})
    metadata = owner.get(where).json()["metadata"]
    assert (dataset, {"model": base.model, "version": base.version}) == (
        metadata["trainingDataset"], metadata["baseModel"],
    )  # fmt: skip

    second = {"kind": "DATASET", "role": "TRAINING", "name": "second", "version": "1", "uri": "s3://second"}
    assert owner.post(f"{where}/lineage", json=second).json()["source"] == "API"
    patch = {"metadata": {"trainingDataset": {"name": "second", "version": "1", "uri": None}, "baseModel": None}}
    answer = owner.patch(where, json=patch)
    assert answer.status_code == 200, answer.text
    items = owner.get(f"{where}/lineage/items").json()["items"]
    assert [("training-dataset", "second", "s3://second")] == [(i["id"], i["name"], i["uri"]) for i in items]


_SHA = "0123456789abcdef"
_WRONG: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"kind": "DATASET"}, {"name", "version", "role"}),
    ({"kind": "DATASET", "name": " ", "version": "1", "role": "TEST"}, {"name"}),
    ({"kind": "DATASET", "name": "a\0", "version": "1\n2", "role": "TEST"}, {"name", "version"}),
    ({"kind": "DATASET", "name": "a" * 201, "version": "1", "role": "TEST", "uri": "x" * 2_001}, {"name", "uri"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "training"}, {"role"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "sha256": "xyz"}, {"sha256"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "sizeBytes": -1}, {"sizeBytes"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "sizeBytes": 2**53}, {"sizeBytes"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "sizeBytes": "9"}, {"sizeBytes"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "sizeBytes": True}, {"sizeBytes"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "personalData": "MAYBE"}, {"personalData"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "url": "https://a.example"}, {"url"}),
    ({"kind": "DATASET", "name": "a", "version": "1", "role": "TEST", "owner": "b"}, {"owner"}),
    ({"kind": "COMMIT", "commitSha": "xyz"}, {"commitSha", "repositoryUrl"}),
    ({"kind": "COMMIT", "commitSha": _SHA, "repositoryUrl": "javascript:alert(1)"}, {"repositoryUrl"}),
    ({"kind": "COMMIT", "commitSha": _SHA, "repositoryUrl": "https://a:b@git.example.com"}, {"repositoryUrl"}),
    ({"kind": "BASE_MODEL"}, {"model"}),
    ({"kind": "BASE_MODEL", "model": "a/b"}, {"version"}),
    ({"kind": "BASE_MODEL", "version": "1.0.0"}, {"model"}),
    ({"kind": "BASE_MODEL", "model": "a/b", "version": "1.0.0", "uri": "hf:a"}, {"uri"}),
    ({"kind": "BASE_MODEL", "model": "ab", "version": "one"}, {"model", "version"}),
    ({"kind": "TRAINING_RUN", "system": "mlflow"}, {"runId"}),
    ({"kind": "TRAINING_RUN", "system": "mlflow", "runId": "1", "url": "ftp://a.example"}, {"url"}),
    ({"kind": "TRAINING_SCRIPT", "name": "a"}, {"uri"}),
    ({"kind": "CONSUMER", "name": "a\u202eb"}, {"name"}),
    ({"kind": "SOMETHING", "name": "a"}, {"kind"}),
    ({"name": "a"}, {"kind"}),
)  # fmt: skip


def test_each_field_at_fault_is_named(make: Make, api: Api) -> None:
    """Lengths, control characters, links, digests, numbers, choices and keys that a kind has not: each by its field."""
    version = make.version()
    owner, where = api.as_(make.owner_of(version)), f"{route_of(version)}/lineage"
    for told, fields in _WRONG:
        assert fields_at_fault(owner.post(where, json=told)) == fields, told
    assert [] == owner.get(f"{where}/items").json()["items"]


def test_what_is_told_already_is_a_conflict_in_clear_words(make: Make, api: Api) -> None:
    """The same thing is not told twice, whatever else is said of it; a dataset may be told in another role."""
    version = make.version(make.model(repository_url="https://git.example.com/churn"), commit_sha=_SHA)
    owner, where = api.as_(make.owner_of(version)), f"{route_of(version)}/lineage"
    dataset = {"kind": "DATASET", "name": "churn-events", "version": "2026-02", "role": "TRAINING"}
    for told in (dataset, dataset | {"role": "TEST"}, {"kind": "CONSUMER", "name": "billing"}):
        assert owner.post(where, json=told).status_code == 201
        again = owner.post(where, json=told | {"uri": None})
        assert (refusal(again), "told already" in again.text) == ((409, "conflict"), True)
    more = owner.post(where, json=dataset | {"uri": "s3://data", "personalData": "NO"})
    assert (more.status_code, more.json()["id"], more.json()["personalData"]) == (201, "training-dataset", "NO")
    other = owner.post(where, json=dataset | {"uri": "s3://elsewhere"})
    assert (refusal(other), "another uri" in other.text) == ((409, "conflict"), True)
    own = owner.post(where, json={"kind": "COMMIT", "commitSha": _SHA.upper(),
                                  "repositoryUrl": "https://git.example.com/churn/"})  # fmt: skip
    assert (refusal(own), "own commit" in own.text) == ((409, "conflict"), True)
    assert refusal(owner.delete(f"{where}/items/commit")) == (409, "conflict")


def test_lineage_is_told_by_those_who_may_write(make: Make, api: Api) -> None:
    """Owners and collaborators with WRITE; others are told whom to ask, and who sees no model is told of none."""
    version = make.version(make.model(visibility="RESTRICTED"))
    owner, where = api.as_(make.owner_of(version)), f"{route_of(version)}/lineage"
    writer, reader, stranger = make.person(), make.person(), make.person()
    for guest, access in ((writer, "WRITE"), (reader, "READ")):
        owner.put(f"/api/v1/models/{version.model}/collaborators/{guest.email}", json={"access": access})
    told = {"kind": "CONSUMER", "name": "billing"}

    assert refusal(api.as_(stranger).post(where, json=told)) == (404, "not_found")
    assert refusal(api.as_(stranger).get(f"{where}/items")) == (404, "not_found")
    assert refusal(api.as_(reader).post(where, json=told)) == (403, "not_permitted")
    made = api.as_(writer).post(where, json=told)
    assert made.status_code == 201
    assert refusal(api.as_(reader).delete(made.headers["location"])) == (403, "not_permitted")
    assert made.json() == api.as_(reader).get(made.headers["location"]).json()
    assert made.json()["addedBy"] == writer.email
    assert api.as_(writer).delete(made.headers["location"], params={"reason": "Gone."}).status_code == 204


def test_forms_keep_what_they_have_no_control_for(make: Make, api: Api) -> None:
    """An edit of the URI in the form leaves digest, size and personal data of the dataset; naming another does not."""
    known = {"name": "a", "version": "1", "uri": "s3://a", "sha256": "ab" * 32, "sizeBytes": 5, "personalData": "YES"}
    version = make.version(metadata={"trainingDataset": known})
    browser = api.browser(make.owner_of(version))
    place, control = f"{page_of(version)}/edit", "metadata.trainingDataset"

    browser.submit(place, controls(browser.get(place).text) | {f"{control}.uri": "s3://b"})
    after = browser.get(route_of(version)).json()["metadata"]["trainingDataset"]
    browser.submit(place, controls(browser.get(place).text) | {f"{control}.name": "b"})

    assert after == known | {"uri": "s3://b"}
    named = browser.get(route_of(version)).json()["metadata"]["trainingDataset"]
    assert named == {"name": "b", "version": "1", "uri": "s3://b"}


def test_a_version_takes_lineage_over_from_the_one_that_it_begins_from(make: Make, api: Api) -> None:
    """Data, pipelines, programs and bases come along; commits, runs and consumers do not; nothing stands twice."""
    version = make.version(metadata={"trainingDataset": {"name": "first", "version": "1"}})
    owner, where = api.as_(make.owner_of(version)), f"{route_of(version)}/lineage"
    for told in _EACH:
        assert owner.post(where, json=told).status_code == 201
    second = {"trainingDataset": {"name": "churn-events", "version": "2026-02"}}

    made = owner.post(f"/api/v1/models/{version.model}/versions",
                      json={"version": "1.1.0", "from": "1.0.0", "metadata": second})  # fmt: skip

    assert made.status_code == 201, made.text
    items = owner.get(f"/api/v1/models/{version.model}/versions/1.1.0/lineage/items").json()["items"]
    assert [("DATASET", "VERSION"), ("DATASET", "CARRIED"), ("FEATURE_PIPELINE", "CARRIED"),
            ("TRAINING_SCRIPT", "CARRIED"), ("PREPROCESSING", "CARRIED"), ("BASE_MODEL", "VERSION")] == [
        (item["kind"], item["source"]) for item in items
    ]  # fmt: skip
