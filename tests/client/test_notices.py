"""Notices by command and from Python, against a running registry."""

import json

import pytest

from modelkeep.client import Client
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry

pytestmark = pytest.mark.usefixtures("as_owner")


def test_notices_are_listed_and_read_by_command(
    cli: Cli, registry: RunningRegistry, model: str, client: Client, monkeypatch: pytest.MonkeyPatch, owner_token: str
) -> None:
    """Somebody asks for access, the owner is told, reads it, and chooses no mail and no word of comments."""
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("nora@company.com", "MODEL_OWNER"))
    cli("models", "request-access", model, "--purpose", "Nightly scoring.")
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)

    unread = json.loads(cli("notices", "list", "--unread", "--json").out)
    shown = cli("notices", "list").out
    one = cli("notices", "read", unread[0]["id"])
    everything = cli("notices", "read")
    nothing = cli("notices", "list", "--unread")
    quiet = cli("notices", "settings", "--quiet")
    chosen = client.set_notices({"comment.added": {"inApp": False, "byMail": False}}, quiet=False)

    assert (unread[0]["message"], unread[0]["quote"]) == (
        f"nora@company.com asks for access to {model}", "Nightly scoring.",
    )  # fmt: skip
    assert unread[0]["message"] in shown
    assert (one.code, one.err) == (0, "Marked as read: 1.\n")
    assert (everything.code, nothing.err) == (0, "Nothing is unread.\n")
    assert (quiet.code, "No mail is sent to you at all" in quiet.err) == (0, True)
    assert chosen.quiet is False
    assert {row.kind for row in client.get_notice_settings().items if not row.in_app} == {"comment.added"}
