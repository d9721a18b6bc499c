"""
Every way a call can fail, drawn as one tree.

    ModelkeepError
    ├── NotConfigured       no address or no token is known
    ├── BadAddress          not GROUP/NAME, GROUP/NAME:VERSION or GROUP/NAME:VERSION/PATH
    ├── BadFile             a file or folder of this machine that cannot be used
    ├── DigestMismatch      bytes that are not the bytes the registry vouches for
    ├── Unreachable         no answer: no connection, a cut, or a timeout
    ├── UnexpectedAnswer    an answer that is not of a Modelkeep API
    └── ApiError            the registry said no; `status`, `code`, `detail`, `remedy`, `request_id`, `errors`
        ├── Malformed       400
        ├── NotSignedIn     401
        ├── Forbidden       403
        ├── NotFound        404  (also what one may not see)
        ├── Conflict        409
        ├── Gone            410
        ├── Stale           412
        ├── TooLarge        413
        ├── NotAccepted     415
        ├── Invalid         422  (`errors` names the fields)
        ├── TooMany         429
        └── Unavailable     502, 503, 504

Each carries what happened (`detail`) and what to do (`remedy`). Source of the API's errors: RFC 9457, problem+json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ModelkeepError(Exception):
    """The root of the tree."""

    remedy = "Try again."

    def __init__(self, detail: str, *, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if remedy is not None:
            self.remedy = remedy


class NotConfigured(ModelkeepError):
    """No address or no token is known."""

    remedy = (
        "Run `modelkeep login`, or set MODELKEEP_URL and MODELKEEP_TOKEN. "
        "A token is made on your profile page of the registry."
    )


class BadAddress(ModelkeepError):
    """Not an address of a model, a version or a file."""


class BadFile(ModelkeepError):
    """A file or folder of this machine that cannot be used."""


class DigestMismatch(ModelkeepError):
    """Bytes whose SHA-256 is not the one that the registry vouches for. They are not kept under the file's name."""

    remedy = "Run it again: the file is fetched anew. If it happens again, tell the registry's Admin."


class Unreachable(ModelkeepError):
    """No answer came. `never_sent` where no connection came about, so that nothing can have happened there."""

    remedy = "Check that MODELKEEP_URL is the registry's address and that it is up, then try again."

    def __init__(self, detail: str, *, never_sent: bool = False, remedy: str | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.never_sent = never_sent


class UnexpectedAnswer(ModelkeepError):
    """An answer that is not of a Modelkeep API, perhaps of something in front of it."""

    remedy = "Check that MODELKEEP_URL is the registry's own address, without /api/v1."


@dataclass(frozen=True)
class FieldError:
    """
    One field of the input, by its JSON name, and what is wrong with it; of a query also which of its characters, and
    a query that may have been meant; and what was `given`, where the address of the request said it.
    """

    field: str
    message: str
    position: int | None = None
    length: int | None = None
    suggestion: str | None = None
    given: str | None = None


class ApiError(ModelkeepError):
    """The registry said no. `code` is stable and for programs; `request_id` is what to name when asking for help."""

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        code: str,
        remedy: str | None = None,
        request_id: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after_seconds = retry_after_seconds
        self.status = status
        self.code = code
        self.request_id = request_id
        self.errors = tuple(errors)


class Malformed(ApiError):
    """400: the request cannot be read."""


class NotSignedIn(ApiError):
    """401: no token, or one that does not work any more."""


class Forbidden(ApiError):
    """403: understood and refused; `detail` says what is missing."""


class NotFound(ApiError):
    """404: not there, or not visible."""


class Conflict(ApiError):
    """409: a name that is taken, or a state that does not allow it."""


class Gone(ApiError):
    """410: it was there, and its time is over."""


class Stale(ApiError):
    """412: changed by someone else in the meantime; `errors` names the fields, by whom and when."""


class TooLarge(ApiError):
    """413: more bytes than allowed."""


class NotAccepted(ApiError):
    """415: a format that is not accepted."""


class Invalid(ApiError):
    """422: fields at fault, or requirements not met."""


class TooMany(ApiError):
    """429: more requests than allowed in this time."""


class Unavailable(ApiError):
    """502, 503, 504: not now. It was tried several times before this is raised."""


_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: Malformed,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Stale,
    413: TooLarge,
    415: NotAccepted,
    422: Invalid,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
_LOGIN = "Run `modelkeep login` again, or set MODELKEEP_TOKEN to a token that still works."


def from_problem(
    status: int,
    problem: Mapping[str, Any],
    *,
    request_id: str | None,
    retry_after_seconds: float | None,
    sent: Mapping[str, str] | None = None,
) -> ApiError:
    """
    The error for an answer's status and problem document.

    Args:
        problem: The JSON body, perhaps empty: something in front of the registry may have answered without one.
        request_id: Of the answer's header, used where the body names none.
        retry_after_seconds: Of the answer's header.
        sent: What the address of the request said of fields.
    """
    kind = _BY_STATUS.get(status, ApiError)
    faults = problem.get("errors")
    errors = [
        _read_fault(fault, sent or {})
        for fault in (faults if isinstance(faults, list) else [])
        if isinstance(fault, Mapping)
    ]
    # The API speaks of headers there; whoever uses this client has a shorter way.
    remedy = _LOGIN if kind is NotSignedIn else _text(problem, "remedy")
    return kind(
        _text(problem, "detail") or _text(problem, "title") or f"The registry answered with status {status}.",
        status=status,
        code=_text(problem, "code") or "unknown",
        remedy=remedy,
        request_id=_text(problem, "requestId") or request_id,
        errors=errors,
        retry_after_seconds=retry_after_seconds,
    )


def _read_fault(fault: Mapping[str, Any], sent: Mapping[str, str]) -> FieldError:
    field = str(fault.get("field", ""))
    return FieldError(
        field,
        str(fault.get("message", "")),
        _number(fault, "position"),
        _number(fault, "length"),
        _text(fault, "suggestion"),
        sent.get(field),
    )


def _number(problem: Mapping[str, Any], key: str) -> int | None:
    value = problem.get(key)
    return value if isinstance(value, int) else None


def _text(problem: Mapping[str, Any], key: str) -> str | None:
    value = problem.get(key)
    return value if isinstance(value, str) and value else None
