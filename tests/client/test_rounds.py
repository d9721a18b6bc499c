"""Reviews by command and from Python, against a running registry."""

import json
from pathlib import Path

import pytest

from modelkeep.client import Client
from tests.client.conftest import Cli
from tests.support.promoting import COMPLETE
from tests.support.running import RunningRegistry
from tests.support.safetensors import make_safetensors


@pytest.mark.usefixtures("as_owner")
def test_what_changed_between_two_rounds_is_told(
    cli: Cli,
    registry: RunningRegistry,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    owner_token: str,
    tmp_path: Path,
) -> None:
    """After changes were requested and made, the next reviewer reads what they are."""
    model, address = "round-tests/churn", "round-tests/churn:1.0.0"
    client.create_model(model, description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW")
    client.create_version(address, metadata=COMPLETE)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(make_safetensors())
    client.upload(address, weights, type="WEIGHTS")
    first = client.request_promotion(address, "STAGING", justification="Recall rose.")
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("mara@company.com", "MRC"))
    waits = cli("review", "list", "--tier", "low", "--role", "mrc", "--show", "open", "--group", "round-tests")
    wrong = cli("review", "list", "--tier", "hgh")
    sent_back = cli(
        "review",
        "request-changes",
        address,
        "--digest",
        first.digest[: len("sha256:") + 12],
        "-m",
        "Say where it is weak.",
        "--finding",
        "Name the owner.",
        "--finding",
        "Watch June.",
    )
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)
    client.update_version(address, {"metadata": {"limitations": "Weak on new accounts."}})
    client.request_promotion(address, "STAGING", justification="Said so.")

    told = cli("review", "changes", address)
    whole = json.loads(cli("review", "changes", address, "--json").out)
    alone = cli("review", "changes", address, "--round", first.id)
    found = client.get_round_changes(address, client.list_promotions(address)[0].id)

    assert (sent_back.code, told.code, alone.code) == (0, 0, 0)
    assert (waits.out.split("\t")[0], waits.out.strip().endswith(first.digest)) == (address, True)
    assert (wrong.code, "Choose one of LOW, MEDIUM, HIGH." in wrong.err) == (1, True)
    assert "limitations" in told.out
    assert "round 1 → round 2: 1 changed" in told.err
    assert whole["before"]["endReason"] == "Say where it is weak."
    assert "This is the first round" in alone.err
    assert [one.text for one in client.list_findings_of(address)] == ["Watch June.", "Name the owner."]
    assert found.differences is not None
    assert [one.field for one in found.differences.metadata if one.change == "CHANGED"] == ["limitations"]


@pytest.mark.usefixtures("as_owner")
def test_findings_and_the_trail_are_read_and_settled_by_command(
    cli: Cli, registry: RunningRegistry, client: Client, monkeypatch: pytest.MonkeyPatch, owner_token: str
) -> None:
    """A reviewer raises, finds and settles a finding; the owner reads the trail of it, each event proven."""
    address = "finding-tests/churn:1.0.0"
    client.create_model(
        "finding-tests/churn", description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW"
    )
    client.create_version(address)
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("finder@company.com", "MRC"))

    raised = json.loads(cli("findings", "raise", address, "-m", "Name the owner.", "--blocking", "--json").out)
    listed = cli("findings", "list", "--blocking", "--json")
    shown = cli("findings", "show", raised["id"])
    settled = cli("findings", "settle", raised["id"], "-m", "Named.")
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)
    told = cli("versions", "trail", address)
    whole = json.loads(cli("versions", "trail", address, "--kind", "review", "--json").out)

    assert raised["id"] in [one["id"] for one in json.loads(listed.out)]
    assert "blocks every move" in shown.out
    assert "RESOLVED" in settled.out
    assert "each proven under the checkpoint" in told.err
    assert [one["action"] for one in whole["items"]] == ["finding.raise", "finding.settle"]
    assert whole["items"][0]["proof"]["root"] == whole["checkpoint"]["root"]
    assert [one.action for one in client.iter_trail(address)] == ["version.create", "finding.raise", "finding.settle"]
