"""Sharing, asking, transferring, retiring and closing by command and from Python, against a running registry."""

import json

import pytest

from modelkeep.client import Client
from modelkeep.errors import Conflict
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry

pytestmark = pytest.mark.usefixtures("as_owner")


def test_an_owner_shares_a_model_by_command(cli: Cli, registry: RunningRegistry, model: str) -> None:
    """`share`, `collaborators`, `unshare`; one line each, and the list empties again."""
    registry.token("gus@company.com", "SRE")

    shared = cli("models", "share", model, "gus@company.com", "--access", "write")
    listed = cli("models", "collaborators", model)
    unknown = cli("models", "share", model, "nobody@company.com")
    ended = cli("models", "unshare", model, "gus@company.com")

    assert (shared.code, shared.out) == (0, "gus@company.com WRITE\n")
    assert listed.out == "gus@company.com\tWRITE\tuntil ended\tolga@company.com\tgus\n"
    assert (unknown.code, "Nobody here has this address" in unknown.err) == (1, True)
    assert (ended.code, json.loads(cli("models", "collaborators", model, "--json").out)) == (0, [])


def test_a_request_goes_from_the_asker_to_an_owner_and_back(
    cli: Cli, registry: RunningRegistry, model: str, monkeypatch: pytest.MonkeyPatch, owner_token: str
) -> None:
    """Asked by one, granted by the other; a second answer is refused with who gave the first."""
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("gina@company.com", "MODEL_OWNER"))
    asked = cli("models", "request-access", model, "--purpose", "Nightly scoring.", "--days", "7")
    mine = cli("models", "access-requests", "--mine").out
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)

    waiting = json.loads(cli("models", "access-requests", "--model", model, "--json").out)
    granted = cli("models", "grant-access", asked.out.strip())
    late = cli("models", "refuse-access", asked.out.strip(), "--reason", "Too late.")

    assert (asked.code, [row["id"] for row in waiting]) == (0, [asked.out.strip()])
    assert "Nightly scoring." in mine
    assert granted.out.startswith(f"gina@company.com {model} 20")
    assert (late.code, "olga@company.com granted this request" in late.err) == (1, True)


def test_a_version_is_closed_and_reopened_by_command(cli: Cli, model: str) -> None:
    """`versions show` and the list say so in between."""
    cli("versions", "create", f"{model}:1.0.0")

    closed = cli("versions", "close", f"{model}:1.0.0", "--reason", "Superseded.")
    shown = cli("versions", "show", f"{model}:1.0.0").out
    edit = cli("versions", "edit", f"{model}:1.0.0", "--description", "x")
    reopened = cli("versions", "reopen", f"{model}:1.0.0", "--reason", "Needed.")

    assert (closed.code, reopened.out) == (0, f"{model}:1.0.0: DRAFT\n")
    assert "by olga@company.com: Superseded." in shown
    assert (edit.code, "Reopen it first" in edit.err) == (1, True)


def test_an_admin_finds_a_model_by_its_id_transfers_and_retires_it(
    cli: Cli, registry: RunningRegistry, client: Client, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks before, says who loses it, wants the name typed; afterwards the model takes no edit."""
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("ada@company.com", "ADMIN"))
    found = json.loads(cli("search", client.get_model(model).id, "--json").out)

    asked = cli("models", "transfer", model, "--owner", "new@company.com", "--reason", "x", stdin="n\n")
    moved = cli("models", "transfer", model, "--owner", "new@company.com", "--reason", "Left.", "--yes")
    wrong = cli("models", "retire", model, "--reason", "x", stdin="wrong\n")
    retired = cli("models", "retire", model, "--reason", "Replaced.", stdin=f"{model.partition('/')[2]}\n")
    listed = json.loads(cli("models", "list", "--status", "retired", "--json").out)

    assert [row["name"] for row in found] == [model.partition("/")[2]]
    assert "Loses it: olga@company.com. Owners from then on: new@company.com." in asked.err
    assert (moved.out, wrong.code != 0) == (f"{model}: new@company.com\n", True)
    assert (retired.code, retired.out.lstrip()) == (0, f"{model}: RETIRED\n")
    assert model in {f"{row['group']}/{row['name']}" for row in listed}
    with Client(registry.url, registry.token("ada@company.com", "ADMIN")) as admin, pytest.raises(Conflict):
        admin.transfer_model(model, ["olga@company.com"], reason="Back.")
