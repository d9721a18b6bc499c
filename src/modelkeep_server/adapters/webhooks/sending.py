"""
POSTing a message within bounds: https only (http to networks that an operator named), a name looked up once and the
address found vetted and connected to, no redirect followed, no proxy, 5 seconds in all, 4 KiB of answer.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import h11

from modelkeep_server.adapters.webhooks.vetting import (
    Address,
    Network,
    find_host_fault,
    is_public,
    is_within,
    read_address,
)
from modelkeep_server.ports import HookFailed
from modelkeep_server.rules.webhooks import find_url_fault

TIMEOUT_SECONDS = 5.0
ANSWER_BYTES = 4096
HEAD_BYTES = 16 * 1024
_CHUNK = 4096
_PORTS = {"https": 443, "http": 80}
_SLOW = f"There was no whole answer within {TIMEOUT_SECONDS:g} seconds."
_INSIDE = (
    "The host leads to an address inside a network. An operator names networks that it may be in: webhook_networks."
)
_PLAIN = "Begin with https://: http:// is only for networks that an operator named in webhook_networks."

#: Gives the IP addresses of a name, as text. Raises OSError.
Resolver = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as this machine finds them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for _, _, _, _, place in found]


class SafeSender:
    """Sends each message in a connection of its own."""

    def __init__(
        self,
        networks: Sequence[Network] = (),
        *,
        resolve: Resolver = look_up,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._networks = networks
        self._resolve = resolve
        self._given_context = context

    def find_fault(self, url: str) -> str | None:
        """Why nothing is ever sent to this address, as a sentence, or None."""
        fault = find_url_fault(url)
        if fault:
            return fault
        parts = urlsplit(url)
        host = parts.hostname or ""
        fault = find_host_fault(host)
        if fault:
            return fault
        if parts.scheme != "https" and not self._networks:
            return _PLAIN
        address = read_address(host)
        return None if address is None else self._find_address_fault(parts, address)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST a message once. Raises HookFailed."""
        fault = self.find_fault(url)
        if fault:
            raise HookFailed(fault)
        parts = urlsplit(url)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        addresses = self._vet(parts, deadline)
        try:
            with _connect(addresses, _port_of(parts), deadline) as plain:
                plain.settimeout(_left(deadline))
                if parts.scheme == "http":
                    status = _ask(plain, parts, headers, body, deadline)
                else:
                    with self._context.wrap_socket(plain, server_hostname=parts.hostname) as wrapped:
                        status = _ask(wrapped, parts, headers, body, deadline)
        except ssl.SSLCertVerificationError as error:
            raise HookFailed("The receiver's certificate cannot be trusted.") from error
        except TimeoutError as error:
            raise HookFailed(_SLOW) from error
        except ssl.SSLError as error:
            raise HookFailed("The receiver speaks no TLS that is understood here.") from error
        except h11.ProtocolError as error:
            raise HookFailed("The receiver answered what is no HTTP, or too much of it.") from error
        except OSError as error:
            raise HookFailed("The receiver did not take the connection, or broke it off.") from error
        if not 200 <= status < 300:
            raise HookFailed(_say(status), answered=status)
        return status

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._given_context or ssl.create_default_context()

    def _vet(self, parts: SplitResult, deadline: float) -> list[Address]:
        """The addresses of the host, all of which may be connected to: one that may not spoils them all."""
        found: list[Address] = []
        for text in self._resolve_in_time(parts.hostname or "", _port_of(parts), deadline):
            address = read_address(text)
            fault = _INSIDE if address is None else self._find_address_fault(parts, address)
            if fault or address is None:
                raise HookFailed(fault or _INSIDE)
            if address not in found:
                found.append(address)
        if not found:
            raise HookFailed("The host has no address.")
        return found

    def _find_address_fault(self, parts: SplitResult, address: Address) -> str | None:
        if is_within(address, self._networks):
            return None
        if not is_public(address):
            return _INSIDE
        return None if parts.scheme == "https" else _PLAIN

    def _resolve_in_time(self, host: str, port: int, deadline: float) -> Sequence[str]:
        """What the resolver says, which knows no bound of its own: one that hangs is left alone with its thread."""
        address = read_address(host)
        if address is not None:
            return [str(address)]
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=resolve, name="webhook-lookup", daemon=True).start()
        try:
            answer = answers.get(timeout=_left(deadline))
        except (queue.Empty, TimeoutError):
            raise HookFailed("The host's name was not found in time.") from None
        if isinstance(answer, Exception):
            raise HookFailed("The host's name is not known.") from answer
        return answer


def _connect(addresses: Sequence[Address], port: int, deadline: float) -> socket.socket:
    """A connection to the first of them that takes one. Raises OSError."""
    for place, address in enumerate(addresses):
        share = _left(deadline) / (len(addresses) - place)
        try:
            return socket.create_connection((str(address), port), timeout=share)
        except OSError:
            if place == len(addresses) - 1:
                raise
    raise OSError("No address.")


def _ask(
    connection: socket.socket, parts: SplitResult, headers: Mapping[str, str], body: bytes, deadline: float
) -> int:
    """Send the request and read its answer to the end, or up to its bound. Gives the status."""
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {**headers, "Host": parts.netloc, "Content-Length": str(len(body)), "Connection": "close"}
    request = h11.Request(method="POST", target=target, headers=list(told.items()))
    sent = [protocol.send(event) or b"" for event in (request, h11.Data(body), h11.EndOfMessage())]
    connection.settimeout(_left(deadline))
    connection.sendall(b"".join(sent))
    status, read = 0, 0
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(_CHUNK)
            read += len(chunk)
            if read > HEAD_BYTES + ANSWER_BYTES:
                raise h11.RemoteProtocolError("Too much.")
            protocol.receive_data(chunk)
        elif isinstance(event, h11.Response):
            status = event.status_code
            if not 200 <= status < 300:
                return status
            read = 0
        elif isinstance(event, h11.Data) and read > ANSWER_BYTES:
            raise h11.RemoteProtocolError("Too much.")
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return status


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError where it is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _port_of(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _say(status: int) -> str:
    try:
        words = f" {HTTPStatus(status).phrase}"
    except ValueError:
        words = ""
    if 300 <= status < 400:
        return f"The receiver answered {status}{words}: it points elsewhere, which is not followed."
    return f"The receiver answered {status}{words}."
