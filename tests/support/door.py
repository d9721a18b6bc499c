"""The way of requests to a registry in this process, and the one event loop in which they run."""

import contextlib
import functools
from urllib.parse import unquote

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from modelkeep_server.interfaces.gate import Gate
from tests.support.knocking import Knock, ask

_begun = contextlib.ExitStack()


@functools.cache
def the_loop() -> BlockingPortal:
    """The event loop of this process, begun by whoever needs it first."""
    return _begun.enter_context(start_blocking_portal("asyncio"))


def end_loop() -> None:
    """End it, where it was begun."""
    _begun.close()
    the_loop.cache_clear()


class Door(httpx2.BaseTransport):
    """
    What carries requests to a registry in this process: one hop into its event loop, and one back with the whole
    answer.

    A 500 is an answer, not an error, and one that broke off is as long as it came.
    """

    def __init__(self, app: Gate, portal: BlockingPortal, address: str = "testclient") -> None:
        self._app, self._portal, self._address = app, portal, address

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to one request."""
        raw_path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
            "scheme": request.url.scheme, "path": unquote(request.url.path), "raw_path": raw_path,
            "query_string": query, "root_path": "", "state": {}, "client": (self._address, 50_000),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (request.url.host, request.url.port or 80),
        }  # fmt: skip
        body, told = request.read(), Knock()
        with contextlib.suppress(Exception):
            self._portal.call(ask, self._app, scope, [body] if body else [], told)
        content = b"" if request.method == "HEAD" else told.body
        return httpx2.Response(
            told.status or 500, headers=told.raw_headers, stream=httpx2.ByteStream(content), request=request
        )
