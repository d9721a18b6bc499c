"""Single sign-on: bodies for the port `SignInIssuer`."""

from collections.abc import Iterable

from modelkeep_server.adapters.sso.openid import OpenIdIssuer, Registration
from modelkeep_server.ports import Issuer
from modelkeep_server.settings.oidc import OidcIssuer


def open_issuers(listed: Iterable[OidcIssuer]) -> dict[str, Issuer]:
    """The issuers that an operator set up, by slug. Nothing is asked of them yet."""
    return {row.slug: _open(row) for row in listed}


def _open(row: OidcIssuer) -> Issuer:
    secret = None if row.client_secret is None else row.client_secret.get_secret_value()
    registration = Registration(
        url=row.issuer,
        client_id=row.client_id,
        client_secret=secret,
        scopes=row.scopes,
        prompt=row.prompt,
        roles_name=row.rules.steps[0] if row.rules.roles else None,
    )
    return Issuer(row.slug, row.name, row.issuer, row.rules, row.trust_email, OpenIdIssuer(registration))
