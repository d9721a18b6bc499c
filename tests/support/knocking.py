"""Knocking at a registry's door below any client: one ASGI request, with a body that is watched while it is read."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import anyio

from modelkeep_server.interfaces.gate import Gate

Message = MutableMapping[str, Any]


@dataclass
class Knock:
    """What came of one request. `chunks_read` counts how often the body was asked for."""

    status: int = 0
    raw_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    chunks_read: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """By their names in small letters."""
        return {name.decode().lower(): value.decode() for name, value in self.raw_headers}

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)


async def knock(
    app: Gate,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]] = (),
    chunks: Iterable[bytes] = (),
    on_start: Callable[[], Any] = lambda: None,
    query: bytes = b"",
    client: str = "127.0.0.1",
) -> Knock:
    """
    Send one request and gather the answer.

    Args:
        chunks: The body. Every chunk but the last says that more will come; an endless one is fine.
        on_start: Called at the moment the status line would leave.
        client: The address that it comes from.
    """
    named = [(b"host", b"127.0.0.1:8000"), *((name.lower().encode(), value.encode()) for name, value in headers)]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": named,
        "client": (client, 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    told = Knock()
    await ask(app, scope, chunks, told, on_start)
    return told


async def ask(
    app: Gate, scope: Message, chunks: Iterable[bytes], told: Knock, on_start: Callable[[], Any] = lambda: None
) -> None:
    """Send a request that is described already, and note the answer in `told`, as far as it comes."""
    bodies = iter(chunks)
    answered, is_read = anyio.Event(), False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            # Whoever listens for a visitor that leaves hears of it once they were answered.
            await answered.wait()
            return {"type": "http.disconnect"}
        told.chunks_read += 1
        chunk = next(bodies, None)
        is_read = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            on_start()
            told.status = message["status"]
            told.raw_headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            told.parts.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                answered.set()

    answering: Awaitable[None] = app(scope, receive, send)
    await answering


def endless(chunk: bytes = b"x" * 65_536) -> Iterable[bytes]:
    """A body that never ends."""
    return repeat(chunk)
