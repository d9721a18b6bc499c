"""
The gate: what is judged before a request's body is read, as plain ASGI around the whole app.

In order: circumstances (request id, from where), the Host header, a credential at all, forgery (CSRF), the size of the
body. Every answer leaves with the security headers and the request id. Source: ASVS 3.4 and 3.5, RFC 6797.
"""

import hmac
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import Response

from modelkeep_server.db.work import Circumstances
from modelkeep_server.interfaces.door import Door, asking_of
from modelkeep_server.interfaces.meters import Meters
from modelkeep_server.interfaces.nearness import is_from_here
from modelkeep_server.interfaces.request_log import log_request
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import ForgedRequest, Malformed, NotSignedIn, RegistryError, Unavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"([^:]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True)
class GateSettings:
    """What the gate judges by. `hosts` in lower case without ports; `origins` as browsers send them."""

    hosts: frozenset[str]
    origins: frozenset[str]
    cookie_name: str
    csrf_key: bytes
    body_bytes: int
    secure: bool
    behind_proxy: bool = False
    proxy_hops: int = 1
    log_requests: bool = False
    open_paths: tuple[str, ...] = ("/api/v1/openapi.json", "/api/v1/docs", "/api/v1/status")
    #: What monitors on this machine ask for by a name of this machine, also where people use another.
    near_paths: tuple[str, ...] = ("/healthz", "/readyz", "/metrics")
    #: Calls that nobody's session or token has a part in, so that none is asked for and none can be misused.
    open_calls: tuple[str, ...] = ("/api/v1/device-logins", "/api/v1/device-logins/token")


def csrf_token(key: bytes, session_secret: str | None) -> str:
    """The token that ties a form to a session; of nobody's session while nobody is signed in."""
    return hmac.digest(key, (session_secret or "").encode(), "sha256").hex()


