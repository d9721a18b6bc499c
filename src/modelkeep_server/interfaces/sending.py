"""What answers that send files share: an end that is noted as it comes, and the name a browser saves them under."""

from contextlib import aclosing

import structlog
from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Send

from modelkeep_server.interfaces.door import asking_of
from modelkeep_server.kit.disposition import attachment
from modelkeep_server.rules.errors import IntegrityBroken, RegistryError, Unavailable

log = structlog.get_logger()

#: What reading stored bytes may meet when an answer has begun: too late for a status, so that all there is is a cut.
BREAKS = (IntegrityBroken, Unavailable)


class CutOff(Exception):
    """The registry ends a transfer before its length. The log has said why by then (`tell_cut`)."""


class Transfer(StreamingResponse):
    """
    A streamed answer whose chunks are closed with it, so that a download that breaks off is noted there and then.

    Where its chunks raise CutOff it ends short of its length, and the web server cuts the connection.
    """

    async def stream_response(self, send: Send) -> None:
        """Starlette's own, with an end to it."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            try:
                await super().stream_response(send)
            except CutOff:
                return


def tell_cut(request: Request, file: str, error: RegistryError) -> CutOff:
    """Log that the registry cuts a transfer; raise what it gives. `file`: the address of the file that was read."""
    request_id = asking_of(request).circumstances.request_id
    log.warning("download cut off", request_id=request_id, file=file, why=error.detail)
    return CutOff(error.detail)


def headers_of_file(file_name: str, size_bytes: int) -> dict[str, str]:
    """The length, the name to save it under, and that a browser never shows it as a page."""
    return {
        "Content-Length": str(size_bytes),
        "Content-Disposition": attachment(file_name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
