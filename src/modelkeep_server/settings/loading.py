"""Reading the settings, and saying what is in force, where it comes from and what is wrong with it."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from modelkeep_server.settings import PREFIX, TOML_NAME, Settings
from modelkeep_server.settings.oidc import OIDC_PREFIX, IssuerOfEnvironment

#: What the client reads from the same environment; no setting of the server.
CLIENT_VARIABLES = frozenset({"MODELKEEP_URL", "MODELKEEP_TOKEN"})
MASK = "********"


class SettingsRefused(Exception):
    """Settings that cannot be used. The text names each one and what is wrong."""


class Source(StrEnum):
    """Where the value of a setting comes from."""

    GIVEN = "command line"
    ENVIRONMENT = "environment"
    TOML = "modelkeep.toml"
    DEFAULT = "default"


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
