"""Requests as they stand on the wire: addresses that no client would tidy up, and bodies that break off."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.lowlevel
from anyio.from_thread import BlockingPortal

from modelkeep_server.interfaces.gate import Gate
from tests.support.make import Person

Message = MutableMapping[str, Any]


@dataclass
class Told:
    """What came of a request. `reads` counts how often the body was asked for; `status` 0 means no answer at all."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reads: int = 0


def send(
    portal: BlockingPortal,
    app: Gate,
    method: str,
    target: str,
    *,
    person: Person | None = None,
    headers: Iterable[tuple[str, str]] = (),
    chunks: Iterable[bytes] = (),
    cut: bool = False,
    leave_after: int | None = None,
) -> Told:
    """
    Send one request, its address percent-decoded once as the server does it.

    Args:
        chunks: The body.
        cut: The connection breaks after the last chunk instead of ending the body.
        leave_after: Bytes of the answer after which the visitor is gone.
    """
    told = Told()
    bodies = iter(chunks)
    gone, ended = anyio.Event(), list[bool]()
    raw_path, _, query = target.partition("?")
    named = [(b"host", b"127.0.0.1:8000"), *((name.lower().encode(), value.encode()) for name, value in headers)]
    if person is not None:
        named.append((b"authorization", f"Bearer {person.token}".encode()))

    async def receive() -> Message:
        if ended:
            await gone.wait()
            return {"type": "http.disconnect"}
        told.reads += 1
        chunk = next(bodies, None)
        if chunk is None:
            ended.append(True)
            if cut:
                return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.status = message["status"]
            told.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            told.body += message.get("body", b"")
            if leave_after is not None and len(told.body) >= leave_after:
                gone.set()
                await anyio.lowlevel.checkpoint()

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(raw_path), "raw_path": raw_path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": named, "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    portal.call(app, scope, receive, answer)
    return told
