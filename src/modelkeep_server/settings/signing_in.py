"""Who is let in, how, and for how long."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from modelkeep_server.settings.oidc import OidcIssuer


class SigningInSettings(BaseModel):
    """Passphrases, issuers and sessions."""

    local_accounts: bool = Field(
        default=True, description="Whether a passphrase signs in, beside the issuers of OpenID Connect."
    )
    sign_in_tries: Annotated[int, Field(ge=1)] = Field(
        default=10,
        description="Sign-in tries for one e-mail from one address in 5 minutes; ten times that for each alone.",
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = Field(
        default=12, description="How long a sign-in lasts, in hours."
    )
    session_idle_minutes: Annotated[float, Field(gt=0)] = Field(
        default=120, description="How long a sign-in lasts without use, in minutes."
    )
    dual_control: bool = Field(
        default=False,
        description="A second Admin confirms each grant of MRC, Security Architect and Admin, by hand or by "
        "invitation, and no Admin alone makes a one-time link into an account that has one of them. What an operator "
        "on the server's host does is exempt, so that there is a second Admin at all.",
    )
    # Stands last of all: in a file of TOML nothing of the whole may follow a table.
    oidc: tuple[OidcIssuer, ...] = Field(
        default=(), description="Issuers of OpenID Connect that sign people in, a table each; see below."
    )

    @model_validator(mode="after")
    def _check_ways_in(self) -> Self:
        slugs = [issuer.slug for issuer in self.oidc]
        if len(set(slugs)) < len(slugs):
            raise ValueError(f"Two issuers in oidc have the slug {max(slugs, key=slugs.count)}: give each its own.")
        if not self.local_accounts and not self.oidc:
            raise ValueError("local_accounts is off and no issuer is set up in oidc, so that nobody could sign in.")
        return self
