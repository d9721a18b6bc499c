"""
The operators' app behind the Unix socket of a running server: one POST an operation.

The answer is JSON. A long operation answers in lines of it: `{"progress": "..."}` for as long as it takes, and last its
result, or `{"error": "..."}`. Whoever hangs up ends it.
"""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from modelkeep_server.app import House
from modelkeep_server.operate.operations import LONG_OPERATIONS, OPERATIONS, say
from modelkeep_server.operate.progress import Tell
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.rules.errors import RegistryError

log = structlog.get_logger()


def build_control(house: House) -> Starlette:
    """An ASGI app for operators on this host. Who reaches the socket is the server's own user."""

    async def act(request: Request) -> Response:
        name = request.path_params["name"]
        asked: dict[str, Any] = await request.json()
        long = LONG_OPERATIONS.get(name)
        if long is not None:
            lines = lines_of(lambda tell: _perform(name, lambda: long(house, asked, tell)))
            return StreamingResponse(lines, media_type="application/x-ndjson")
        operation = OPERATIONS.get(name)
        if operation is None:
            return JSONResponse({"error": "The running server is of another release. Restart it."}, 404)
        told, status = await asyncio.to_thread(_perform, name, lambda: operation(house, asked))
        return JSONResponse(told, status)

    return Starlette(routes=[Route("/{name}", act, methods=["POST"])])


def _perform(name: str, job: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], int]:
    try:
        return job(), 200
    except RegistryError as error:
        return {"error": say(error)}, 422
    except OperationRefused as error:
        return {"error": str(error)}, 422
    except Exception:
        log.exception("operation failed", name=name)
        return {"error": "The running server met a fault of its own; see its log."}, 500


async def lines_of(job: Callable[[Tell], tuple[dict[str, Any], int]]) -> AsyncGenerator[bytes, None]:
    """Run a job in a thread, and give what it tells as lines, its result last."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[str | None] = asyncio.Queue()
    is_gone = threading.Event()

    def tell(sentence: str) -> None:
        if is_gone.is_set():
            raise OperationRefused("Nobody waits for it any more.")
        loop.call_soon_threadsafe(told.put_nowait, sentence)

    running = asyncio.ensure_future(asyncio.to_thread(job, tell))
    running.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (sentence := await told.get()) is not None:
            yield json.dumps({"progress": sentence}).encode() + b"\n"
        result, _ = running.result()
        yield json.dumps(result).encode() + b"\n"
    finally:
        is_gone.set()
