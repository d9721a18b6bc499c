"""Deployments by command and from Python, against a running registry."""

import json

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry

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
    assert "was ever live" in never.err
    assert "was live" in live.err
    assert (renamed.region, deployments, none) == (None, [], [])
