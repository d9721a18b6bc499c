"""The operators' app behind the Unix socket of a running server: one POST an operation."""

from typing import Any

import anyio.to_thread
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modelkeep_server.app import House
from modelkeep_server.operate.operations import OPERATIONS, say
from modelkeep_server.rules.errors import RegistryError

log = structlog.get_logger()


def build_control(house: House) -> Starlette:
    """An ASGI app for operators on this host. Who reaches the socket is the server's own user."""

    async def act(request: Request) -> Response:
        operation = OPERATIONS.get(request.path_params["name"])
        if operation is None:
            return JSONResponse({"error": "The running server is of another release. Restart it."}, 404)
        asked: dict[str, Any] = await request.json()
        try:
            return JSONResponse(await anyio.to_thread.run_sync(lambda: operation(house, asked)))
        except RegistryError as error:
            return JSONResponse({"error": say(error)}, 422)
        except Exception:
            log.exception("operation failed", name=request.path_params["name"])
            return JSONResponse({"error": "The running server met a fault of its own; see its log."}, 500)

    return Starlette(routes=[Route("/{name}", act, methods=["POST"])])
