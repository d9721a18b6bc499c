"""Routes that take a JSON body also as clients pack it: with `Content-Encoding: gzip`."""

import zlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from starlette.responses import Response

from modelkeep_server.interfaces.api.face import JsonRoute
from modelkeep_server.rules.errors import Malformed, NotAccepted, TooLarge

#: zlib's number for the gzip form with the largest window.
_GZIP = 31


class PackedRoute(JsonRoute):
    """A JsonRoute whose body may be packed. Unpacked it may be as large as any other body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, on the body unpacked."""
        handle = super().get_route_handler()

        async def handle_unpacked(request: Request) -> Response:
            unpacked = _Unpacked(request.scope, request.receive)
            if "content-encoding" in request.headers:
                # Before FastAPI reads it, which takes whatever is raised meanwhile for bad JSON.
                await unpacked.body()
            return await handle(unpacked)

        return handle_unpacked


class _Unpacked(Request):
    async def body(self) -> bytes:
        """The body as it was before it was packed. Raises Malformed, NotAccepted, TooLarge."""
        if not hasattr(self, "_body"):
            self._body = _unpack(await super().body(), self.headers.get("content-encoding", ""), self)
        return self._body


def _unpack(packed: bytes, encoding: str, request: Request) -> bytes:
    if encoding.strip().lower() in ("", "identity"):
        return packed
    if encoding.strip().lower() != "gzip":
        raise NotAccepted(f"A body may be packed by gzip, not by {encoding[:40]}.")
    most: int = request.state.body_bytes_max
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise Malformed("The body is not well-formed gzip.") from error
    if len(body) > most:
        raise TooLarge(f"At most {most:,} bytes, unpacked.", remedy="Send fewer events at a time.")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("The body is not well-formed gzip: it is cut off, or more follows it.")
    return body
