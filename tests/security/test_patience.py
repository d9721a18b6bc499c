"""What a stranger can make the server hold before any request is whole."""

import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
import uvloop

from modelkeep_server.operate import patience
from tests.support.running import running_registry


def test_a_head_without_end_is_hung_up_on(tmp_path: Path) -> None:
    """httptools holds headers without bound; the server takes 64 KiB and some, then answers 400 and closes."""
    with running_registry(tmp_path) as running:
        place = urlsplit(running.url)
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")

            with pytest.raises(ConnectionError):
                client.sendall(b"a" * 64 * 1024 * 1024)


def test_heads_and_bodies_have_a_time() -> None:
    """A head comes within half a minute; a body is never silent for more than one."""
    assert (patience.HEAD_SECONDS, patience.SILENCE_SECONDS) == (30.0, 60.0)


def test_who_takes_nothing_of_an_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for them is let go of after a time; whoever takes it slowly has all of it."""
    monkeypatch.setattr(patience, "SILENCE_SECONDS", 0.4)
    monkeypatch.setattr(patience, "_LOOK_EVERY_SECONDS", 0.05)
    mib, count, left = 2**20, 12, threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", str(count * mib).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(1, count + 1):
            await send({"type": "http.response.body", "body": bytes(mib), "more_body": number < count})
        if scope["path"] == "/stuck" and (await receive())["type"] == "http.disconnect":
            left.set()

    server = uvicorn.Server(uvicorn.Config(app, http=patience.PatientProtocol, lifespan="off", log_config=None))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: uvloop.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        stuck, slow = (socket.create_connection(listener.getsockname(), timeout=10) for _ in range(2))
        with stuck, slow:
            stuck.sendall(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            taken = 0
            while run := slow.recv(128 * 1024):
                taken += len(run)
                time.sleep(0.01)
            is_let_go = left.wait(5)
    finally:
        server.should_exit = True
        thread.join()

    assert (taken > count * mib, is_let_go) == (True, True)
