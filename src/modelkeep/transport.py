"""
HTTP to one registry: the token, timeouts, tries, and answers that are errors.

A request is tried again on 502, 503, 504, 429 and broken connections, waiting as Retry-After says (RFC 9110, section
10.2.3), else longer each time. None does harm when it arrives twice: a GET changes nothing, a file goes up under its
digest, and any other write bears an `Idempotency-Key` of its own, under which the registry does it once.
"""

import contextlib
import email.utils
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx2

from modelkeep.errors import ApiError, UnexpectedAnswer, Unreachable, from_problem
from modelkeep.login import Login, is_loopback

PREFIX = "/api/v1"
TRIES = 5
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 60.0
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
# The answer to the last byte of an upload comes after the registry has read the file back.
UPLOAD_ANSWER_SECONDS = 900.0

T = TypeVar("T")


class Transport:
    """A pool of connections to a registry. Close it, or use it in `with`. An empty token stands for none."""

    def __init__(self, login: Login, *, timeout_seconds: float) -> None:
        self._url = login.url
        self._token = login.token
        self._timeout = httpx2.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0))
        self._http = httpx2.Client(
            timeout=self._timeout, headers={"User-Agent": f"modelkeep/{version('modelkeep')}"}, follow_redirects=False
        )

    @property
    def url(self) -> str:
        """The registry's address."""
        return self._url

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, route: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON of a GET. Raises ApiError, Unreachable, UnexpectedAnswer."""
        return repeat(lambda: self._ask("GET", route, params=dict(params or {})))

    def post(self, route: str, document: Mapping[str, Any] | None = None, *, revision: int | None = None) -> Any:
        """The JSON of a POST, made on a revision or on whatever is there. Raises as `get`."""
        return self._write("POST", route, document, _made_on(revision))

    def put(self, route: str, document: Mapping[str, Any], *, revision: int | None = None) -> Any:
        """The JSON of a PUT, made on a revision or on whatever is there. Raises as `get`."""
        return self._write("PUT", route, document, _made_on(revision))

    def patch(self, route: str, changes: Mapping[str, Any], *, revision: int | None) -> Any:
        """The JSON of a PATCH, made on a revision or on whatever is there. Raises ApiError, Unreachable."""
        headers = {"Content-Type": "application/merge-patch+json", **_made_on(revision)}
        return self._write("PATCH", route, changes, headers)

    def delete(self, route: str, headers: Mapping[str, str] | None = None, *, revision: int | None = None) -> None:
        """A DELETE, made on a revision or on whatever is there. Raises ApiError, Unreachable."""
        headers = {**_once(), **_made_on(revision), **(headers or {})}
        repeat(lambda: self._ask("DELETE", route, headers=headers))

    def put_stream(
        self,
        route: str,
        open_body: Callable[[], Iterator[bytes]],
        headers: Mapping[str, str],
        params: Mapping[str, str],
    ) -> Any:
        """The JSON of a PUT whose body `open_body` gives, anew for each try. Raises as `get`."""
        timeout = httpx2.Timeout(self._timeout.connect, read=UPLOAD_ANSWER_SECONDS, write=self._timeout.write)
        return repeat(
            lambda: self._ask(
                "PUT", route, content=open_body(), headers=dict(headers), params=dict(params), timeout=timeout
            )
        )

    def send(
        self, method: str, route: str, headers: Mapping[str, str], body: Iterator[bytes] | None = None
    ) -> httpx2.Response:
        """
        One request, sent once, and the headers of its answer: for whoever knows how to go on after a cut.

        Raises:
            ApiError: The registry said no. Unreachable: No answer came.
        """
        timeout = httpx2.Timeout(self._timeout.connect, read=UPLOAD_ANSWER_SECONDS, write=self._timeout.write)
        sent = {"Accept": "application/json", **self._authorization(), **headers}
        with _connection_errors(self._url):
            answer = self._http.request(
                method,
                f"{self._url}{PREFIX}{route}",
                headers=sent,
                content=body,
                timeout=timeout if body is not None else self._timeout,
            )
        if not answer.is_success:
            raise _error_of(answer)
        return answer

    @contextlib.contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """
        The answer to one GET of a link, not read yet. Sent once: whoever reads on after a cut asks for the rest.

        Raises:
            ApiError: For any status but 200, 206 and 416.
            Unreachable: No connection, or a cut while the body is read.
        """
        target = self.reachable(url)
        # The token goes to the registry alone, whatever a link says.
        token = self._authorization() if _origin(target) == _origin(self._url) else {}
        # A coding on the way would break the count of bytes that a resumed transfer rests on.
        sent = {"Accept-Encoding": "identity", **token, **headers}
        with _connection_errors(self._url), self._http.stream("GET", target, headers=sent) as answer:
            if answer.status_code not in (200, 206, 416):
                answer.read()
                raise _error_of(answer)
            yield answer

    def reachable(self, url: str) -> str:
        """
        A link as this client reaches it.

        Through a tunnel, or under another name of this machine, the registry's own address is not the one in use here.
        """
        if not (is_loopback(url) or is_loopback(self._url)):
            return url
        ours, theirs = urlsplit(self._url), urlsplit(url)
        return urlunsplit((ours.scheme, ours.netloc, theirs.path, theirs.query, ""))

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _write(
        self, method: str, route: str, document: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None
    ) -> Any:
        sent = {**_once(), **({} if document is None else {"Content-Type": "application/json"}), **(headers or {})}
        # NaN goes out as it stands, though JSON has none: the registry says which field it is in, and what to do.
        body = None if document is None else json.dumps(document).encode()
        return repeat(lambda: self._ask(method, route, content=body, headers=sent))

    def _ask(self, method: str, route: str, *, headers: Mapping[str, str] | None = None, **rest: Any) -> Any:
        sent = {"Accept": "application/json", **self._authorization(), **(headers or {})}
        with _connection_errors(self._url):
            answer = self._http.request(method, f"{self._url}{PREFIX}{route}", headers=sent, **rest)
        if not answer.is_success:
            raise _error_of(answer)
        if answer.status_code == httpx2.codes.NO_CONTENT:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise UnexpectedAnswer(f"{self._url} answered with something that is not JSON.") from error


def _made_on(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"r{revision}"'}


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def repeat(ask: Callable[[], T], *, tries: int = TRIES) -> T:
    """Ask until it is answered, at most `tries` times, where asking again is of use. Raises what the last try did."""
    for attempt in range(tries):
        try:
            return ask()
        except (Unreachable, ApiError) as error:
            wait = wait_seconds(error, attempt)
            if wait is None or attempt == tries - 1:
                raise
            time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def wait_seconds(error: Unreachable | ApiError, attempt: int) -> float | None:
    """
    How long to wait before trying again, or None where trying again is of no use. `attempt` is 0 for the first try.
    """
    if isinstance(error, ApiError) and error.status not in RETRIED_STATUSES:
        return None
    told = error.retry_after_seconds if isinstance(error, ApiError) else None
    if told is not None:
        return told if told <= LONGEST_WAIT_SECONDS else None
    # Jitter, so that many jobs that were cut at once do not return at once.
    return FIRST_WAIT_SECONDS * (1 << attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


@contextlib.contextmanager
def _connection_errors(url: str) -> Iterator[None]:
    try:
        yield
    except httpx2.TimeoutException as error:
        never_sent = isinstance(error, (httpx2.ConnectTimeout, httpx2.PoolTimeout))
        raise Unreachable(f"{url} did not answer in time.", never_sent=never_sent) from error
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        never_sent = isinstance(error, httpx2.ConnectError)
        what = "cannot be reached" if never_sent else "broke the connection"
        raise Unreachable(f"{url} {what}: {str(error) or type(error).__name__}.", never_sent=never_sent) from error


def _error_of(answer: httpx2.Response) -> ApiError | UnexpectedAnswer:
    if answer.is_redirect:
        return UnexpectedAnswer(
            f"{answer.url} redirects to {answer.headers.get('location', 'another address')}.",
            remedy="Use that address as MODELKEEP_URL; a token is not carried along on redirects.",
        )
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    return from_problem(
        answer.status_code,
        problem if isinstance(problem, dict) else {},
        request_id=answer.headers.get("x-request-id"),
        retry_after_seconds=_retry_after(answer.headers.get("retry-after")),
        sent=answer.url.params,
    )


def _retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        at = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
