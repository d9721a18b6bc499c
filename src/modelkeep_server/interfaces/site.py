"""All doors on one FastAPI app, and how an error is drawn for the one that was knocked on."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Parts
from modelkeep_server.interfaces import assets, metrics, transfers
from modelkeep_server.interfaces.api import routes as api_routes
from modelkeep_server.interfaces.api.description import DescribedApp
from modelkeep_server.interfaces.api.errors import draw_problem
from modelkeep_server.interfaces.door import Door
from modelkeep_server.interfaces.doorway import declare_open, find_undeclared
from modelkeep_server.interfaces.web import routes as web_routes
from modelkeep_server.interfaces.web.face import draw_error
from modelkeep_server.kit.paging import CursorRefused
from modelkeep_server.rules.errors import (
    Conflict,
    FieldError,
    Invalid,
    Malformed,
    NotFound,
    RangeUnsatisfiable,
    RegistryError,
    TooLarge,
    Unavailable,
)

log = structlog.get_logger()

#: Links first: what is asked for hundreds of times a second is found without a look at all others.
ROUTERS = (transfers.router, *api_routes.ROUTERS, metrics.router, *web_routes.ROUTERS)


#: The worker that computes SHA-256 compiles WebAssembly. A worker has a policy of its own, so that pages may not.
_HASHER = re.compile(r"hash-worker\.[A-Z0-9]+\.js")
_HASHER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Site:
    """The app and how it draws a refusal that comes before any route."""

    app: FastAPI
    refuse: Callable[[Request, RegistryError], Response]


class UndeclaredRoutes(RuntimeError):
    """Routes that do not say which permission they need. The registry does not start with them."""


class _Hashed(StaticFiles):
    """Built assets: their names carry their hash, so browsers may keep them for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Starlette's answer, with leave to keep it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if _HASHER.fullmatch(str(args[0]).replace("\\", "/").rpartition("/")[2]):
            response.headers["Content-Security-Policy"] = _HASHER_POLICY
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the registry's own 404."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            raise NotFound("There is no such file.") from error


def make_app() -> FastAPI:
    """The routes of all doors, with nothing behind them yet: enough for the API to describe itself."""
    app = DescribedApp(
        title="Modelkeep",
        version=version("modelkeep"),
        description="A self-hosted AI model registry with governance built in. Send `Authorization: Bearer <token>`.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        # As they are: `include_router` makes every route anew at the first request, which takes half a second.
        app.router.routes.extend(router.routes)
    return app


def make_site(
    database: Database,
    parts: Parts,
    *,
    cookie_name: str,
    secure: bool,
    stopping: threading.Event,
    mail_health: Callable[[], None] | None = None,
) -> Site:
    """
    Put the doors together. Once `stopping` is set, `/readyz` sends load balancers away. `mail_health` raises where the
    mail server does not answer, and is None where there is none.

    Raises UndeclaredRoutes where a route does not say which permission it needs.
    """
    app = make_app()
    app.state.door = Door(database, parts, mail_health=mail_health)
    app.state.cookie_name = cookie_name
    app.state.secure = secure
    _add_probes(app, stopping)
    # Pages are never compressed: what they say of a session must not be told by their length.
    built = GZipMiddleware(_Hashed(directory=assets.FOLDER, check_dir=False), minimum_size=1024)
    app.mount(assets.URL, built, name="static")
    undeclared = [path for path in find_undeclared(app.routes) if path != app.openapi_url]
    if undeclared:
        raise UndeclaredRoutes(f"These routes declare no permission: {', '.join(undeclared)}")
    for kind in (RegistryError, RequestValidationError, HTTPException, CursorRefused, Exception):
        app.add_exception_handler(kind, _answer_error)
    return Site(app, draw)


def draw(request: Request, error: RegistryError) -> Response:
    """The error as the door that was knocked on draws it."""
    return draw_error(request, error) if _wants_page(request) else draw_problem(request, error)


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "*/*")


async def _answer_error(request: Request, error: Exception) -> Response:
    known = _to_registry_error(error)
    if known.status >= 500 and not isinstance(known, Unavailable):
        log.error("request failed", request_id=request.state.circumstances.request_id, exc_info=error)
    door: Door = request.app.state.door

    def answer() -> Response:
        if _wants_page(request) and not isinstance(known, Unavailable):
            door.learn_actor(request)
        return draw(request, known)

    response = await door.hop(answer)
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    if isinstance(error, RangeUnsatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.size_bytes}"
    return response


def _to_registry_error(error: Exception) -> RegistryError:
    if isinstance(error, RegistryError):
        return error
    if isinstance(error, RequestValidationError):
        return _from_validation(error.errors())
    if isinstance(error, CursorRefused):
        return Malformed(str(error), remedy="Start the list again without a cursor.")
    if isinstance(error, HTTPException):
        return _from_http(error)
    return RegistryError("The registry met a fault of its own. Nothing was saved.")


def _from_http(error: HTTPException) -> RegistryError:
    if error.status_code == 404:
        return NotFound("There is nothing at this address.")
    if error.status_code == TooLarge.status:
        return TooLarge(str(error.detail), remedy="Send a smaller body. Files go to the artifact routes.")
    if error.status_code == 405:
        remedy = "Go back to the page that you came from. Programs: the API reference says what it takes."
        refused = Conflict("This address does not take that method.", remedy=remedy)
        refused.status, refused.code, refused.title = 405, "method_not_allowed", "That method is not taken here"
        return refused
    return Malformed("The body cannot be read.")


def _from_validation(errors: Sequence[Mapping[str, Any]]) -> RegistryError:
    if any(error["type"] == "json_invalid" for error in errors):
        where = errors[0].get("ctx", {}).get("error", "")
        return Malformed(f"The body is not well-formed JSON{f': {where}' if where else ''}.")
    found = [FieldError(_field_of(error["loc"]), _sentence_of(error)) for error in errors]
    return Invalid.of(found[:50])


def _field_of(place: Sequence[str | int]) -> str:
    inner = [str(step) for step in place if step not in ("body", "query", "path", "header")]
    return ".".join(inner)[:200] or "body"


def _sentence_of(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "This field is not known here."
    if error["type"] == "missing":
        return "This is required."
    if error["type"] in ("literal_error", "enum"):
        return f"Choose one of {error['ctx']['expected'].replace(' or ', ', ')}.".replace("'", "")
    said = str(error["msg"]).removeprefix("Input ").removeprefix("Value error, ")
    # Not `capitalize`, which makes what may be written another word: the rest stays as it is.
    return f"{said[:1].upper()}{said[1:]}."


def _add_probes(app: FastAPI, stopping: threading.Event) -> None:
    @app.get("/healthz", include_in_schema=False)
    @declare_open
    async def healthz() -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    @declare_open
    async def readyz(request: Request) -> Response:
        """The database and the file store answer and the server is not ending, so that requests can be served."""
        if stopping.is_set():
            return JSONResponse({"ready": False, "failing": ["stopping"]}, status_code=503)
        door: Door = request.app.state.door
        failing = await door.hop(lambda: _find_failing(door))
        return JSONResponse({"ready": not failing, "failing": failing}, status_code=503 if failing else 200)


def _find_failing(door: Door) -> list[str]:
    failing = []
    for name, probe in (("database", door.database.ping), ("files", door.parts.blobs.health)):
        try:
            probe()
        except Exception:
            log.warning("not ready", part=name, exc_info=True)
            failing.append(name)
    return failing
