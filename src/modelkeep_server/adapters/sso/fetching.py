"""
Talking to an issuer within bounds: https only (plain http to this machine alone), no redirect followed, small answers,
a few seconds in all. What breaks a bound is the issuer's fault, never ours to wait for.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx2

from modelkeep_server.ports import IssuerDown, IssuerFault

TIMEOUT_SECONDS = 5.0
ANSWER_BYTES = 512 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Packed answers could unfold beyond any bound.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "modelkeep"}


def is_safe(url: str) -> bool:
    """Whether an address may be asked: https, or http on this machine, and no credentials in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


class Bounded(httpx2.AsyncBaseTransport):
    """A transport that hands over whole, small, direct answers, and refuses all others."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer. Raises IssuerFault, IssuerDown."""
        if not is_safe(str(request.url)):
            raise IssuerFault("unsafe_address")
        answer = await self._inner.handle_async_request(request)
        try:
            if 300 <= answer.status_code < 400:
                raise IssuerFault("redirected")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise IssuerFault("malformed_answer")
            body = bytearray()
            async for chunk in answer.stream:  # type: ignore[union-attr]
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise IssuerFault("too_large")
        finally:
            await answer.aclose()
        kind = {"content-type": answer.headers.get("content-type", "")}
        return httpx2.Response(answer.status_code, headers=kind, content=bytes(body), request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


@cache
def _trust() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def make_transport(url: str) -> Bounded:
    """A transport for one address, through the proxy that the environment names for it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    direct = host in LOOPBACK or proxy_bypass(host)
    proxy = None if direct else getproxies().get(parts.scheme)
    return Bounded(httpx2.AsyncHTTPTransport(verify=_trust(), proxy=proxy, trust_env=False))


@asynccontextmanager
async def within_bounds() -> AsyncIterator[None]:
    """What is done here ends in time, and says in the port's words why it could not."""
    try:
        with anyio.fail_after(2 * TIMEOUT_SECONDS):
            yield
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
        raise IssuerDown(f"{type(error).__name__}: {error}"[:300]) from error


async def fetch_json(url: str, *, token: str | None = None) -> dict[str, Any]:
    """The JSON object at an address, with a bearer token where one is given. Raises IssuerDown, IssuerFault."""
    headers = HEADERS if token is None else {**HEADERS, "Authorization": f"Bearer {token}"}
    async with within_bounds():
        transport = make_transport(url)
        async with httpx2.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, headers=headers) as client:
            answer = await client.get(url)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise IssuerDown(f"HTTP {answer.status_code} at {url}"[:300])
    if answer.status_code != 200:
        raise IssuerFault("malformed_answer")
    try:
        found = answer.json()
    except (ValueError, RecursionError) as error:
        raise IssuerFault("malformed_answer") from error
    if not isinstance(found, dict):
        raise IssuerFault("malformed_answer")
    return found
