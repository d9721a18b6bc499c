"""A file that is found harmed while it is sent, as people and operators of a running server see it."""

import json
import os
import time
from pathlib import Path

import httpx2
import pytest

from modelkeep.client import Client
from modelkeep.models import Version
from tests.support.running import RunningRegistry


@pytest.mark.parametrize("as_zip", [False, True], ids=["file", "zip"])
def test_a_harmed_file_is_one_line_in_the_log(
    registry: RunningRegistry, client: Client, version: Version, weights: Path, as_zip: bool
) -> None:
    """The connection is cut short, and the log says once which file it was and in which request, with no traceback."""
    store = Path(registry.environment["MODELKEEP_DATA_DIR"]) / "files"
    before = {file for file in store.rglob("*") if file.is_file()}
    client.upload(version.address, weights, type="WEIGHTS")
    (stored,) = {file for file in store.rglob("*") if file.is_file()} - before
    mode = stored.stat().st_mode
    stored.chmod(0o600)
    with stored.open("r+b") as opened:
        opened.seek(2_500_000)
        byte = opened.read(1)
        opened.seek(2_500_000)
        opened.write(bytes([byte[0] ^ 1]))
    stored.chmod(mode)
    address = f"{version.address}/model.safetensors"
    url = client.create_bundle_link(version.address).url if as_zip else client.create_link(address).url
    said = registry.output.stat().st_size

    with httpx2.stream("GET", url) as answer, pytest.raises(httpx2.RemoteProtocolError):
        answer.read()

    deadline = time.monotonic() + 5
    while registry.output.stat().st_size == said and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    with registry.output.open() as output:
        output.seek(said, os.SEEK_SET)
        lines = [json.loads(line) for line in output if line.strip()]
    assert [(line["level"], line["event"], line["file"]) for line in lines] == [
        ("warning", "download cut off", address)
    ]
    assert lines[0]["request_id"] == answer.headers["x-request-id"]
