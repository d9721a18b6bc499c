"""
Every setting: one row each, from the environment (`MODELKEEP_*`) over `modelkeep.toml` in the working folder.

`docs/reference/settings.md` is generated from this table.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from modelkeep_server.rules.claims import ClaimRules
from modelkeep_server.rules.limits import GIB
from modelkeep_server.rules.permissions import Role

DATABASE_NAME = "modelkeep.db"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def find_data_dir() -> Path:
    """`./data` where a registry is kept there, as `make run` does; else the user's data folder."""
    here = Path("data").absolute()
    return here if (here / DATABASE_NAME).exists() else user_data_path("modelkeep")


class SettingsRefused(Exception):
    """Settings that cannot be used. The text names each one and what is wrong."""


class OidcIssuer(BaseModel):
    """One issuer of OpenID Connect: a table `[[oidc]]`, or for a single one the variables `MODELKEEP_OIDC_*`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    issuer: str = Field(
        description="The issuer's address, exactly as its discovery document spells it, for instance "
        "https://login.company.com."
    )
    client_id: str = Field(min_length=1, description="The client id that the issuer gave this registry.")
    client_secret: SecretStr | None = Field(
        default=None, description="The client secret. Left out: a public client, held by PKCE alone."
    )
    name: str = Field(
        default="your organisation", min_length=1, max_length=60, description='The button says "Continue with NAME".'
    )
    slug: str = Field(
        default="",
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
        default=None, description="The parameter `prompt` to send, for instance `select_account`."
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


class _IssuerOfEnvironment(PydanticBaseSettingsSource):
    """The variables `MODELKEEP_OIDC_*` as a list of one issuer."""

    PREFIX = "MODELKEEP_OIDC_"

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never asked: the whole is read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """What the variables say, or nothing where there are none."""
        found = {
            name.removeprefix(self.PREFIX).lower(): value
            for name, value in os.environ.items()
            if name.startswith(self.PREFIX) and value
        }
        return {"oidc": [found]} if found else {}


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="MODELKEEP_", toml_file="modelkeep.toml", extra="ignore", env_ignore_empty=True, frozen=True
    )

    data_dir: Path = Field(
        default_factory=find_data_dir,
        description="Folder of the SQLite database and the sealed files. Left out: ./data where it holds a registry, "
        "else the user's data folder.",
    )
    database_url: str | None = Field(
        default=None, description="postgresql://user:secret@host/name. Left out: SQLite in the data folder."
    )
    storage_url: str | None = Field(
        default=None, description="Where sealed files are kept: file:///folder. Left out: in the data folder."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port to listen on; 0 takes a free one."
    )
    public_url: str | None = Field(
        default=None, description="The address people use, for instance https://models.company.com."
    )
    behind_proxy: bool = Field(
        default=False,
        description="A TLS proxy stands in front: a non-loopback address without TLS is fine, and the last address of "
        "X-Forwarded-For is the visitor's.",
    )
    key_file: Path | None = Field(
        default=None, description="The key file. Left out: in the user's configuration folder, named by registry."
    )
    key: SecretStr | None = Field(default=None, description="The text of a key file, instead of a file.")
    connections: Annotated[int, Field(ge=2, le=200)] = Field(
        default=8, description="Database connections, and so how many requests work at the same time."
    )
    upload_limit_bytes: Annotated[int, Field(ge=1)] = Field(
        default=5 * GIB, description="Largest single file, in bytes."
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = Field(
        default=12, description="How long a sign-in lasts, in hours."
    )
    session_idle_minutes: Annotated[float, Field(gt=0)] = Field(
        default=120, description="How long a sign-in lasts without use, in minutes."
    )
    sign_in_tries: Annotated[int, Field(ge=1)] = Field(
        default=10,
        description="Sign-in tries for one e-mail from one address in 5 minutes; ten times that for each alone.",
    )

    local_accounts: bool = Field(
        default=True, description="Whether a passphrase signs in, beside the issuers of OpenID Connect."
    )
    oidc: tuple[OidcIssuer, ...] = Field(
        default=(), description="Issuers of OpenID Connect that sign people in, see below."
    )

    @model_validator(mode="after")
    def _check_ways_in(self) -> "Settings":
        slugs = [issuer.slug for issuer in self.oidc]
        if len(set(slugs)) < len(slugs):
            raise ValueError(f"two issuers in oidc have the slug {max(slugs, key=slugs.count)}: give each its own")
        if not self.local_accounts and not self.oidc:
            raise ValueError("local_accounts is off and no issuer is set up, so that nobody could sign in")
        return self

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("begins with http:// or https:// and names a host")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("is scheme, host and port alone, for instance https://models.company.com")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over the TOML file; arguments over both."""
        one_issuer = _IssuerOfEnvironment(settings_cls)
        return (init_settings, env_settings, one_issuer, TomlConfigSettingsSource(settings_cls))

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / DATABASE_NAME}"

    @property
    def storage(self) -> str:
        """The storage URL in force."""
        return self.storage_url or (self.data_dir / "files").absolute().as_uri()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the one in the data folder, owned by one process."""
        return self.database.startswith("sqlite")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return self.host in LOOPBACK

    def address(self, port: int) -> str:
        """The address people use, for the port that was really taken."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def load_settings(**given: Any) -> Settings:
    """The settings in force. Raises SettingsRefused."""
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"{_name_of(e['loc'])}: {e['msg']}" for e in error.errors()]
        raise SettingsRefused("\n".join(lines)) from error


def _name_of(place: Sequence[str | int]) -> str:
    """The setting at fault, by its variable; of several issuers also which one."""
    if not place:
        return "MODELKEEP"
    name = f"MODELKEEP_{'_'.join(step for step in place if isinstance(step, str)).upper()}"
    number = next((step for step in place if isinstance(step, int)), None)
    return name if number is None else f"{name} (number {number + 1} of [[oidc]])"
