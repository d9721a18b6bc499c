"""The noun `people`: who is here, who may what, and inviting, from Python and from the command line."""

import json

import pytest

from modelkeep.client import Client
from modelkeep.errors import NotFound
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry


@pytest.fixture
def as_admin(registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run as adela@company.com, an Admin; sam@company.com is there too."""
    registry.token("sam@company.com", "SRE")
    monkeypatch.setenv("MODELKEEP_URL", registry.url)
    monkeypatch.setenv("MODELKEEP_TOKEN", registry.token("adela@company.com", "ADMIN"))


@pytest.mark.usefixtures("as_admin")
def test_people_are_kept_from_the_command_line(cli: Cli) -> None:
    """Listed, shown, given a role, disabled and enabled again, each by e-mail."""
    listed = cli("people", "list", "sam@")
    granted = cli("people", "grant", "sam@company.com", "model_owner", "--reason", "Builds them too.", "--json")
    shown = cli("people", "show", "sam@company.com")
    taken = cli("people", "revoke", "sam@company.com", "MODEL_OWNER", "--reason", "No more.")
    disabled = cli("people", "disable", "sam@company.com", "--reason", "Left.")
    enabled = cli("people", "enable", "sam@company.com")
    own = cli("people", "grant", "adela@company.com", "MRC")
    nobody = cli("people", "show", "nobody@company.com")

    assert "sam@company.com\tsam\tSRE" in listed.out
    assert {role["role"] for role in json.loads(granted.out)["roles"]} == {"SRE", "MODEL_OWNER"}
    assert "role MODEL_OWNER\tfrom an Admin" in shown.out
    assert "MODEL_OWNER" not in taken.out
    assert "account\tdisabled" in disabled.out
    assert "account\tenabled" in enabled.out
    assert (own.code, "Nobody changes their own roles" in own.err) == (1, True)
    assert (nobody.code, "nobody with the e-mail" in nobody.err) == (1, True)


@pytest.mark.usefixtures("as_admin")
def test_people_are_invited_from_the_command_line(cli: Cli) -> None:
    """A link for each on standard output; they stand among those awaited; a reset says that it is one."""
    made = cli("people", "invite", "one@company.com", "Two <two@company.com>", "--role", "SRE", "--role", "auditor")
    waiting = cli("people", "invitations")
    reset = cli("people", "reset", "sam@company.com")
    wrong = cli("people", "invite", "nothing")

    lines = [line.split("\t") for line in made.out.splitlines()]
    assert [email for email, _ in lines] == ["one@company.com", "two@company.com"]
    assert all("/invitations/" in url for _, url in lines)
    assert "two@company.com\tINVITATION\tSRE, AUDITOR\tadela@company.com" in waiting.out
    assert "/invitations/" not in waiting.out
    assert "sets a new passphrase" in reset.err
    assert (wrong.code, "not an e-mail address" in wrong.err) == (1, True)


@pytest.mark.usefixtures("as_admin")
def test_python_keeps_people_and_links(cli: Cli) -> None:
    """A link is renewed and taken back; requests that wait are listed; what the registry refuses is raised."""
    with Client() as client:
        link = client.invite_person("three@company.com", ["SRE"])
        renewed = client.renew_invitation(link.id)
        client.revoke_invitation(renewed.id)

        assert link.url != renewed.url
        assert renewed.id not in [waiting.id for waiting in client.list_invitations()]
        assert list(client.list_role_requests()) == []
        with pytest.raises(NotFound):
            client.get_person("nobody@company.com")
        with pytest.raises(NotFound, match="no such request"):
            client.confirm_role("nothing")
        with pytest.raises(NotFound):
            client.decline_role("nothing", reason="No.")
