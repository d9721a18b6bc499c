"""Signing in from a terminal, and what happens without."""

import json
import stat
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from modelkeep.client import Client
from modelkeep.device import DeviceCode, LoginNotAllowed, obtain_token
from modelkeep.errors import NotConfigured, UnexpectedAnswer
from modelkeep.transport import Transport
from tests.client.conftest import Cli
from tests.support.running import RunningRegistry


class FolderKeyring(KeyringBackend):
    """A keyring of files, for machines that have none."""

    priority = 0.1  # type: ignore[assignment]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def _file(self, service: str, username: str) -> Path:
        return self._folder / f"{service}-{username}".replace("/", "_")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file(service, username).write_text(password)

    def get_password(self, service: str, username: str) -> str | None:
        file = self._file(service, username)
        return file.read_text() if file.exists() else None

    def delete_password(self, service: str, username: str) -> None:
        self._file(service, username).unlink()


def test_a_stored_login_serves_later_commands(cli: Cli, registry: RunningRegistry, owner_token: str) -> None:
    """After `modelkeep login`, commands need no variables."""
    told = cli("login", "--token", "--url", f"{registry.url}/", stdin=f"{owner_token}\n")

    who = cli("whoami", "--json")

    assert (0, f"olga@company.com at {registry.url}\n") == (told.code, told.out)
    assert (
        who.code,
        json.loads(who.out)["email"],
        json.loads(who.out)["roles"],
    ) == (0, "olga@company.com", ["MODEL_OWNER"])


def test_without_a_keyring_the_token_is_in_a_private_file_and_that_is_said(
    cli: Cli, registry: RunningRegistry, owner_token: str, own_settings: Path
) -> None:
    """A machine without a keyring keeps the token in a 0600 file, loudly."""
    told = cli("login", "--token", "--url", registry.url, stdin=f"{owner_token}\n")

    [file] = own_settings.rglob("login.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert owner_token in file.read_text()
    assert "IN THE CLEAR" in told.err
    assert str(file) in told.err


def test_with_a_keyring_no_file_holds_the_token(
    cli: Cli, registry: RunningRegistry, owner_token: str, own_settings: Path, tmp_path: Path
) -> None:
    """Where there is a keyring, the token is there and nowhere else."""
    keyring.set_keyring(FolderKeyring(tmp_path))

    told = cli("login", "--token", "--url", registry.url, stdin=f"{owner_token}\n")

    [file] = own_settings.rglob("login.json")
    assert owner_token not in file.read_text()
    assert "CLEAR" not in told.err
    assert cli("whoami").code == 0
    assert cli("logout").code == 0
    assert cli("whoami").code == 1


def test_a_token_that_does_not_work_is_not_stored(cli: Cli, registry: RunningRegistry, own_settings: Path) -> None:
    """`modelkeep login` asks the registry first."""
    told = cli("login", "--token", "--url", registry.url, stdin="mk_pat_wrong\n")

    assert told.code == 1
    assert "modelkeep login" in told.err
    assert list(own_settings.rglob("login.json")) == []


def test_logout_forgets(cli: Cli, registry: RunningRegistry, owner_token: str, own_settings: Path) -> None:
    """After `modelkeep logout` the token is gone from this machine."""
    cli("login", "--token", "--url", registry.url, stdin=f"{owner_token}\n")

    told = cli("logout")

    [file] = own_settings.rglob("login.json")
    assert (0, f"Forgot the token for {registry.url}\n") == (told.code, told.out)
    assert owner_token not in file.read_text()


def test_without_a_token_the_message_says_how_to_get_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing token is explained, on standard error, with exit code 1."""
    monkeypatch.setenv("MODELKEEP_URL", "https://models.company.com")

    told = cli("models", "list")

    assert (told.code, told.out) == (1, "")
    assert "No token is known for https://models.company.com." in told.err
    assert "MODELKEEP_TOKEN" in told.err


def test_a_token_is_sent_to_no_other_address(cli: Cli, registry: RunningRegistry, owner_token: str) -> None:
    """A login stored for one registry is not used for another."""
    cli("login", "--token", "--url", registry.url, stdin=f"{owner_token}\n")

    with pytest.raises(NotConfigured) as refused:
        Client("https://models.elsewhere.com")

    assert "https://models.elsewhere.com" in refused.value.detail


def test_a_revoked_token_says_to_sign_in_again(
    cli: Cli, registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 names the way in that a terminal has, and the request id."""
    monkeypatch.setenv("MODELKEEP_URL", registry.url)
    monkeypatch.setenv("MODELKEEP_TOKEN", "mk_pat_gone")

    told = cli("whoami")

    assert told.code == 1
    assert "to do: Run `modelkeep login`" in told.err
    assert "request id: " in told.err


def test_a_login_that_nobody_allows_is_given_up(registry: RunningRegistry) -> None:
    """The code and its page are shown, the registry's wish for slower tries is followed, and in the end it is said."""
    shown: list[DeviceCode] = []
    waits: list[float] = []

    with pytest.raises(LoginNotAllowed, match="Nobody allowed it"):
        obtain_token(registry.url, shown.append, sleep=waits.append)

    [code] = shown
    assert code.verification_uri_complete == f"{registry.url}/device?code={code.user_code}"
    assert sum(waits) >= code.expires_in
    assert waits[:3] == [5, 5, 10]


def test_a_registry_cannot_have_any_program_opened(registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pages of the web are shown and opened."""
    monkeypatch.setattr(Transport, "post", lambda *told: {
        "deviceCode": "x", "userCode": "BDWP-HQPK", "verificationUri": "file:///bin/sh",
        "verificationUriComplete": "file:///bin/sh", "expiresIn": 900, "interval": 5,
    })  # fmt: skip

    with pytest.raises(UnexpectedAnswer, match="no browser should open"):
        obtain_token(registry.url, lambda code: None)
