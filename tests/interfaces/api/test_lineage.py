"""Lineage items of a version, through the API."""

from typing import Any

from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.make import Make

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
