"""The settings of an issuer of OpenID Connect: a table of the file, or variables for a single one."""

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from modelkeep_server.rules.claims import ClaimRules
from modelkeep_server.rules.permissions import Role

OIDC_PREFIX = "MODELKEEP_OIDC_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OidcIssuer(BaseModel):
    """One issuer of OpenID Connect: a table `[[oidc]]`, or for a single one the variables `MODELKEEP_OIDC_*`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    issuer: str = Field(
        examples=["https://login.company.com"],
        description="The issuer's address, exactly as its discovery document spells it, for instance "
        "https://login.company.com.",
    )
    client_id: str = Field(
        min_length=1, examples=["modelkeep"], description="The client id that the issuer gave this registry."
    )
    client_secret: SecretStr | None = Field(
        default=None,
        examples=["the secret that it gave"],
        description="The client secret. Left out: a public client, held by PKCE alone.",
    )
    name: str = Field(
        default="your organisation", min_length=1, max_length=60, description='The button says "Continue with NAME".'
    )
    slug: str = Field(
        default="",
        examples=["company"],
        description="Stands in the callback address `/login/SLUG/callback`, which the issuer must know, and in events. "
        "Left out: made from the name.",
    )
    scopes: str = Field(default="openid email profile", description="The scopes to ask for, apart by blanks.")
    roles_claim: str = Field(
        default="groups",
        description="The claim that holds groups or roles: a path such as `realm_access.roles`, or one https:// name.",
    )
    roles: dict[str, tuple[Role, ...]] = Field(
        default={},
        examples=[{"ml-owners": ["MODEL_OWNER"], "model-review": ["MRC", "AUDITOR"]}],
        description="Which value of that claim gives which roles: a table, or as a variable JSON such as "
        '`{"ml-owners": ["MODEL_OWNER"]}`. Values are compared exactly.',
    )
    admin_from_claims: bool = Field(default=False, description="Whether a claim may give the role ADMIN.")
    trust_email: bool = Field(
        default=False,
        description="Count its e-mails as verified although it sends no `email_verified`. Only for an issuer that "
        "lets nobody choose an address.",
    )
    prompt: str | None = Field(
        default=None,
        examples=["select_account"],
        description="The parameter `prompt` to send, for instance `select_account`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _make_slug(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("slug"):
            name = str(given.get("name") or cls.model_fields["name"].default)
            return {**given, "slug": re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40].strip("-") or "sso"}
        return given

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("begins with https://; http:// only for an issuer on this machine")
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("is an address without a query, for instance https://login.company.com")
        return value

    @field_validator("slug")
    @classmethod
    def _check_slug(cls, value: str) -> str:
        if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", value) is None:
            raise ValueError("is 1 to 40 of a-z, 0-9 and -, for instance company")
        return value

    @field_validator("scopes")
    @classmethod
    def _check_scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("includes openid")
        return value

    @field_validator("roles", mode="before")
    @classmethod
    def _read_roles(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError('is a JSON object such as {"ml-owners": ["MODEL_OWNER"]}') from error

    @model_validator(mode="after")
    def _check_admin(self) -> "OidcIssuer":
        if not self.admin_from_claims and any(Role.ADMIN in roles for roles in self.roles.values()):
            raise ValueError("roles name ADMIN, which a claim gives only with admin_from_claims = true")
        return self

    @property
    def rules(self) -> ClaimRules:
        """How its claims become roles."""
        return ClaimRules(self.roles_claim, self.roles, self.admin_from_claims)


class IssuerOfEnvironment(PydanticBaseSettingsSource):
    """The variables `MODELKEEP_OIDC_*` as a list of one issuer."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never asked: the whole is read at once."""
        return None, field_name, False

    @staticmethod
    def find_variables() -> dict[str, str]:
        """The variables of a single issuer, by the names of its fields."""
        return {
            name.removeprefix(OIDC_PREFIX).lower(): value
            for name, value in os.environ.items()
            if name.startswith(OIDC_PREFIX) and value
        }

    def __call__(self) -> dict[str, Any]:
        """What the variables say, or nothing where there are none."""
        found = self.find_variables()
        return {"oidc": [found]} if found else {}
