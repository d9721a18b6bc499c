"""Registries that know issuers, without a database of their own."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from modelkeep_server.adapters.sso import open_issuers
from modelkeep_server.app import build_app
from modelkeep_server.ports import Issuer
from modelkeep_server.settings.oidc import OidcIssuer
from tests.support.real_issuer import CLIENT_ID, CLIENT_SECRET, RealIssuer
from tests.support.registries import BASE_URL, Registry


def with_issuers(registry: Registry, issuers: Mapping[str, Issuer], *, local_accounts: bool = True) -> Registry:
    """The same registry, with doors that know these issuers."""
    parts = replace(registry.house.parts, issuers=issuers, local_accounts=local_accounts)
    house = replace(registry.house, parts=parts)
    return replace(registry, house=house, app=build_app(house))


def open_issuer(url: str, **changes: Any) -> Issuer:
    """An issuer as settings name it. `changes` are fields of OidcIssuer."""
    facts = {"issuer": url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "slug": fresh_slug(), **changes}
    (issuer,) = open_issuers([OidcIssuer(**facts)]).values()
    return issuer


def open_real(real: RealIssuer, **changes: Any) -> Issuer:
    """A real issuer, that knows the registry of the tests under this slug."""
    issuer = open_issuer(real.url, **changes)
    real.register(BASE_URL, issuer.slug)
    return issuer


def fresh_slug() -> str:
    """A slug that nobody uses yet."""
    return f"issuer-{secrets.token_hex(4)}"
