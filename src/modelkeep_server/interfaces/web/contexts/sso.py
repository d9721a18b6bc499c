"""What the pages on the way to an issuer and back are drawn from."""

from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.views import IssuerChoice
from modelkeep_server.interfaces.web.contexts.base import Context


@dataclass(frozen=True, kw_only=True)
class DepartureContext(Context):
    """POST /profile/identities/{slug}/connect: the link to the issuer. A form may not lead there itself (CSP)."""

    template: ClassVar[str] = "identity/departure.html"
    issuer: IssuerChoice
    url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SignedOutContext(Context):
    """GET /login/{slug}/sign-out: signed out here, and how to sign out at the issuer as well."""

    template: ClassVar[str] = "identity/signed_out.html"
    issuer: IssuerChoice
