"""The server as a process: what it prints and leaves on disk, operators beside it, how it starts and ends."""

import json
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from modelkeep_server.interfaces.gate import csrf_token
from tests.support.accounts import PASSPHRASE
from tests.support.running import COMMAND, RunningRegistry, running_registry


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A running registry, whose folder lies too deep for a Unix socket."""
    folder = tmp_path_factory.mktemp("served") / ("deep-" * 20)
    folder.mkdir()
    with running_registry(folder, by_command=True) as running:
        yield running


def data_of(running: RunningRegistry) -> Path:
    """The data folder."""
    return Path(running.environment["MODELKEEP_DATA_DIR"])


def first_start_link(running: RunningRegistry) -> str:
    """The link in the private file, which is written just after the server has told its address."""
    path = data_of(running) / "first-start-link"
    for _ in range(400):
        if path.exists() and running.url in path.read_text():
            return path.read_text().strip()
        time.sleep(0.05)
    raise AssertionError(f"There is no link of {running.url}.")


def lock_of(running: RunningRegistry) -> dict[str, object]:
    """What the lock file tells."""
    told: dict[str, object] = json.loads((data_of(running) / "modelkeep.lock").read_text())
    return told


def mode_of(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def me(running: RunningRegistry, token: str) -> httpx2.Response:
    """What `/me` says to this token."""
    return httpx2.get(f"{running.url}/api/v1/me", headers={"authorization": f"Bearer {token}"})


def test_an_operators_token_works_at_the_running_server(served: RunningRegistry) -> None:
    """Made through the control socket, used at the next request; a second one for the same person never adds."""
    first = served.token("ada@example.com", "MODEL_OWNER,MRC")
    second = served.token("ada@example.com", "ADMIN,MRC")

    told = [me(served, token).json() for token in (first, second)]

    assert [person["roles"] for person in told] == [["MODEL_OWNER", "MRC"], ["MRC"]]


def test_an_operators_link_works_at_the_running_server(served: RunningRegistry) -> None:
    """The link holds the address that the server really listens on, and shows whom it is for."""
    link = served.operate("admin", "invite", "grace@example.com", "--roles", "SRE").strip()

    answer = httpx2.get(link)

    assert link.startswith(f"{served.url}/invitations/")
    assert (answer.status_code, "grace@example.com" in answer.text) == (200, True)


def test_the_log_of_a_running_server_verifies(served: RunningRegistry) -> None:
    """`audit verify` asks the server and prints its verdict."""
    assert re.search(r"^OK: \d+ events, \d+ rows", served.operate("audit", "verify"), re.MULTILINE)


def test_a_wrong_command_is_refused_by_the_running_server(served: RunningRegistry) -> None:
    """The reason comes through the socket to standard error; the server goes on."""
    with pytest.raises(RuntimeError, match=r"ended with 1: .*\n +roles: BOSS: choose from"):
        served.operate("admin", "create-token", "--user", "a@b.co", "--roles", "BOSS")

    assert httpx2.get(f"{served.url}/healthz").status_code == 200


def test_what_the_server_keeps_is_its_users_alone(served: RunningRegistry) -> None:
    """Folder, database, key, link and control socket: no other user of the machine reaches any of them."""
    data = data_of(served)
    first_start_link(served)
    control = Path(str(lock_of(served)["socket"]))

    assert mode_of(data) == 0o700
    assert stat.S_ISSOCK(control.stat().st_mode)
    assert (mode_of(control), mode_of(control.parent)) == (0o600, 0o700)
    for path in (data / "first-start-link", data / "modelkeep.db", Path(served.environment["MODELKEEP_KEY_FILE"])):
        assert mode_of(path) == 0o600, path


def test_the_control_socket_knows_operators_commands_only(served: RunningRegistry) -> None:
    """Nothing but the table of operations; garbage is refused without a fault."""
    transport = httpx2.HTTPTransport(uds=str(lock_of(served)["socket"]))
    with httpx2.Client(transport=transport, base_url="http://control") as client:
        statuses = [
            client.post("/admin.devour", json={}).status_code,
            client.get("/admin.create-token").status_code,
            client.get("/api/v1/me").status_code,
        ]

    assert statuses[0] == 404
    assert all(400 <= status < 500 for status in statuses)


def test_a_stranger_is_answered_before_the_body_is_sent(served: RunningRegistry) -> None:
    """Over a real connection: ten gigabytes announced, 64 KiB sent, 401 received."""
    host, port = served.url.removeprefix("http://").split(":")
    head = (
        f"PUT /api/v1/models/a/b/versions/1.0.0/artifacts/x?type=WEIGHTS HTTP/1.1\r\nHost: {host}:{port}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: 10000000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + b"x" * 65_536)

        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 401 ")


def claim(running: RunningRegistry, link: str) -> httpx2.Response:
    """Send the form behind the first-start link, as a browser does."""
    page = httpx2.get(link)
    token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert token is not None
    fields = {
        "csrf_token": token[1], "secret": link.split("token=")[1], "email": "ada@example.com", "name": "Ada",
        "passphrase": PASSPHRASE, "modelOwner": "yes",
    }  # fmt: skip
    return httpx2.post(f"{running.url}/setup", data=fields, headers={"origin": running.url})


def test_the_first_start_and_the_starts_after_it(tmp_path: Path) -> None:
    """Each start without an Admin leaves another link in a private file; with the first Admin the file goes."""
    with running_registry(tmp_path) as running:
        first = first_start_link(running)
    with running_registry(tmp_path) as running:
        second = first_start_link(running)
        dead = httpx2.get(f"{running.url}/setup?token={first.split('token=')[1]}")
        claimed = claim(running, second)
    with running_registry(tmp_path) as running:
        verified = running.operate("audit", "verify")

    assert second.startswith("http://127.0.0.1:")
    assert (dead.status_code, claimed.status_code) == (401, 303)
    assert not (data_of(running) / "first-start-link").exists()
    assert verified.startswith("OK: ")
    assert [path.name for path in data_of(running).iterdir() if path.name.startswith("modelkeep.db")] == [
        "modelkeep.db"
    ]


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What a server says, up to the line with these words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"It ended, having said: {said}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """Exit code 0, the head signed, the lock and the socket given back."""
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MODELKEEP_DATA_DIR": str(tmp_path / "data"),
        "MODELKEEP_KEY_FILE": str(tmp_path / "key"), "MODELKEEP_PORT": "0",
    }  # fmt: skip
    process = subprocess.Popen([COMMAND, "serve"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    read_until(process, "setup?token=")

    process.send_signal(number)

    process.communicate(timeout=30)
    assert process.returncode == 0
    assert {path.name for path in (tmp_path / "data").iterdir()} == {
        "modelkeep.db", "modelkeep.lock", "first-start-link", "files",
    }  # fmt: skip
    assert (tmp_path / "data" / "modelkeep.lock").read_text() == ""


def test_behind_a_proxy_the_link_is_not_on_the_terminal(tmp_path: Path) -> None:
    """On an address that others reach, the terminal shows the path of the private file only."""
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MODELKEEP_DATA_DIR": str(tmp_path / "data"),
        "MODELKEEP_KEY_FILE": str(tmp_path / "key"), "MODELKEEP_PORT": "0", "MODELKEEP_HOST": "0.0.0.0",
        "MODELKEEP_BEHIND_PROXY": "true", "MODELKEEP_PUBLIC_URL": "https://models.example.com",
    }  # fmt: skip
    process = subprocess.Popen([COMMAND, "serve"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    said = read_until(process, "a restart makes a new one")
    process.terminate()
    said += process.communicate(timeout=30)[0]

    link = (tmp_path / "data" / "first-start-link").read_text().strip()
    assert link.startswith("https://models.example.com/setup?token=")
    assert link.split("token=")[1] not in said
    assert str(tmp_path / "data" / "first-start-link") in said


def test_the_tokens_of_forms_survive_a_restart() -> None:
    """A form opened before a restart can be sent after it: the token hangs on the session and the key alone."""
    assert csrf_token(b"k" * 32, "session") == csrf_token(b"k" * 32, "session")
    assert csrf_token(b"k" * 32, "session") != csrf_token(b"x" * 32, "session")
