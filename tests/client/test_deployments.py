"""Deployments by command and from Python, against a running registry."""

import json
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict
from tests.client.conftest import Cli
from tests.support.promoting import COMPLETE
from tests.support.running import RunningRegistry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.usefixtures("as_owner")


def test_deployments_go_through_the_terminal(
    cli: Cli, registry: RunningRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment is made; what may not run there is refused by name; what was never live is not rolled back."""
    model = "deployment-tests/churn"
    client.create_model(model, description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW")
    cli("versions", "create", f"{model}:1.0.0")
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("sre@company.com", "SRE"))

    made = cli("deployments", "create-environment", "prod-tests", "--kind", "production", "--region", "eu")
    listed = cli("deployments", "environments")
    drafted = cli("deployments", "record", "PROD-tests", f"{model}:1.0.0=90", "--endpoint", "https://a.example.com")
    unsaid = cli("deployments", "record", "prod-tests")
    misread = cli("deployments", "record", "prod-tests", f"{model}:1.0.0=most")
    nameless = cli("deployments", "record", "prod-tests", model)
    never = cli("deployments", "rollback", "prod-tests", model, "--reason", "Errors rose.")
    live = cli("deployments", "live", model, "--at", "2026-01-31")
    history = cli("deployments", "list", "--all", "--model", model)
    with Client() as sre:
        environment = sre.get_environment("prod-tests")
        renamed = sre.update_environment(environment.id, {"region": None}, revision=environment.revision)
        with pytest.raises(Conflict, match="is a draft"):
            sre.record_deployment("prod-tests", [{"version": f"{model}:1.0.0", "share": 100}])
        deployments = list(sre.list_deployments(current=True, model=model))
    ended = cli("deployments", "end-environment", "prod-tests", "--reason", "Moved.")
    none = json.loads(cli("deployments", "environments", "--json").out)

    assert (made.code, ended.code, history.code) == (0, 0, 0)
    assert listed.out.startswith("prod-tests\tPRODUCTION\teu\t")
    assert f"{model}:1.0.0 is a draft" in drafted.err
    assert [one.code for one in (drafted, unsaid, misread, never)] != [0] * 4
    assert "is no share" in misread.err
    assert "is not GROUP/NAME:VERSION" in nameless.err
    assert "was ever live" in never.err
    assert "was live" in live.err
    assert (renamed.region, deployments, none) == (None, [], [])


def test_what_is_live_goes_through_the_terminal(
    cli: Cli, registry: RunningRegistry, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    A pipeline records what is live, twice without harm; an SRE looks at it, on a day and as one, changes where it is,
    takes it away and rolls back.
    """
    model = "live-tests/churn"
    address = f"{model}:1.0.0"
    client.create_model(model, description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW")
    client.create_version(address, metadata=COMPLETE)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(make_safetensors())
    client.upload(address, weights, type="WEIGHTS")
    asked = client.request_promotion(address, "STAGING", justification="Recall rose.")
    with Client(registry.url, registry.token("live-mrc@company.com", "MRC")) as mrc:
        mrc.review_version(address, decision="APPROVE", comment="Looked at it.", digest=asked.digest)
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("live-sre@company.com", "SRE"))
    with Client() as sre:
        sre.move_version(address, "STAGING")
    cli("deployments", "create-environment", "live lab", "--kind", "staging")

    edited = cli("deployments", "edit-environment", "live lab", "--name", "live-lab", "--region", "cellar")
    unchanged = cli("deployments", "edit-environment", "live-lab")
    one = cli(
        "deployments", "record", "live-lab", f"{address}=12,5", "--replaces", "none", "--endpoint",
        "1.0.0=https://a.example.com/x?y=z", "--region", "eu",
    )  # fmt: skip
    again = cli(
        "deployments", "record", "live-lab", f"{address}=12.5%", "--endpoint", "https://a.example.com/x?y=z",
        "--region", "1.0.0=eu",
    )  # fmt: skip
    elsewhere = cli("deployments", "record", "live-lab", address, "--region", "9.9.9=eu")
    shown = cli("deployments", "show", one.out.strip())
    away = cli("deployments", "record", "live-lab", "--nothing-of", model)
    back = cli("deployments", "rollback", "live-lab", model, "--reason", "Errors rose.")
    listed = cli("deployments", "list", "--kind", "staging", "--model", model, "--at", "2999-01-01")
    before = cli("deployments", "list", "--model", model, "--at", "2001-01-01")
    other = cli("deployments", "list", "--all", "--kind", "PRODUCTION", "--model", model)
    both = cli("deployments", "list", "--all", "--at", "2001-01-01")

    assert "live-lab, region cellar" in edited.err
    assert [one.code for one in (unchanged, elsewhere, both)] == [1] * 3, (unchanged, elsewhere, both)
    assert (one.code, again.code, away.code, back.code) == (0, 0, 0, 0), (one, again, away, back)
    assert again.out == one.out
    assert "12.5 %" in shown.out
    assert "RECORD, from" in shown.err
    assert "https://a.example.com/x?y=z" in listed.out
    assert "names none of the versions" in elsewhere.err
    assert (before.out, other.out) == ("", "")
