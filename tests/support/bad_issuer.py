"""An issuer of OpenID Connect on loopback that does, in one step of its own choice, what none may do."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.real_issuer import CLIENT_ID

Change = Callable[[dict[str, Any]], dict[str, Any]]


def same(value: dict[str, Any]) -> dict[str, Any]:
    """As it was."""
    return value


@cache
def key_of(name: str) -> RSAKey:
    """An RSA key of 2048 bits, the same for the same name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, private=True)


@dataclass
class Manners:
    """
    What the issuer does: all as the standard says, but for what a test changes.

    `claims`, `header`, `discovery`, `tokens` and `userinfo` change what it says; `token` the finished ID token;
    `answer` the query that people are sent back with; `status` and `raw` the answer of the token endpoint.
    """

    claims: Change = same
    header: Change = same
    discovery: Change = same
    tokens: Change = same
    answer: Change = same
    userinfo: Change = same
    token: Callable[[str], str] = lambda token: token
    key: str = "first"
    status: int = 200
    location: str | None = None
    raw: bytes | None = None
    checks_pkce: bool = True
    delay_seconds: float = 0.0


@dataclass
class BadIssuer:
    """An issuer that answers at `url`; `manners` may be changed at any time."""

    url: str = ""
    manners: Manners = field(default_factory=Manners)
    subject: str = "someone"
    email: str = "someone@example.com"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def authorize(self, address: str) -> dict[str, Any]:
        """The query that a person is sent back with, once they signed in at this address."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return self.manners.answer({"code": code, "state": query["state"], "iss": self.url})

    def publish(self) -> dict[str, Any]:
        """The discovery document."""
        return self.manners.discovery(
            {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
                "userinfo_endpoint": f"{self.url}/userinfo", "end_session_endpoint": f"{self.url}/leave",
                "authorization_response_iss_parameter_supported": True,
            }
        )  # fmt: skip

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self.manners.checks_pkce and challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        tokens = {"access_token": "an-access-token", "token_type": "Bearer", "id_token": self.sign(asked["nonce"])}
        return self.manners.status, self.manners.tokens(tokens)

    def sign(self, nonce: str) -> str:
        """An ID token."""
        now = int(time.time())
        claims = self.manners.claims(
            {
                "iss": self.url, "sub": self.subject, "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": nonce,
                "auth_time": now, "email": self.email, "email_verified": True, "name": "Some One",
            }
        )  # fmt: skip
        header = self.manners.header({"alg": "RS256", "kid": "first"})
        if header["alg"] == "RS256":
            token = jwt.encode(header, claims, key_of(self.manners.key), algorithms=["RS256"])
        else:
            token = forge(header, claims)
        return self.manners.token(token)


def forge(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token under an algorithm that nobody may use: without a signature, or with the public key as a shared one."""
    body = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)
    )
    if header["alg"].lower() == "none":
        return f"{body}."
    secret = key_of("first").as_pem(private=False)
    signature = hmac.digest(secret, body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@contextlib.contextmanager
def running_bad_issuer() -> Iterator[BadIssuer]:
    """Answer on a free port of loopback until the block ends."""
    issuer = BadIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            time.sleep(issuer.manners.delay_seconds)
            if self.path.startswith("/.well-known/"):
                self._send(200, issuer.publish())
            elif self.path == "/keys":
                self._send(200, {"keys": [key_of("first").as_dict(private=False)]})
            elif self.path == "/userinfo":
                self._send(200, issuer.manners.userinfo({"sub": issuer.subject, "groups": []}))
            else:
                self._send(404, {})

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            length = int(self.headers.get("content-length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            status, told = issuer.redeem(form)
            self._send(status, told, issuer.manners.raw, issuer.manners.location)

        def _send(self, status: int, told: Any, raw: bytes | None = None, location: str | None = None) -> None:
            body = json.dumps(told).encode() if raw is None else raw
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked may have had enough
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
