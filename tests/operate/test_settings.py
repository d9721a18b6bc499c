"""Where settings come from, what is said of those that are none, and what the commands show of them."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from modelkeep_server.operate import show_settings
from modelkeep_server.operate.docs.tables import write_sample_toml
from modelkeep_server.settings import Settings
from modelkeep_server.settings.loading import SettingsRefused, load_settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `modelkeep.toml` of an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "modelkeep.toml"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('prot = 1\nhots = "x"', r"modelkeep\.toml: prot is not a setting\. Did you mean port\?\n.*mean host\?"),
        ("MODELKEEP_PORT = 1", r"MODELKEEP_PORT is not a setting\. Did you mean port\?"),
        ("zzzz = 1", r"zzzz is not a setting\. See docs/reference/settings\.md"),
        ("[port]\nhttp = 1", r"modelkeep\.toml: port: Input should be a valid integer"),
        ("port = 1\nhost == 2", r"modelkeep\.toml is not TOML: .*line 2, column 7"),
        ("port = 99999", r"modelkeep\.toml: port: "),
        (b"\xff", r"modelkeep\.toml is not TOML"),
    ],
)
def test_a_file_with_a_fault_is_refused_at_the_start(here: Path, content: str | bytes, says: str) -> None:
    """Unknown keys by name with the nearest, faults of form by line and column, values by their key."""
    here.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(SettingsRefused, match=says):
        load_settings()


def test_the_environment_wins_over_the_file_and_both_are_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command shows each value with its source; secrets are masked; a variable that is none is warned of."""
    here.write_text('port = 8001\nhost = "localhost"\ndatabase_url = "postgresql://ada:canary-pw@db/x"\n')
    environment = {"MODELKEEP_PORT": "8002", "MODELKEEP_KEY": "canary-key", "MODELKEEP_PROT": "canary-prot"}

    result = CliRunner().invoke(show_settings.app, env=environment)

    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert set(rows) == set(Settings.model_fields)
    assert rows["port"] == ["8002", "environment"]
    assert rows["host"] == ["localhost", "modelkeep.toml"]
    assert rows["database_url"] == ["postgresql://ada:********@db/x", "modelkeep.toml"]
    assert rows["key"] == ["********", "environment"]
    assert rows["connections"] == ["8", "default"]
    assert "MODELKEEP_PROT is not a setting and changes nothing. Did you mean MODELKEEP_PORT?" in result.stderr
    assert "canary" not in result.output


def test_the_sample_file_is_one_that_loads(here: Path) -> None:
    """With every `#` before a key taken away it is TOML, and each value is one that its setting takes."""
    bare = "\n".join(line[1:] for line in write_sample_toml().splitlines() if line[:1] == "#" and line[1:2] != " ")
    here.write_text(bare)

    loaded = load_settings()

    assert list(tomllib.loads(bare)) == list(Settings.model_fields)
    assert loaded.port == 8000


def test_a_proxy_demands_a_public_address_with_tls(here: Path) -> None:
    """Behind a proxy the address is set, never believed of a request; in the clear it is for this machine alone."""
    for given, says in (
        ({"behind_proxy": True}, "BEHIND_PROXY needs MODELKEEP_PUBLIC_URL"),
        ({"behind_proxy": True, "public_url": "http://models.company.com"}, "PUBLIC_URL: begins with https://"),
        ({"public_url": "http://models.company.com"}, "PUBLIC_URL: begins with https://"),
    ):
        with pytest.raises(SettingsRefused, match=says):
            load_settings(**given)

    assert load_settings(behind_proxy=True, public_url="http://127.0.0.1:9000").public_url == "http://127.0.0.1:9000"
