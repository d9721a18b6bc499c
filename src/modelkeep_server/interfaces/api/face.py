"""How the API draws answers, and what its routes share: the doorway, the JSON-only route, paging parameters."""

import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.interfaces.door import Asking
from modelkeep_server.interfaces.doorway import Doorway
from modelkeep_server.kit.paging import CURSOR_CHARS_MAX, DEFAULT_LIMIT, MAX_LIMIT
from modelkeep_server.rules.errors import FieldError, Invalid, NotAccepted
from modelkeep_server.rules.permissions import PERMISSIONS

_REVISION_TAG = re.compile(r'"r([0-9]{1,9})"')
JSON_TYPES = ("application/json", "application/merge-patch+json")

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description=f"How many rows, {DEFAULT_LIMIT} unless said.")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="The ETag that the edit was made on; without it, the last edit wins.",
    ),
]
Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARS_MAX, description="`nextCursor` of the page before.")]


@dataclass(frozen=True)
class Answer:
    """A shape with a status and headers of its own; no body at all where there is nothing to tell."""

    body: BaseModel | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class ApiFace:
    """Shapes as JSON."""

    def draw(self, result: Any, asking: Asking, work: Work | None) -> Response:
        """JSON for a shape or an Answer."""
        answer = result if isinstance(result, Answer) else Answer(result)
        if answer.body is None:
            return Response(status_code=answer.status, headers=answer.headers)
        return Response(
            answer.body.model_dump_json(by_alias=True).encode("utf-8", "backslashreplace"),
            status_code=answer.status,
            headers=answer.headers,
            media_type="application/json",
        )


class JsonRoute(APIRoute):
    """
    A route that takes JSON and the parameters it knows, and nothing else. Judged before the body is read.

    What its handler declared at the doorway stands in the API's description as `x-permission` and `x-token-scope`.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        # One that declares none is refused by name when the site is put together.
        permission = PERMISSIONS.get(getattr(endpoint, "__act__", ""))
        declared = {"x-permission": permission.act, "x-token-scope": permission.scope} if permission else {}
        super().__init__(path, endpoint, **{**told, "openapi_extra": {**(told.get("openapi_extra") or {}), **declared}})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler behind the checks."""
        handle = super().get_route_handler()
        known = set(_query_names(self.dependant))
        takes_json = self.body_field is not None

        async def handle_checked(request: Request) -> Response:
            # A filter that is not known would else be dropped, and the answer read as filtered.
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise Invalid.of([FieldError(name[:100], "This parameter is not known here.") for name in unknown[:20]])
            if takes_json:
                _demand_json(request)
            return await handle(request)

        return handle_checked


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The names of every query parameter that a route or what it depends on takes."""
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _demand_json(request: Request) -> None:
    sent = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and sent not in JSON_TYPES:
        raise NotAccepted(f"This route takes application/json, not {sent[:80] or 'a body without a type'}.")


def read_if_match(header: str | None) -> frozenset[int] | None:
    """
    The revisions that an If-Match header names, or None where any would do (no header, or `*`). A tag of another form
    matches no revision (RFC 9110, section 13.1.1); one that a proxy made weak still names its revision.
    """
    if header is None or header.strip() == "*":
        return None
    return frozenset(int(found) for found in _REVISION_TAG.findall(header))


door = Doorway(ApiFace(), takes_keys=True)

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    # That each is a Problem, description.py says: told here, every route would make eleven models of it as it loads.
    status: {"description": words}
    for status, words in (
        (400, "The request cannot be read."),
        (401, "Nobody is signed in."),
        (403, "Refused; says what is missing."),
        (404, "Not there, or not visible."),
        (409, "A conflict of names or states."),
        (412, "Changed since it was read; says what."),
        (413, "Too large."),
        (415, "Not an accepted type."),
        (422, "Fields at fault."),
        (429, "Too many tries."),
        (503, "Not now; see Retry-After."),
    )
}


def make_router(tag: str) -> APIRouter:
    """A router of the API: JSON only, every error documented."""
    return APIRouter(
        prefix="/api/v1",
        tags=[tag],
        route_class=JsonRoute,
        responses=_PROBLEMS,
        generate_unique_id_function=lambda route: route.name,
    )
