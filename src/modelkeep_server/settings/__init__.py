"""
Every setting: one row each, from the environment (`MODELKEEP_*`) over `modelkeep.toml` in the working folder.

The rows stand by subject in the files beside this one. `docs/reference/settings.md` is generated from them.
"""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from modelkeep_server.settings.messages import MessageSettings
from modelkeep_server.settings.oidc import IssuerOfEnvironment
from modelkeep_server.settings.serving import ServingSettings
from modelkeep_server.settings.signing_in import SigningInSettings
from modelkeep_server.settings.storing import StoringSettings
from modelkeep_server.settings.support import SupportSettings

PREFIX = "MODELKEEP_"
TOML_NAME = "modelkeep.toml"


# Pydantic gathers rows from the last base to the first, and shows them in that order.
class Settings(SigningInSettings, SupportSettings, MessageSettings, ServingSettings, StoringSettings, BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=TOML_NAME, extra="forbid", env_ignore_empty=True, frozen=True
    )

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