class Gate:
    """The middleware. `refuse` draws an error for the interface that the path belongs to."""

    def __init__(
        self, app: Starlette, *, settings: GateSettings, refuse: Callable[[Request, RegistryError], Response]
    ) -> None:
        self._app = app
        self._settings = settings
        self._refuse = refuse
        self._meters: Meters = app.state.door.meters

    @property
    def door(self) -> Door:
        """The door behind the gate."""
        door: Door = self._app.state.door
        return door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request, then pass it on, or answer it here; count it either way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        scope.setdefault("state", {})["status"] = 500
        self._meters.open += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._meters.open -= 1
            seconds = time.perf_counter() - began
            self._meters.note(scope, scope["state"]["status"], seconds)
            if self._settings.log_requests:
                log_request(scope, seconds)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        headers = Headers(scope=scope)
        secret = _cookie(headers, self._settings.cookie_name)
        now = clock.utc_now()
        circumstances = Circumstances(ids.ulid(clock.to_us(now)), now, self._source(scope, headers))
        state = scope["state"]
        state["circumstances"] = circumstances
        state["csrf"] = csrf_token(self._settings.csrf_key, secret)
        state["body_bytes_max"] = self._settings.body_bytes
        send = self._dressed(scope, self._timed(scope, send, clock.to_us(now) / 1_000_000), circumstances)
        error = self._judge(scope, headers, secret)
        if error is None:
            await self._app(scope, _limited(scope, headers, receive, self._meters), send)
            return
        request = Request(scope, receive)
        if isinstance(error, ForgedRequest):
            error = await self._record_forgery(request, error)
        await self._refuse(request, error)(scope, receive, send)

    def _source(self, scope: Scope, headers: Headers) -> str | None:
        """
        The visitor's address: as the outermost of our own proxies saw it, else the connection's.

        Each proxy adds whom it was asked by at the right end, so the one that `proxy_hops` counts to is the last that
        we believe; what stands before it the visitor may have written himself.
        """
        if self._settings.behind_proxy:
            told = ",".join(headers.getlist("x-forwarded-for")).split(",")
            hops = self._settings.proxy_hops
            seen = told[-hops].strip()[:64] if len(told) >= hops else ""
            if seen:
                return seen
        return scope["client"][0] if scope["client"] else None

    def _judge(self, scope: Scope, headers: Headers, secret: str | None) -> RegistryError | None:
        settings = self._settings
        hosts = headers.getlist("host")
        # Of two, nobody knows which one a program on the way went by.
        named = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        is_near = scope["path"] in settings.near_paths and is_from_here(scope, headers)
        if not is_near and (named is None or named[1] not in settings.hosts):
            return Malformed(
                "This registry does not answer to that host name.", remedy="Use the registry's own address."
            )
        has_token = "authorization" in headers
        path = scope["path"]
        if _CONTROLS.search(path) or b"%00" in scope["query_string"]:
            # No name holds one; routes drop a line break at the end, and PostgreSQL compares with no NUL.
            return Malformed("The address holds a control character.", remedy="Check the address.")
        if path in settings.open_calls:
            return None
        if path.startswith("/api/") and path not in settings.open_paths and not has_token and secret is None:
            return NotSignedIn("No token and no session was sent.")
        if scope["method"] in SAFE_METHODS or has_token:
            return None
        return self._judge_forgery(path, headers, secret)

    def _judge_forgery(self, path: str, headers: Headers, secret: str | None) -> ForgedRequest | None:
        site = headers.get("sec-fetch-site")
        same = site == "same-origin" if site is not None else headers.get("origin") in self._settings.origins
        if not same:
            return ForgedRequest("A write with a cookie must come from a page of this registry.")
        is_form = (headers.get("content-type") or "").startswith(FORM_TYPES)
        if is_form and not path.startswith("/api/"):
            return None
        expected = csrf_token(self._settings.csrf_key, secret)
        if not hmac.compare_digest(headers.get("x-csrf-token", "").encode(), expected.encode()):
            return ForgedRequest("The page's own token (X-CSRF-Token) is missing or of another session.")
        return None

    async def _record_forgery(self, request: Request, error: ForgedRequest) -> RegistryError:
        door: Door = request.app.state.door
        try:
            await door.hop(lambda: door.record_refusal(asking_of(request), "request.refuse", error))
        except Unavailable as unavailable:
            return unavailable
        return error

    def _timed(self, scope: Scope, send: Send, now_seconds: float) -> Send:
        began = time.perf_counter()
        door = self.door

        async def timed(message: MutableMapping[str, Any]) -> None:
            # How long a file takes to come in says nothing of the registry; such routes lift the limit of the body.
            is_answer = message["type"] == "http.response.start" and scope["state"]["body_bytes_max"] is not None
            if is_answer and not scope["path"].startswith("/static/"):
                door.timings.note(time.perf_counter() - began, now_seconds)
            await send(message)

        return timed

    def _dressed(self, scope: Scope, send: Send, circumstances: Circumstances) -> Send:
        meters = self._meters

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.body":
                meters.bytes_out += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                scope["state"]["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = circumstances.request_id
                headers.setdefault("Cache-Control", "no-store")
                if self._settings.secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
            await send(message)

        return dressed


def _cookie(headers: Headers, name: str) -> str | None:
    # The parser that `request.cookies` uses: one that stops at another program's odd cookie would lose the session.
    return cookie_parser(headers.get("cookie") or "").get(name)


def _limited(scope: Scope, headers: Headers, receive: Receive, meters: Meters) -> Receive:
    """
    A `receive` that refuses a body over the limit; a streaming route lifts it by setting `body_bytes_max` to None.
    """
    seen = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal seen
        most = scope["state"]["body_bytes_max"]
        declared = headers.get("content-length", "")
        if most is not None and declared.isdigit() and int(declared) > most:
            raise HTTPException(413, f"At most {most:,} bytes.")
        message = await receive()
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            meters.bytes_in += size
            seen += size
            if most is not None and seen > most:
                raise HTTPException(413, f"At most {most:,} bytes.")
        return message

    return limited


def origins_of(public_url: str) -> frozenset[str]:
    """The one origin of a public URL."""
    parts = urlsplit(public_url)
    return frozenset({f"{parts.scheme}://{parts.netloc}"})
