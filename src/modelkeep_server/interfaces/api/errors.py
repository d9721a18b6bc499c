"""
Errors as `application/problem+json` (RFC 9457), with the registry's own `code`, `remedy`, `requestId` and field
errors.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from modelkeep_server.interfaces.api import tus
from modelkeep_server.interfaces.api.shapes.base import Problem, ProblemField, etag_of
from modelkeep_server.rules.errors import NotSignedIn, OffsetDiffers, ProtocolDiffers, RegistryError, Stale

MEDIA_TYPE = "application/problem+json"


def draw_problem(request: Request, error: RegistryError) -> Response:
    """The problem document for an error."""
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == NotSignedIn.status:
        headers["WWW-Authenticate"] = 'Bearer realm="modelkeep"'
    if isinstance(error, Stale) and error.revision:
        headers["ETag"] = etag_of(error.revision)
    if request.url.path.startswith(tus.UPLOADS):
        headers.update(tus.RESUMABLE)
    if isinstance(error, ProtocolDiffers):
        headers["Tus-Version"] = tus.VERSION
    if isinstance(error, OffsetDiffers):
        headers["Upload-Offset"] = str(error.offset_bytes)
    problem = Problem(
        type=f"urn:modelkeep:error:{error.code}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        code=error.code,
        remedy=error.remedy,
        help=f"/help/{error.help}" if error.help else None,
        request_id=request.state.circumstances.request_id,
        errors=[ProblemField.model_validate(fault) for fault in error.errors],
    )
    body: dict[str, Any] = problem.model_dump(by_alias=True, mode="json", exclude_none=True)
    return JSONResponse(_well_formed(body), status_code=error.status, headers=headers, media_type=MEDIA_TYPE)


def _well_formed(value: Any) -> Any:
    """The same value with half characters made visible: an error may quote input that UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _well_formed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_well_formed(inner) for inner in value]
    return value
