"""Evaluations by command and from Python, against a running registry."""

import json
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import Invalid
from tests.client.conftest import Cli

pytestmark = pytest.mark.usefixtures("as_owner")


def test_a_pipeline_records_and_imports_evaluations(cli: Cli, model: str, tmp_path: Path) -> None:
    """Numbers by command, a file by command and from Python, all in one list; a bad row is named."""
    version, report = f"{model}:1.0.0", tmp_path / "report.csv"
    cli("versions", "create", version)
    report.write_text("metric,value,slice,low,high\nauc,0.9,region=EU,0.8,0.95\n", "utf-8")

    typed = cli("evaluations", "record", version, "accuracy=0.93", "--dataset", "holdout")
    wrong = cli("evaluations", "record", version, "accuracy", "--dataset", "holdout")
    endless = cli("evaluations", "record", version, "accuracy=nan", "--dataset", "holdout")
    imported = cli("evaluations", "import", version, str(report), "--dataset", "holdout", "--format", "csv")
    with Client() as client:
        run = client.import_evaluation(version, report, dataset="holdout", procedure="Twice.")
        report.write_text("metric,value\nauc,nan\n", "utf-8")
        with pytest.raises(Invalid) as refused:
            client.import_evaluation(version, report, dataset="holdout")
    listed = json.loads(cli("evaluations", "list", version, "--json").out)

    assert (typed.code, wrong.code, imported.code) == (0, 2, 0)
    assert (endless.code, "not finite" in endless.err) == (1, True)
    assert [run.id, imported.out.strip(), typed.out.strip()] == [row["id"] for row in listed]
    assert (run.metrics[0].slice, run.metrics[0].confidence_interval) == ("region=EU", (0.8, 0.95))
    assert "line 2" in str(refused.value)
    assert "no suite" in cli("evaluations", "list", version).out
