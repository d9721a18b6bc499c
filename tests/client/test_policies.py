"""Policies and exceptions by command and from Python, against a running registry."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict
from modelkeep_server.kit import clock
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry

pytestmark = pytest.mark.usefixtures("as_owner")


def test_policies_and_exceptions_go_through_the_terminal(
    cli: Cli,
    registry: RunningRegistry,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    owner_token: str,
    tmp_path: Path,
) -> None:
    """A policy is tried, written and loosened by two; an exception is asked by one person and granted by another."""
    group, model = "policy-tests", "policy-tests/churn"
    client.create_model(model, description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW")
    file = tmp_path / "policy.json"
    rule = {"expression": "version.number > 1", "message": "It is not the first."}
    file.write_text(json.dumps({"name": "Not the first", "scope": {"groups": [group]}, "rules": [rule]}))
    cli("versions", "create", f"{model}:7.0.0")
    tokens = {role: registry.token(f"{role.lower()}@company.com", role) for role in ("SECURITY_ARCHITECT", "MRC")}

    monkeypatch.setenv("MODELKEEP_TOKEN", tokens["SECURITY_ARCHITECT"])
    tried = cli("policies", "try", str(file), "--version", f"{model}:7.0.0")
    wide = cli("policies", "try", str(file))
    made = cli("policies", "create", str(file))
    off = cli("policies", "disable", "not the first", "--reason", "In the way.")
    shown = cli("policies", "show", "Not the first")
    with Client() as writer, pytest.raises(Conflict, match="waits"):
        writer.update_policy(next(one.id for one in writer.list_policies() if one.proposal), {"description": "More."})
    kept = cli("policies", "decline", "not the first")
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)
    until = (clock.utc_now() + timedelta(days=9)).date().isoformat()
    asked = cli(
        "exceptions", "ask", f"{model}:7.0.0", "not the first", "-m", "Monday.", "--risk", "None.",
        "--mitigation", "Staging only.", "--until", until,
    )  # fmt: skip
    monkeypatch.setenv("MODELKEEP_TOKEN", tokens["MRC"])
    granted = cli("exceptions", "grant", asked.out.strip())
    listed = json.loads(cli("exceptions", "list", "--status", "GRANTED", "--json").out)
    ended = cli("exceptions", "end", asked.out.strip(), "--reason", "No more needed.")

    assert (tried.code, wide.code, made.code) == (0, 0, 0)
    assert tried.out.startswith("no\tIt is not the first.")
    assert "It would newly stop 1 of 1 versions" in wide.err
    assert "waits for a second person" in off.err
    assert "revision 2 by security_architect@company.com" in shown.out
    assert "stays at revision 1" in kept.err
    assert (asked.code, granted.code, ended.code) == (0, 0, 0)
    assert [(one["id"], one["holds"]) for one in listed] == [(asked.out.strip(), True)]
