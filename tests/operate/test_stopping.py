"""The server ends in order: what is under way is finished, nothing new begins, and who insists is obeyed."""

import hashlib
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
import structlog

from modelkeep_server.operate import workers
from modelkeep_server.operate.workers import Crew
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

VERSION = "/api/v1/models/ends/first/versions/1.0.0"


@dataclass
class Counting:
    """A worker that fails first, then works until it is told to stop."""

    name: str = "counting"
    begun: int = 0
    running: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        """See Worker.run."""
        self.begun += 1
        if self.begun == 1:
            raise RuntimeError("at first it fails")
        self.running.set()
        stop.wait()
        self.ended.set()


def test_a_worker_that_fails_runs_again_and_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of one worker ends nothing; told to stop, it finishes and nothing is left."""
    monkeypatch.setattr(workers, "RETRY_SECONDS", 0.01)
    # The log of this process may still be that of a test before, whose standard error is closed by now.
    monkeypatch.setattr(workers, "log", structlog.wrap_logger(structlog.PrintLogger(sys.stderr)))
    counting = Counting()
    crew = Crew([counting], threading.Event())

    crew.start()
    is_running = counting.running.wait(10)
    left = crew.stop(within_seconds=10)

    assert (is_running, counting.ended.is_set(), list(left)) == (True, True, [])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[RunningRegistry, str]]:
    """A running registry with one version, and its owner's token."""
    with running_registry(tmp_path, by_command=True, MODELKEEP_DRAIN_SECONDS="1") as running:
        token = running.token("kim@company.com", "MODEL_OWNER")
        with httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {token}"}) as client:
            body = {"name": "first", "group": "ends", "description": "d", "owners": ["a@b.co"], "riskTier": "LOW"}
            client.post("/api/v1/models", json=body).raise_for_status()
            client.post("/api/v1/models/ends/first/versions", json={"version": "1.0.0"}).raise_for_status()
        yield running, token


def open_request(running: RunningRegistry, head: str, body: bytes = b"") -> socket.socket:
    """A connection on which a request was begun."""
    host, port = running.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(head.replace("HOST", f"{host}:{port}").encode() + body)
    return connection


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def is_refused(running: RunningRegistry) -> bool:
    """Whether nobody takes a new connection."""
    host, port = running.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def wait_for_end(pid: int, seconds: float) -> float:
    """How long the process still lived, in seconds."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        # A child that ended stays a zombie until its parent asks.
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    return time.monotonic() - begun


def test_what_is_under_way_is_finished(served: tuple[RunningRegistry, str]) -> None:
    """
    A stop in the middle of an upload, a download and a slow request: readiness goes at once, then new connections are
    refused, and all three end whole.
    """
    running, token = served
    content = make_safetensors(24_000_000, seed=1)
    with httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {token}"}) as client:
        client.put(f"{VERSION}/artifacts/old.safetensors?type=WEIGHTS", content=content).raise_for_status()
        link = client.post(f"{VERSION}/artifacts/old.safetensors/links").json()["url"]
    auth = f"Host: HOST\r\nAuthorization: Bearer {token}\r\n"
    upload = open_request(
        running,
        f"PUT {VERSION}/artifacts/new.safetensors?type=WEIGHTS HTTP/1.1\r\n{auth}"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n",
        content[:1_000_000],
    )
    download = open_request(running, f"GET {link.removeprefix(running.url)} HTTP/1.1\r\n{auth}\r\n")
    slow_body = json.dumps({"version": "2.0.0"}).encode()
    slow = open_request(
        running,
        f"POST /api/v1/models/ends/first/versions HTTP/1.1\r\n{auth}Content-Type: application/json\r\n"
        f"Content-Length: {len(slow_body)}\r\n\r\n",
        slow_body[:5],
    )
    time.sleep(0.2)

    os.kill(running.pid, signal.SIGTERM)
    time.sleep(0.1)
    ready = httpx2.get(f"{running.url}/readyz")
    time.sleep(1.2)
    refused = is_refused(running)
    upload.sendall(content[1_000_000:])
    slow.sendall(slow_body[5:])
    answers = [read_answer(connection) for connection in (upload, slow, download)]
    lived = wait_for_end(running.pid, 20)

    assert (ready.status_code, ready.json()["failing"], refused) == (503, ["stopping"], True)
    assert [status for status, _ in answers] == [201, 201, 200]
    assert hashlib.sha256(answers[2][1]).hexdigest() == hashlib.sha256(content).hexdigest()
    assert lived < 5
    for connection in (upload, slow, download):
        connection.close()


def test_a_second_signal_ends_the_server_at_once(served: tuple[RunningRegistry, str]) -> None:
    """Whatever is under way is cut; nothing half done is kept."""
    running, token = served
    head = (
        f"PUT {VERSION}/artifacts/cut.safetensors?type=WEIGHTS HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer {token}"
        "\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\n"
    )
    with open_request(running, head, b"x" * 1000):
        os.kill(running.pid, signal.SIGTERM)
        time.sleep(0.3)
        os.kill(running.pid, signal.SIGTERM)
        lived = wait_for_end(running.pid, 20)

    running.await_free_folder()
    assert lived < 1
    assert running.operate("audit", "verify").startswith("OK: ")
