"""Lineage by command and from Python, against a running registry."""

import json

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict, Invalid
from tests.client.conftest import Cli

pytestmark = pytest.mark.usefixtures("as_owner")


def test_a_pipeline_tells_where_a_version_comes_from(cli: Cli, model: str) -> None:
    """Each kind is added by command, the same is told from Python, and what is removed is gone; faults are named."""
    version = f"{model}:1.0.0"
    cli("versions", "create", version)
    empty = cli("lineage", "list", version)
    dataset = ("--name", "churn-events", "--version", "2026-02", "--role", "training", "--personal-data", "yes")

    made = cli("lineage", "add", "dataset", version, *dataset, "--size-bytes", "12000")
    run = cli("lineage", "add", "RUN", version, "--system", "mlflow", "--run-id", "r1", "--json")
    wrong = cli("lineage", "add", "commit", version, "--commit-sha", "xyz")
    unknown = cli("lineage", "add", "thing", version)
    with Client() as client:
        told = client.add_lineage(version, "BASE_MODEL", uri="hf:org/name")
        with pytest.raises(Conflict, match="told already"):
            client.add_lineage(version, "TRAINING_RUN", system="mlflow", run_id="r1")
        with pytest.raises(Invalid, match="role"):
            client.add_lineage(version, "DATASET", name="churn-events", version="1")
        items = client.list_lineage(version)
        metadata = client.get_version(version).metadata
        client.remove_lineage(version, told.id, reason="Not so.")
    removed = cli("lineage", "remove", version, json.loads(run.out)["id"])

    assert (empty.code, empty.out) == (0, "")
    assert (made.out, wrong.code, unknown.code, removed.code) == ("training-dataset\n", 1, 2, 0)
    assert "repositoryUrl" in wrong.err
    assert "commitSha" in wrong.err
    assert [("DATASET", 12_000), ("BASE_MODEL", None), ("TRAINING_RUN", None)] == [
        (item.kind, item.size_bytes) for item in items
    ]
    assert metadata["trainingDataset"]["personalData"] == "YES"
    listed = cli("lineage", "list", version)
    assert "churn-events 2026-02" in listed.out
    assert "hf:org/name" not in listed.out
    assert ["training-dataset"] == [item["id"] for item in json.loads(cli("lineage", "list", version, "--json").out)]
