"""
Reading an ID token: the algorithms are ours, the key is one the issuer publishes, every claim is what we asked for.

Each way to fail has a name of its own. Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725.
"""

import base64
import hashlib
import hmac
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from modelkeep_server.ports import IssuerFault

LEEWAY_SECONDS = 60
SUBJECT_CHARS = 255
TOKEN_CHARS = 64 * 1024
RSA_BITS_MIN = 2048
#: What signs, and the kind of key it takes. Never what the issuer or the token would like.
ALGORITHMS: Mapping[str, Mapping[str, str]] = {
    "RS256": {"kty": "RSA"},
    "PS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
#: A header that brings its own key, or a place to get one, is an attack.
_FOREIGN_KEYS = ("jwk", "jku", "x5u", "x5c", "crit", "b64")


class UnknownKey(IssuerFault):
    """No published key fits: it may have been published since they were last read."""


class _Pinned(jws.JWSRegistry):
    """joserfc's algorithms cut to ours; its warning that EdDSA has a newer name is nothing for an operator's log."""

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name."""
        if name not in ALGORITHMS:
            raise IssuerFault("algorithm_refused")
        return self.algorithms[name]


@dataclass(frozen=True)
class Expected:
    """What a token must say. `shown_since`: the person showed who they are at this time or later."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime
    access_token: str | None = None
    shown_since: datetime | None = None


def read_id_token(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> dict[str, Any]:
    """
    The claims of a token that is signed by one of `keys` (JSON Web Keys) and says all that is expected.

    Raises:
        UnknownKey: None of the keys is the one that the token names.
        IssuerFault: Anything else.
    """
    header = _read_header(token)
    key = _find_key(header, keys)
    try:
        signed = jws.deserialize_compact(
            token, import_key(dict(key)), registry=_Pinned(algorithms=list(ALGORITHMS), strict_check_header=False)
        )
        claims = json.loads(signed.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise IssuerFault("bad_signature") from error
    if not isinstance(claims, dict):
        raise IssuerFault("malformed_token")
    _check_parties(claims, expected)
    _check_times(claims, expected)
    _check_binding(claims, header["alg"], expected)
    return claims


def _read_header(token: str) -> dict[str, Any]:
    if len(token) > TOKEN_CHARS or token.count(".") != 2 or not token.isascii():
        raise IssuerFault("malformed_token")
    first = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError) as error:
        raise IssuerFault("malformed_token") from error
    if not isinstance(header, dict):
        raise IssuerFault("malformed_token")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise IssuerFault("algorithm_refused")
    if any(name in header for name in _FOREIGN_KEYS):
        raise IssuerFault("embedded_key")
    # A token made for another purpose, an access or logout token, must not pass for this one (RFC 8725, 3.11).
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise IssuerFault("malformed_token")
    return header


def _find_key(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    kind = ALGORITHMS[header["alg"]]
    fitting = [
        key
        for key in keys
        if all(key.get(name) == value for name, value in kind.items())
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and (kind["kty"] != "RSA" or _bits_of(key) >= RSA_BITS_MIN)
    ]
    named = header.get("kid")
    if named is not None:
        fitting = [key for key in fitting if key.get("kid") == named]
    elif len(fitting) > 1:
        fitting = []
    if not fitting:
        raise UnknownKey("unknown_key")
    # What is not public is left out: a published key never needs it.
    return {name: value for name, value in fitting[0].items() if name in ("kty", "crv", "n", "e", "x", "y", "kid")}


def _bits_of(key: Mapping[str, Any]) -> int:
    modulus = key.get("n")
    return len(modulus) * 6 if isinstance(modulus, str) else 0


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IssuerFault("wrong_issuer")
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise IssuerFault("wrong_audience")
    if expected.client_id not in listed:
        raise IssuerFault("wrong_audience")
    party = claims.get("azp")
    if (len(listed) > 1 or party is not None) and party != expected.client_id:
        raise IssuerFault("wrong_party")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARS or not subject.isprintable():
        raise IssuerFault("bad_subject")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    now = expected.now.timestamp()
    if _seconds(claims, "exp") <= now - LEEWAY_SECONDS:
        raise IssuerFault("expired")
    if _seconds(claims, "iat") > now + LEEWAY_SECONDS:
        raise IssuerFault("issued_in_future")
    if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY_SECONDS:
        raise IssuerFault("not_yet_valid")
    if expected.shown_since is None:
        return
    if "auth_time" not in claims:
        raise IssuerFault("not_shown_anew")
    if _seconds(claims, "auth_time") < expected.shown_since.timestamp() - LEEWAY_SECONDS:
        raise IssuerFault("not_shown_anew")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IssuerFault("malformed_token")
    return value


def _check_binding(claims: Mapping[str, Any], algorithm: str, expected: Expected) -> None:
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise IssuerFault("wrong_nonce")
    bound = claims.get("at_hash")
    if bound is None or expected.access_token is None:
        return
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(expected.access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    if not isinstance(bound, str) or not hmac.compare_digest(bound.encode(), half.encode()):
        raise IssuerFault("wrong_access_token")
