"""
Every setting: one row each, from the environment (`MODELKEEP_*`) over `modelkeep.toml` in the working folder.

`docs/reference/settings.md` is generated from this table.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from modelkeep_server.oidc_settings import LOOPBACK, OIDC_PREFIX, IssuerOfEnvironment, OidcIssuer
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.limits import GIB
from modelkeep_server.rules.support import NONE, Support

DATABASE_NAME = "modelkeep.db"
PREFIX = "MODELKEEP_"
TOML_NAME = "modelkeep.toml"
#: What the client reads from the same environment; no setting of the server.
CLIENT_VARIABLES = frozenset({"MODELKEEP_URL", "MODELKEEP_TOKEN"})
MASK = "********"


def find_data_dir() -> Path:
    """`./data` where a registry is kept there, as `make run` does; else the user's data folder."""
    here = Path("data").absolute()
    return here if (here / DATABASE_NAME).exists() else user_data_path("modelkeep")


class SettingsRefused(Exception):
    """Settings that cannot be used. The text names each one and what is wrong."""


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=TOML_NAME, extra="forbid", env_ignore_empty=True, frozen=True
    )

    data_dir: Path = Field(
        default_factory=find_data_dir,
        examples=["/var/lib/modelkeep"],
        description="Folder of the SQLite database and the sealed files. Left out: ./data where it holds a registry, "
        "else the user's data folder.",
    )
    database_url: str | None = Field(
        default=None,
        examples=["postgresql://user:secret@host/name"],
        description="postgresql://user:secret@host/name. Left out: SQLite in the data folder.",
    )
    storage_url: str | None = Field(
        default=None,
        examples=["file:///srv/modelkeep/files"],
        description="Where sealed files are kept: file:///folder, or s3://bucket/prefix?region=... with &endpoint= for "
        "another server than AWS and credentials in AWS_* variables. Left out: in the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="Port to listen on; 0 takes a free one."
    )
    public_url: str | None = Field(
        default=None,
        examples=["https://models.company.com"],
        description="The address people use, for instance https://models.company.com. Only on this machine itself may "
        "it begin with http://.",
    )
    behind_proxy: bool = Field(
        default=False,
        description="A TLS proxy stands in front: a non-loopback address without TLS is fine, and X-Forwarded-For says "
        "who the visitor is. Demands a public_url.",
    )
    proxy_hops: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="How many proxies stand in front, each of which adds to X-Forwarded-For: the visitor's address is "
        "the one so many places from its right end.",
    )
    key_file: Path | None = Field(
        default=None,
        examples=["/etc/modelkeep/registry.key"],
        description="The key file. Left out: in the user's configuration folder, named by registry.",
    )
    key: SecretStr | None = Field(
        default=None, examples=["the text of a key file"], description="The text of a key file, instead of a file."
    )
    connections: Annotated[int, Field(ge=2, le=200)] = Field(
        default=8, description="Database connections, and so how many requests work at the same time."
    )
    log_requests: bool = Field(
        default=False, description="Write a line for each request to the log, without its address, which may be secret."
    )
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = Field(
        default=0,
        description="How long a server that is told to stop still takes requests while /readyz says 503, in seconds: "
        "what a load balancer needs to notice. After that it finishes what is running, for 20 seconds at most.",
    )
    upload_limit_bytes: Annotated[int, Field(ge=1)] = Field(
        default=5 * GIB, description="Largest single file, in bytes."
    )
    group_quota_bytes: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        examples=[1_000_000_000_000],
        description="Bytes that the files of one group of models may take in all; not set: no limit.",
    )
    check_days: Annotated[float, Field(gt=0, le=30)] = Field(
        default=7, description="Within how many days every stored file is read through and compared."
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
    dual_control: bool = Field(
        default=False,
        description="A second Admin confirms each grant of MRC, Security Architect and Admin, by hand or by "
        "invitation, and no Admin alone makes a one-time link into an account that has one of them. What an operator "
        "on the server's host does is exempt, so that there is a second Admin at all.",
    )

    smtp_url: SecretStr | None = Field(
        default=None,
        examples=["smtp://user:secret@host:587"],
        description="The mail server: smtp://user:secret@host:587 (STARTTLS is demanded, but on this machine itself) "
        "or smtps://user:secret@host:465. Left out: no mail is sent, and links are copied by hand.",
    )
    mail_from: str | None = Field(
        default=None,
        examples=["Modelkeep <models@company.com>"],
        description="The sender of mail, for instance Modelkeep <models@company.com>. Needed with the mail server.",
    )
    webhook_networks: str = Field(
        default="",
        examples=["10.20.0.0/16, 192.168.7.4"],
        description="Networks inside yours that webhooks may lead to, in CIDR notation with commas between, there by "
        "http:// too. Left out: webhooks lead to https:// addresses of the public internet alone.",
    )
    support_help_desk: str = Field(
        default=Support.help_desk,
        description="What the help says of your help desk. `none` leaves a channel out, here and in the rows below.",
    )
    support_help_desk_url: str = Field(
        default=Support.help_desk_url, description="The web address of your help desk, http:// or https://."
    )
    support_slack: str = Field(default=Support.slack, description="The chat channel where people ask.")
    support_slack_url: str = Field(
        default=Support.slack_url, description="The web address of that channel, http:// or https://."
    )
    support_email: str = Field(
        default=Support.email, description='Where reports of problems go; "Report a problem" writes to it.'
    )
    support_office_hours: str = Field(default=Support.office_hours, description="When people can come with questions.")
    security_contact: str = Field(default=Support.security, description="Where security issues are reported.")
    local_accounts: bool = Field(
        default=True, description="Whether a passphrase signs in, beside the issuers of OpenID Connect."
    )
    oidc: tuple[OidcIssuer, ...] = Field(
        default=(), description="Issuers of OpenID Connect that sign people in, a table each; see below."
    )

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _check_networks(cls, value: object) -> object:
        texts = value.split(",") if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            return value
        return ", ".join(str(_read_network(text)) for text in texts if text.strip())

    @field_validator("support_help_desk_url", "support_slack_url")
    @classmethod
    def _check_web_address(cls, value: str) -> str:
        if value in ("", NONE):
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("begins with http:// or https:// and names a host")
        return value

    @field_validator("support_email", "security_contact")
    @classmethod
    def _check_email(cls, value: str) -> str:
        fault = None if value in ("", NONE) else find_email_fault(value)
        if fault:
            raise ValueError(f"{fault}, or {NONE} where there is none")
        return value

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
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            # Passphrases and sessions would cross the network in the clear, and cookies could not be Secure.
            raise ValueError("begins with https:// unless it names this machine itself: put a TLS proxy in front")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @model_validator(mode="after")
    def _check_ways_in(self) -> "Settings":
        slugs = [issuer.slug for issuer in self.oidc]
        if len(set(slugs)) < len(slugs):
            raise ValueError(f"Two issuers in oidc have the slug {max(slugs, key=slugs.count)}: give each its own.")
        if not self.local_accounts and not self.oidc:
            raise ValueError("local_accounts is off and no issuer is set up in oidc, so that nobody could sign in.")
        return self

    @model_validator(mode="after")
    def _check_proxy(self) -> "Settings":
        if self.behind_proxy and self.public_url is None:
            raise ValueError(
                "MODELKEEP_BEHIND_PROXY needs MODELKEEP_PUBLIC_URL: what a request says of its own address is not "
                "believed."
            )
        return self

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
        one_issuer = IssuerOfEnvironment(settings_cls)
        return (init_settings, env_settings, one_issuer, TomlConfigSettingsSource(settings_cls))

    @property
    def support(self) -> Support:
        """Where people ask for help; a channel that is left out is the empty text."""
        return Support(
            help_desk=_unless_none(self.support_help_desk),
            help_desk_url=self.support_help_desk_url,
            slack=_unless_none(self.support_slack),
            slack_url=self.support_slack_url,
            email=_unless_none(self.support_email),
            office_hours=_unless_none(self.support_office_hours),
            security=_unless_none(self.security_contact),
        )

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks inside that webhooks may lead to."""
        return tuple(_read_network(text) for text in self.webhook_networks.split(",") if text)

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


def _read_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text.strip()[:60]!r} is no network in CIDR notation, such as 10.20.0.0/16") from error


def _unless_none(value: str) -> str:
    return "" if value.strip() == NONE else value.strip()


def load_settings(**given: Any) -> Settings:
    """The settings in force; `given` are those of the command line. Raises SettingsRefused, which names each fault."""
    told = read_toml()
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [_say_fault(dict(fault), given, told) for fault in error.errors()]
        raise SettingsRefused("\n".join(lines)) from error


def read_toml() -> Mapping[str, Any]:
    """What `modelkeep.toml` in the working folder says; nothing where there is none. Raises SettingsRefused."""
    try:
        return tomllib.loads(Path(TOML_NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{TOML_NAME} is not TOML: {error}.") from error
    except OSError as error:
        raise SettingsRefused(f"{TOML_NAME} cannot be read: {error.strerror}.") from error


def _say_fault(fault: Mapping[str, Any], given: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    place = [str(step) for step in fault["loc"]]
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not place:
        return message
    if fault["type"] == "extra_forbidden" and len(place) == 1:
        return f"{TOML_NAME}: {place[0]} is not a setting.{_guess(place[0].lower().removeprefix(PREFIX.lower()))}"
    source = source_of(place[0], given, told)
    inner = "".join(f".{step}" for step in place[1:])
    if place[0] == "oidc" and len(place) > 2 and IssuerOfEnvironment.find_variables():
        return f"{OIDC_PREFIX}{place[2].upper()}: {message}"
    named = f"{TOML_NAME}: {place[0]}" if source is Source.TOML else f"{PREFIX}{place[0].upper()}"
    return f"{named}{inner}: {message}"


def _guess(name: str, *, as_variable: bool = False) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.5)
    if not near:
        return " See docs/reference/settings.md."
    return f" Did you mean {PREFIX + near[0].upper() if as_variable else near[0]}?"


def find_unknown_variables() -> list[str]:
    """A sentence for each `MODELKEEP_*` variable that sets nothing, with the nearest setting, without its value."""
    known = {*(f"{PREFIX}{name.upper()}" for name in Settings.model_fields), *CLIENT_VARIABLES}
    # Those of an issuer are refused at the start where they are unknown.
    named = {name for name in os.environ if name.upper().startswith(PREFIX) and not name.startswith(OIDC_PREFIX)}
    unknown = sorted(name for name in named if name.upper() not in known)
    return [
        f"{name} is not a setting and changes nothing.{_guess(name[len(PREFIX) :].lower(), as_variable=True)}"
        for name in unknown
    ]


class Source(StrEnum):
    """Where the value of a setting comes from."""

    GIVEN = "command line"
    ENVIRONMENT = "environment"
    TOML = "modelkeep.toml"
    DEFAULT = "default"


def source_of(name: str, given: Mapping[str, Any], told: Mapping[str, Any]) -> Source:
    """Where a setting's value comes from; `told` is what `read_toml` gave."""
    if name in given:
        return Source.GIVEN
    if any(variable.upper() == f"{PREFIX}{name.upper()}" and value for variable, value in os.environ.items()):
        return Source.ENVIRONMENT
    if name == "oidc" and IssuerOfEnvironment.find_variables():
        return Source.ENVIRONMENT
    return Source.TOML if name in told else Source.DEFAULT


def show_value(settings: Settings, name: str) -> str:
    """A setting's value as it may be shown: secrets and the passwords in addresses are masked."""
    if name == "oidc":
        return ", ".join(f"{issuer.name} ({issuer.issuer})" for issuer in settings.oidc)
    value = settings.model_dump(mode="json")[name]
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(getattr(settings, name), SecretStr):
        return MASK
    return re.sub(r"(://[^/@\s:]*):[^@\s]*@", rf"\1:{MASK}@", str(value))
