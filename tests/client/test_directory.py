"""Teams and service accounts by the client and its commands."""

import json
from collections.abc import Mapping

import httpx2
import pytest

from modelkeep.client import Client
from modelkeep.errors import NotFound
from tests.client.conftest import Cli
from tests.support.programs import make_program
from tests.support.running import RunningRegistry


@pytest.fixture(scope="module")
def team(registry: RunningRegistry, owner_token: str) -> Mapping[str, object]:
    """A team that Olga is in."""
    assert owner_token
    headers = {"authorization": f"Bearer {registry.token('ada@company.com', 'ADMIN')}"}
    body = {"name": "Churn People", "email": "churn-people@company.com", "members": ["olga@company.com"]}
    return dict(httpx2.post(f"{registry.url}/api/v1/teams", json=body, headers=headers).raise_for_status().json())


@pytest.mark.usefixtures("as_owner")
def test_teams_are_listed_and_shown(cli: Cli, client: Client, team: Mapping[str, object]) -> None:
    """By their address or their name, in any case; one that is not there is a refusal that says where to look."""
    listed = cli("teams", "list", "churn-p", "--mine")
    shown = json.loads(cli("teams", "show", "CHURN PEOPLE", "--json").out)

    assert (listed.code, "churn-people@company.com\tolga@company.com" in listed.out) == (0, True)
    assert shown == team
    assert client.get_team("Churn-People@company.com").members == ("olga@company.com",)
    missing = cli("teams", "show", "nobody@company.com")
    assert (missing.code, "modelkeep teams list" in missing.err) == (1, True)


@pytest.mark.usefixtures("as_owner")
def test_service_accounts_are_listed_and_shown(cli: Cli, registry: RunningRegistry) -> None:
    """With who answers for each; a program finds itself by `whoami`, and the help says where they are made."""
    token = make_program(registry, "petra@company.com", "nightly-run")

    listed = cli("service-accounts", "list", "nightly")
    shown = cli("service-accounts", "show", "service:Nightly-Run")

    assert (listed.code, "service:nightly-run\tpetra@company.com\tread, write, download" in listed.out) == (0, True)
    assert "petra@company.com" in shown.out
    assert "signed-in session" in " ".join(cli("service-accounts", "--help").out.split())
    with Client(registry.url, token) as program:
        me = program.me()
        assert (me.email, me.sponsor, me.roles) == ("service:nightly-run", "petra@company.com", ())
        assert [account.name for account in program.list_service_accounts("run", ended=True)] == ["nightly-run"]
        with pytest.raises(NotFound):
            program.get_service_account("daily-run")
