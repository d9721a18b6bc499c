"""Connections that break while a file is sent, on a server of its own and a real socket."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.running import RunningRegistry, running_registry

TARGET = "/api/v1/models/cut/churn/versions/1.0.0/artifacts/model.safetensors"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningRegistry, str]]:
    """A running registry with one version, and its owner's token."""
    with running_registry(tmp_path_factory.mktemp("cut")) as running:
        token = running.token("owner@example.com", "MODEL_OWNER")
        model = {"name": "churn", "group": "cut", "description": "x", "owners": ["a@b.de"], "riskTier": "LOW"}
        call(running, token, "/api/v1/models", model)
        call(running, token, "/api/v1/models/cut/churn/versions", {"version": "1.0.0"})
        yield running, token


def call(running: RunningRegistry, token: str, path: str, body: object = None) -> dict[str, object]:
    """What the API answers."""
    request = urllib.request.Request(
        running.url + path, headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode(),
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        return dict(json.load(answer))


def files_of(running: RunningRegistry) -> list[Path]:
    """Everything in the file store."""
    return [path for path in (Path(running.environment["MODELKEEP_DATA_DIR"]) / "files").rglob("*") if path.is_file()]


CUTS = {
    "after the headers": (b"Content-Length: 1000000", b""),
    "half way": (b"Content-Length: 1000000", b"x" * 500_000),
    "after a whole part": (b"Content-Length: 40000000", b"x" * 17_000_000),
    "within a chunk": (b"Transfer-Encoding: chunked", b"20000\r\n" + b"x" * 1000),
    "between chunks": (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    "with a broken chunk": (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\nzzz\r\n"),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_connection_that_breaks_leaves_nothing(server: tuple[RunningRegistry, str], cut: str) -> None:
    """Wherever it breaks, nothing is listed and nothing stays on the disk, and the server goes on."""
    running, token = server
    length, body = CUTS[cut]
    address = urlsplit(running.url)
    head = [
        b"PUT %s?type=WEIGHTS HTTP/1.1" % TARGET.encode(), b"Host: %s" % address.netloc.encode(),
        b"Authorization: Bearer %s" % token.encode(), length,
    ]  # fmt: skip

    with socket.create_connection((address.hostname, address.port or 80)) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        time.sleep(0.1)

    # On a busy machine the first of it may be written a moment after the cut.
    began = empty_since = time.monotonic()
    while time.monotonic() < began + 10 and time.monotonic() < empty_since + 0.5:
        if files_of(running):
            empty_since = time.monotonic()
        time.sleep(0.02)
    assert files_of(running) == []
    assert call(running, token, TARGET.removesuffix("/model.safetensors"))["items"] == []


def test_a_refused_upload_is_answered_while_it_is_being_sent(server: tuple[RunningRegistry, str]) -> None:
    """Who may not upload is told at once, not after the gigabytes they announced."""
    running, _ = server
    stranger = running.token("stranger@example.com", "MODEL_OWNER")
    address = urlsplit(running.url)
    head = (
        f"PUT {TARGET}?type=WEIGHTS HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {stranger}\r\n"
        "Content-Length: 4000000000\r\n\r\n"
    )

    with socket.create_connection((address.hostname, address.port or 80), timeout=5) as connection:
        connection.sendall(head.encode() + b"x" * 1000)
        answer = connection.recv(1000)

    assert answer.startswith(b"HTTP/1.1 403 ")
