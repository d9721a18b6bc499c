"""What answers that send files share: an end that is noted as it comes, and the name a browser saves them under."""

from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Send

from modelkeep_server.kit.disposition import attachment


class Transfer(StreamingResponse):
    """A streamed answer whose chunks are closed with it, so that a download that breaks off is noted there and then."""

    async def stream_response(self, send: Send) -> None:
        """Starlette's own, with an end to it."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


def headers_of_file(file_name: str, size_bytes: int) -> dict[str, str]:
    """The length, the name to save it under, and that a browser never shows it as a page."""
    return {
        "Content-Length": str(size_bytes),
        "Content-Disposition": attachment(file_name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
