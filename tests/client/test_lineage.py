"""Lineage by command and from Python, against a running registry."""

import json
from pathlib import Path

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


def test_what_went_into_what_is_told_by_command_and_from_python(cli: Cli, model: str) -> None:
    """Inputs are named by nodes, as often as there are; what is not there is named in the refusal."""
    version = f"{model}:1.0.0"
    cli("versions", "create", version)
    cli("lineage", "add", "dataset", version, "--name", "events", "--version", "1", "--role", "training")
    program = ("--name", "prepare.py", "--uri", "git:prepare.py")
    with Client() as client:
        commit = client.add_lineage(version, "COMMIT", repository_url="https://git.example.com/a", commit_sha="abcdef1")
        both = ("--input", "dataset:events@1", "--input", commit.node)
        made = cli("lineage", "add", "preprocessing", version, *program, *both, "--json")
        wrong = cli("lineage", "add", "pipeline", version, *program, "--input", "dataset:others@1")
        run = client.add_lineage(version, "TRAINING_RUN", system="mlflow", run_id="r1", inputs=[commit.node])
    assert json.loads(made.out)["inputs"] == ["commit:abcdef1", "dataset:events@1"]
    assert run.inputs == ("commit:abcdef1",)
    assert (wrong.code, "There is dataset:events@1" in wrong.err) == (1, True)


def test_the_graph_and_what_a_change_reaches_are_read_and_told(cli: Cli, model: str, tmp_path: Path) -> None:
    """A dataset is found, its graph and impact shown and exported; there is nobody to tell but who tells."""
    version, name = f"{model}:1.0.0", f"events-of-{model.replace('/', '-')}"
    cli("versions", "create", version)
    cli("lineage", "add", "dataset", version, "--name", name, "--version", "1", "--role", "training")
    node, file = f"dataset:{name}@1", tmp_path / "impact.csv"

    found = cli("lineage", "find", name)
    graph = cli("lineage", "graph", version, "--direction", "UPSTREAM", "--depth", "all")
    impact = cli("lineage", "impact", node)
    exported = cli("lineage", "impact", node, "--export", str(file))
    drawn = cli("lineage", "graph", node, "--export", str(tmp_path / "graph.svg"))
    unknown = cli("lineage", "graph", node, "--export", str(tmp_path / "graph.gif"))
    used = cli("lineage", "add", "consumer", version, "--name", "Help desk", "--url", "https://desk.example.com/")
    of_version = cli("lineage", "impact", version)
    told = cli("lineage", "tell", node, "--message", "Recalled.")
    looked = cli("lineage", "tell", node, "--preview")
    speechless = cli("lineage", "tell", node)
    wrong = cli("lineage", "graph", version, "--depth", "some")
    absent = cli("lineage", "impact", "dataset:none@1")
    with Client() as client:
        around = client.get_lineage(node, depth=1)
        reached = client.get_impact(node)
        listed = list(client.list_impact(node))
        preview = client.preview_lineage_tell(node)

    assert node in found.out
    assert "-1" in graph.out
    assert node in graph.out
    assert version in impact.out
    assert (drawn.code, (tmp_path / "graph.svg").read_text()[:4], unknown.code) == (0, "<svg", 2)
    assert (exported.code, file.read_text().splitlines()[1].split(",")[:2]) == (0, ["version", model])
    assert (used.code, told.code, wrong.code, absent.code) == (0, 1, 2, 1)
    assert (looked.code, speechless.code) == (0, 2)
    assert "Nobody but you" in looked.err
    assert "--preview" in speechless.err
    assert (preview.recipients, preview.letter, preview.left) == ((), None, 20)
    assert "Help desk" in of_version.out
    assert "itself" in of_version.out
    assert "consumers: 1" in of_version.err
    assert "Nobody but you" in told.err
    assert [(edge.from_id, edge.relation) for edge in around.edges] == [(node, "is data of")]
    assert [one.distance for one in around.nodes] == [0, 1]
    assert reached.items == tuple(listed)
    assert (reached.total, listed[0].path) == (1, (node, around.nodes[1].id))


def test_hiding_a_model_warns_of_what_goes_on_naming_it(cli: Cli, model: str) -> None:
    """The sentence and the versions stand beside the answer; the client has them too."""
    derived = f"{model}-derived"
    cli("models", "create", derived, "--description", "Made.", "--owner", "olga@company.com", "--tier", "LOW")
    with Client() as client:
        client.create_version(f"{model}:1.0.0")
        client.create_version(f"{derived}:1.0.0", metadata={"baseModel": {"model": model, "version": "1.0.0"}})

    hidden = cli("models", "edit", model, "--visibility", "restricted")
    with Client() as client:
        client.update_model(model, {"visibility": "INTERNAL"})
        again = client.update_model(model, {"visibility": "RESTRICTED"})

    assert hidden.out == f"{model}\n"
    assert hidden.err.startswith("warning: 1 version built on it names it and stays as it is.")
    assert f"\n  {derived}:1.0.0\n" in hidden.err
    assert [(one.code, one.versions) for one in again.warnings] == [("named_elsewhere", (f"{derived}:1.0.0",))]
