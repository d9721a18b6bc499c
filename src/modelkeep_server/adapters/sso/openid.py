"""
An issuer of OpenID Connect: the code flow with PKCE, and nothing of it left to what the issuer would accept.

Authlib makes the requests of OAuth; what counts as proof is decided here and in id_tokens.py. What the issuer publishes
about itself, and its keys, are kept for an hour. Source: OpenID Connect Core 1.0 and Discovery 1.0, RFC 7636, RFC 9207,
RFC 9700.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from modelkeep_server.adapters.sso import fetching
from modelkeep_server.adapters.sso.id_tokens import Expected, UnknownKey, read_id_token
from modelkeep_server.kit import clock
from modelkeep_server.ports import OAUTH_ERRORS, Departure, IssuerDown, IssuerFault, Presented

KEPT_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 60.0
#: After it failed an issuer is left alone for so long, so that a crowd at the door does not wait for it one by one.
PAUSE_SECONDS = 3.0
CODE_CHARS = 4096
ID_TOKEN_KEPT_CHARS = 16 * 1024


@dataclass(frozen=True)
class Registration:
    """How this registry is known to an issuer. `roles_name`: the first step to the claim that roles come from."""

    url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: str
    prompt: str | None
    roles_name: str | None


class OpenIdIssuer:
    """The port `SignInIssuer`, for any issuer that keeps to the standard."""

    def __init__(self, registration: Registration) -> None:
        self._known = registration
        self._published: dict[str, Any] = {}
        self._published_at = -KEPT_SECONDS
        self._keys: list[dict[str, Any]] = []
        self._keys_at = -KEPT_SECONDS
        self._keys_again_at = -KEYS_AGAIN_SECONDS
        self._failed_at = -PAUSE_SECONDS

    async def begin(self, *, state: str, callback: str, again: bool = False) -> Departure:
        """See the port."""
        published = await self._discover()
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        asked: dict[str, Any] = {"nonce": nonce}
        if again:
            asked |= {"prompt": "login", "max_age": "0"}
        elif self._known.prompt:
            asked["prompt"] = self._known.prompt
        async with self._client(published["authorization_endpoint"], callback) as client:
            url, _ = client.create_authorization_url(
                published["authorization_endpoint"], state=state, code_verifier=verifier, **asked
            )
        return Departure(url, nonce, verifier)

    async def finish(
        self, answer: Mapping[str, str], *, kept: Departure, callback: str, shown_since: datetime | None = None
    ) -> Presented:
        """See the port."""
        published = await self._discover()
        code = self._read_answer(answer, published)
        tokens = await self._redeem(published["token_endpoint"], code, kept.verifier, callback)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise IssuerFault("no_id_token")
        access_token = access_token if isinstance(access_token, str) else None
        expected = Expected(
            self._known.url, self._known.client_id, kept.nonce, clock.utc_now(), access_token, shown_since
        )
        claims = await self._read_token(id_token, expected, published)
        claims = await self._add_userinfo(claims, access_token, published)
        leaves = "end_session_endpoint" in published and len(id_token) <= ID_TOKEN_KEPT_CHARS
        return Presented(
            subject=claims["sub"],
            email=_text(claims.get("email")),
            email_verified=claims.get("email_verified") is True,
            name=_text(claims.get("name")),
            claims=claims,
            id_token=id_token if leaves else None,
        )

    async def find_exit(self, id_token: str, *, back: str) -> str | None:
        """See the port. Source: OpenID Connect RP-Initiated Logout 1.0."""
        place = (await self._discover()).get("end_session_endpoint")
        if place is None:
            return None
        asked = {"client_id": self._known.client_id, "id_token_hint": id_token, "post_logout_redirect_uri": back}
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"

    def _read_answer(self, answer: Mapping[str, str], published: Mapping[str, Any]) -> str:
        """The code in the query that a person came back with, once it is this issuer's."""
        named = answer.get("iss")
        if named is None and published.get("authorization_response_iss_parameter_supported") is True:
            raise IssuerFault("wrong_response_issuer")
        if named is not None and named != self._known.url:
            raise IssuerFault("wrong_response_issuer")
        if "error" in answer:
            raise IssuerFault("issuer_error", _known_code(answer["error"]))
        code = answer.get("code", "")
        if not 0 < len(code) <= CODE_CHARS or not code.isprintable():
            raise IssuerFault("no_code")
        return code

    async def _redeem(self, place: str, code: str, verifier: str, callback: str) -> Mapping[str, Any]:
        try:
            async with fetching.within_bounds(), self._client(place, callback) as client:
                tokens: Mapping[str, Any] = await client.fetch_token(
                    place, grant_type="authorization_code", code=code, code_verifier=verifier, auth=self._proof(),
                    headers=fetching.HEADERS,
                )  # fmt: skip
        except OAuthError as error:
            raise IssuerFault("token_refused", _known_code(error.error)) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise IssuerFault("malformed_answer") from error
        return tokens

    def _client(self, place: str, callback: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self._known.client_id,
            client_secret=self._known.client_secret,
            token_endpoint_auth_method=self._method(),
            scope=self._known.scopes,
            redirect_uri=callback,
            code_challenge_method="S256",
            transport=fetching.make_transport(place),
            timeout=fetching.TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def _method(self) -> str:
        if self._known.client_secret is None:
            return "none"
        offered = self._published.get("token_endpoint_auth_methods_supported")
        posts = isinstance(offered, list) and "client_secret_basic" not in offered
        return "client_secret_post" if posts else "client_secret_basic"

    def _proof(self) -> Any:
        """How we show who we are. Authlib sends both parts of basic as they are; RFC 6749, 2.3.1 encodes them."""
        if self._method() != "client_secret_basic":
            return None
        return httpx2.BasicAuth(quote_plus(self._known.client_id), quote_plus(self._known.client_secret or ""))

    async def _read_token(self, token: str, expected: Expected, published: Mapping[str, Any]) -> dict[str, Any]:
        await self._learn_keys(published["jwks_uri"], KEPT_SECONDS)
        try:
            return read_id_token(token, self._keys, expected)
        except UnknownKey:
            if time.monotonic() - self._keys_again_at < KEYS_AGAIN_SECONDS:
                raise
        self._keys_again_at = time.monotonic()
        await self._learn_keys(published["jwks_uri"], 0)
        return read_id_token(token, self._keys, expected)

    async def _learn_keys(self, place: str, kept_seconds: float) -> None:
        if time.monotonic() - self._keys_at < kept_seconds:
            return
        listed = (await fetching.fetch_json(place)).get("keys")
        if not isinstance(listed, list):
            raise IssuerFault("malformed_answer")
        self._keys = [key for key in listed if isinstance(key, dict)]
        self._keys_at = time.monotonic()

    async def _add_userinfo(
        self, claims: dict[str, Any], access_token: str | None, published: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Claims that the ID token leaves out, as many issuers do, from the place that the access token opens."""
        place = published.get("userinfo_endpoint")
        missing = {"email", "name", self._known.roles_name} - claims.keys() - {None}
        if place is None or access_token is None or not missing:
            return claims
        more = await fetching.fetch_json(place, token=access_token)
        if more.get("sub") != claims["sub"]:
            raise IssuerFault("wrong_userinfo")
        if claims.get("email", more.get("email")) != more.get("email"):
            # The word that an address is verified is for the address it stands beside.
            more.pop("email_verified", None)
        return {**more, **claims}

    async def _discover(self) -> dict[str, Any]:
        """What the issuer publishes about itself, at most an hour old; older only while it does not answer."""
        now = time.monotonic()
        if now - self._published_at < KEPT_SECONDS:
            return self._published
        if now - self._failed_at < PAUSE_SECONDS:
            raise IssuerDown("It did not answer a moment ago.")
        place = f"{self._known.url.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = await fetching.fetch_json(place)
        except IssuerDown:
            self._failed_at = time.monotonic()
            if self._published:
                return self._published
            raise
        if found.get("issuer") != self._known.url:
            raise IssuerFault("wrong_discovery")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not self._is_safe(found.get(name)):
                raise IssuerFault("unsafe_address")
        for name in ("userinfo_endpoint", "end_session_endpoint"):
            if name in found and not self._is_safe(found[name]):
                del found[name]
        self._published, self._published_at = found, time.monotonic()
        return found

    def _is_safe(self, place: Any) -> bool:
        """Whether a place that the issuer names may be asked: one elsewhere has no business with this machine."""
        if not isinstance(place, str) or not fetching.is_safe(place):
            return False
        return urlsplit(place).scheme == "https" or urlsplit(self._known.url).scheme == "http"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _known_code(code: Any) -> str | None:
    return code if isinstance(code, str) and code in OAUTH_ERRORS else None
