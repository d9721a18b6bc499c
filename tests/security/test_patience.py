"""What a stranger can make the server hold before any request is whole."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

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
