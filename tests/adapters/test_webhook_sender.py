"""Messages to addresses that people typed: where they may go, and within which bounds."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest

from modelkeep_server.adapters.webhooks import sending
from modelkeep_server.adapters.webhooks.sending import TIMEOUT_SECONDS, SafeSender
from modelkeep_server.ports import HookFailed

HERE = (ip_network("127.0.0.0/8"),)

#: How an address is written that leads inside; `{port}` is the canary's.
INSIDE = (
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://127.255.255.254:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://10.0.0.1:{port}/",
    "https://172.16.0.1:{port}/",
    "https://192.168.1.1:{port}/",
    "https://100.64.0.1:{port}/",
    "https://169.254.169.254:{port}/latest/meta-data/",
    "https://192.0.0.192:{port}/",
    "https://192.0.0.8:{port}/",
    "https://192.52.193.1:{port}/",
    "https://192.0.2.1:{port}/",
    "https://192.88.99.1:{port}/",
    "https://198.18.0.1:{port}/",
    "https://224.0.0.1:{port}/",
    "https://239.255.255.250:{port}/",
    "https://240.0.0.1:{port}/",
    "https://255.255.255.255:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::ffff:0:127.0.0.1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[0:0:0:0:0:ffff:a00:1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001::7f00:1]:{port}/",
    "https://[2001:db8::1]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fec0::1]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST.:{port}/",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "https://user:secret@127.0.0.1:{port}/",
    "https://example.com@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@example.com/",
    "https://127.0.0.1:{port}/#@example.com",
    "https://①②⑦.⓪.⓪.①:{port}/",
    "https://127。0。0。1:{port}/",
    "https://inside.example.com:{port}/",
    "https://partly.example.com:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "//127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https://127.0.0.1:{port} .example.com/",
    "https://-127.0.0.1:{port}/",
    "https://:{port}/",
)
NAMES = {"inside.example.com": ["10.1.2.3"], "partly.example.com": ["93.184.215.14", "127.0.0.1"]}


@dataclass
class Receiver:
    """Something that listens, and what became of it."""

    port: int
    taken: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[Receiver]:
    """A listener on this machine that hands each connection to `serve`, once what it was sent was noted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        receiver = Receiver(server.getsockname()[1])

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    receiver.taken.append(connection.recv(65536))
                    serve(connection)

        threading.Thread(target=work, daemon=True).start()
        yield receiver
        server.shutdown(socket.SHUT_RDWR)


def answering(data: bytes) -> Callable[[socket.socket], None]:
    """Answers everything with these bytes."""
    return lambda connection: connection.sendall(data)


def find(host: str, port: int) -> list[str]:
    """A resolver that knows a few names, and reads numbers as the C library does."""
    if host in NAMES:
        return NAMES[host]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


def test_nothing_reaches_an_address_inside(monkeypatch):
    """However an address that leads inside is written, it is refused before anything connects, or tries to."""
    tried = []

    def refuse(place, **_):
        tried.append(place)
        raise OSError

    monkeypatch.setattr(sending.socket, "create_connection", refuse)
    with listening(answering(b"")) as canary:
        sender = SafeSender(resolve=find)

        for pattern in INSIDE:
            with pytest.raises(HookFailed):
                sender.send(pattern.format(port=canary.port), {}, b"{}")

    assert len(INSIDE) >= 40
    assert (canary.taken, tried) == ([], [])


def test_a_name_is_looked_up_once_and_what_was_found_is_connected_to():
    """A name that leads elsewhere the second time it is asked for brings nobody inside."""
    asked: list[str] = []

    def rebind(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.9"] if len(asked) == 1 else ["127.0.0.1"]

    with listening(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as canary, pytest.raises(HookFailed):
        SafeSender([ip_network("127.0.0.9/32")], resolve=rebind).send(f"http://a.test:{canary.port}/", {}, b"{}")

    assert asked == ["a.test"]
    assert canary.taken == []


def test_a_network_that_the_operator_named_is_reached_by_http_too(monkeypatch):
    """In a named network the message arrives whole, past any proxy, under the name that was typed."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with listening(answering(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok")) as receiver:
        sender = SafeSender(HERE, resolve=lambda host, port: ["127.0.0.1"])

        status = sender.send(f"http://hooks.inside:{receiver.port}/a?b=c", {"webhook-id": "m1"}, b'{"a":1}')

    head, body = receiver.taken[0].split(b"\r\n\r\n")
    assert status == 202
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert f"host: hooks.inside:{receiver.port}".encode() in head.lower()
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    ("answer", "says", "status"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "not followed", 302),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "410 Gone", 410),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "500", 500),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 30_000, "too much", None),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 30_000, "too much", None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP", None),
        (b"", "no HTTP", None),
    ],
)
def test_a_bad_answer_is_told_in_words(answer, says, status):
    """What is no plain answer of success is told as a sentence, and a redirect leads nowhere."""
    with listening(answering(answer)) as receiver, pytest.raises(HookFailed, match=says) as told:
        SafeSender(HERE).send(f"http://127.0.0.1:{receiver.port}/", {}, b"{}")

    assert told.value.answered == status
    assert len(receiver.taken) == 1


def test_a_dripping_receiver_and_a_slow_resolver_are_left_in_time(monkeypatch):
    """All of it ends within the time there is, whatever the other side does."""
    monkeypatch.setattr("modelkeep_server.adapters.webhooks.sending.TIMEOUT_SECONDS", 0.4)
    assert TIMEOUT_SECONDS == 5

    def drip(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" * 3:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    began = time.monotonic()
    with listening(drip) as receiver, pytest.raises(HookFailed, match="no whole answer"):
        SafeSender(HERE).send(f"http://127.0.0.1:{receiver.port}/", {}, b"{}")
    with pytest.raises(HookFailed, match="in time"):
        SafeSender(HERE, resolve=lambda host, port: time.sleep(2) or []).send("http://slow.test/", {}, b"{}")
    assert time.monotonic() - began < 1.5


def test_a_certificate_that_nobody_vouches_for_is_refused():
    """TLS without a certificate that is trusted carries nothing."""
    with listening(answering(b"")) as receiver, pytest.raises(HookFailed, match=r"TLS|certificate|connection"):
        SafeSender(HERE).send(f"https://127.0.0.1:{receiver.port}/", {}, b"secret")

    assert all(b"secret" not in taken for taken in receiver.taken)
