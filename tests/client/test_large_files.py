"""Large files over connections that break, with the command killed and the registry restarted on the way."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.models import Version
from modelkeep.resuming import PART_BYTES
from modelkeep.stored import Upload
from tests.client.conftest import Cli
from tests.support.cutting import Wire, wired
from tests.support.running import COMMAND, RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

MIB = 1024 * 1024
#: Headers of requests and answers, beside the bytes of files.
TALK_BYTES = 256 * 1024


@pytest.fixture
def wire(registry: RunningRegistry) -> Iterator[Wire]:
    """A wire to the registry that can be cut."""
    with wired(registry.url) as made:
        yield made


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A valid file of two parts and a half, which goes in parts."""
    file = tmp_path / "large.safetensors"
    file.write_bytes(make_safetensors(40 * MIB, seed=os.getpid()))
    return file


def _start(wire: Wire, token: str, *arguments: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, through the wire."""
    environment = {**os.environ, "MODELKEEP_URL": wire.url, "MODELKEEP_TOKEN": token}
    # Whoever runs the tests in the background ignores Ctrl-C, and what they start would too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_upload_goes_on_after_the_command_was_interrupted_and_killed(
    wire: Wire, owner_token: str, version: Version, large: Path
) -> None:
    """Ctrl-C says how to go on; the next run, also after a kill, sends at most one part again, and the bytes agree."""
    ended = []
    for how, hold_at in ((signal.SIGINT, 20 * MIB), (signal.SIGKILL, 38 * MIB)):
        wire.hold_at = hold_at
        process = _start(wire, owner_token, "upload", version.address, str(large))
        assert wire.held.wait(60), process.communicate()
        process.send_signal(how)
        ended.append((process.wait(60), *process.communicate()))
        wire.release()

    last = _start(wire, owner_token, "upload", version.address, str(large), "--json")
    out, err = last.communicate(timeout=60)

    (interrupted, _, told), (killed, *_) = ended
    assert (interrupted, killed, last.returncode) == (130, -signal.SIGKILL, 0), err
    assert f"modelkeep upload {version.address} {large}" in told
    assert [_sha256(large)] == [entry["sha256"] for entry in json.loads(out)]
    assert wire.sent_bytes <= large.stat().st_size + 2 * PART_BYTES + TALK_BYTES


def test_cuts_in_both_directions_cost_at_most_a_part_each(
    wire: Wire, owner_token: str, version: Version, large: Path, tmp_path: Path
) -> None:
    """Cut at any byte, also of an answer, an upload and a download go on in the same run, and the bytes agree."""
    wire.cut_sent_at = [MIB, 12 * MIB + 7, 33 * MIB]
    with Client(wire.url, owner_token) as client:
        artifact = client.upload(version.address, large)
        sent_bytes, wire.cut_received_at = wire.sent_bytes, [wire.received_bytes + n * MIB for n in (5, 17)]
        [fetched] = client.download(version.address, tmp_path / "there")

    assert _sha256(large) == artifact.sha256 == _sha256(fetched.file)
    assert wire.cuts == 5
    assert sent_bytes <= large.stat().st_size + 3 * PART_BYTES + TALK_BYTES


def test_an_upload_outlives_its_registry(tmp_path: Path, large: Path) -> None:
    """A registry that is killed and started again while a file is under way costs at most a part, and no new run."""
    home = tmp_path / "registry"
    home.mkdir()
    with running_registry(home) as first, wired(first.url) as wire:
        token = first.token("olga@company.com", "MODEL_OWNER")
        with Client(first.url, token) as client:
            client.create_model("kills/one", description="Lives on.", owners=["olga@company.com"], risk_tier="LOW")
            client.create_version("kills/one:1.0.0")
        wire.hold_at = 20 * MIB
        process = _start(wire, token, "upload", "kills/one:1.0.0", str(large))
        assert wire.held.wait(60), process.communicate()
        first.kill()
        with running_registry(home) as second:
            wire.upstream = second.url
            wire.release()
            out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (0, f"{_sha256(large)}  large.safetensors\n"), err
    assert wire.sent_bytes <= large.stat().st_size + PART_BYTES + TALK_BYTES


def test_an_open_upload_of_other_bytes_is_left_alone_or_ended_where_that_is_asked(
    cli: Cli, as_owner: None, client: Client, version: Version, wire: Wire, owner_token: str, large: Path
) -> None:
    """A changed file never goes on with what was sent of the old one; `uploads` lists and discards what is left."""
    address = f"{version.address}/a/b.safetensors"
    wire.hold_at = 20 * MIB
    process = _start(wire, owner_token, "upload", address, str(large))
    assert wire.held.wait(60), process.communicate()
    process.kill()
    process.communicate()
    large.write_bytes(make_safetensors(40 * MIB, seed=1))

    sent = cli("upload", address, str(large), "--type", "weights")
    listed = json.loads(cli("uploads", "list", version.address, "--json").out)
    shown = cli("uploads", "list")
    discarded = cli("uploads", "discard", "--all-of", version.address)
    twice = cli("uploads", "discard", listed[0]["id"])

    assert (0, f"{_sha256(large)}  a/b.safetensors\n") == (sent.code, sent.out)
    assert [(one["path"], one["sizeBytes"]) for one in listed] == [("a/b.safetensors", large.stat().st_size)]
    assert 0 < listed[0]["offsetBytes"] < large.stat().st_size
    assert address in shown.out
    assert (discarded.code, discarded.out) == (0, f"{listed[0]['id']}\n")
    assert (twice.code, "to do: " in twice.err) == (1, True)
    assert list[Upload](client.list_uploads(version.address)) == []
