"""One running registry for all tests of the client, people with tokens, and the command line as its script calls it."""

import functools
import io
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from modelkeep.cli import main
from modelkeep.client import Client
from modelkeep.models import Version
from tests.client.balancer import Balancer, balancing
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answered:
    """What a command left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Answered]
Become = Callable[[str], None]


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that runs while the tests do. Its webhooks may lead to this machine."""
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(folder, MODELKEEP_WEBHOOK_NETWORKS="127.0.0.0/8") as running:
        yield running


@pytest.fixture(scope="session")
def owner_token(registry: RunningRegistry) -> str:
    """A token of olga@company.com, a Model Owner."""
    return registry.token("olga@company.com", "MODEL_OWNER")


@pytest.fixture(scope="session")
def auditor_token(registry: RunningRegistry) -> str:
    """A token of aude@company.com, an Auditor."""
    return registry.token("aude@company.com", "AUDITOR")


@pytest.fixture(scope="session")
def token_of(registry: RunningRegistry) -> Callable[[str], str]:
    """A token of somebody who has this role alone, made once: that takes a process of its own."""
    return functools.cache(lambda role: registry.token(f"only-{role.lower()}@company.com", role))


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch, token_of: Callable[[str], str]) -> Become:
    """Commands and clients go on as somebody who has this role alone."""
    return lambda role: monkeypatch.setenv("MODELKEEP_TOKEN", token_of(role))


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No login of this machine is seen or changed: an empty home, no keyring, no variables. Gives the home."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("MODELKEEP_URL", raising=False)
    monkeypatch.delenv("MODELKEEP_TOKEN", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield home
    keyring.set_keyring(before)


@pytest.fixture
def as_owner(monkeypatch: pytest.MonkeyPatch, registry: RunningRegistry, owner_token: str) -> None:
    """Commands and clients act as the Model Owner, by variables as in CI."""
    monkeypatch.setenv("MODELKEEP_URL", registry.url)
    monkeypatch.setenv("MODELKEEP_TOKEN", owner_token)


@pytest.fixture
def client(registry: RunningRegistry, owner_token: str) -> Iterator[Client]:
    """The Model Owner's client."""
    with Client(registry.url, owner_token) as made:
        yield made


@pytest.fixture
def balancer(registry: RunningRegistry) -> Iterator[Balancer]:
    """A balancer before the registry."""
    with balancing(registry.url) as made:
        yield made


@pytest.fixture
def balanced(balancer: Balancer, owner_token: str) -> Iterator[Client]:
    """The Model Owner's client, through the balancer."""
    with Client(balancer.url, owner_token) as made:
        yield made


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call `modelkeep` with arguments, and with text on its standard input."""

    def call(*arguments: str, stdin: str = "") -> Answered:
        monkeypatch.setattr(sys, "argv", ["modelkeep", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Answered(code if isinstance(code, int) else 0, out, err)

    return call


@pytest.fixture
def model(client: Client) -> str:
    """The address of a model of its own."""
    address = f"client-tests/churn-{next(_numbers)}"
    client.create_model(address, description="Predicts churn.", owners=["olga@company.com"], risk_tier="LOW")
    return address


@pytest.fixture
def version(client: Client, model: str) -> Version:
    """A draft of that model."""
    return client.create_version(f"{model}:1.0.0", commit_sha="7be41c9")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A valid safetensors file of 3 MiB, different each time."""
    file = tmp_path / "sent" / "model.safetensors"
    file.parent.mkdir()
    file.write_bytes(make_safetensors(3 * 1024 * 1024, seed=next(_numbers)))
    return file
