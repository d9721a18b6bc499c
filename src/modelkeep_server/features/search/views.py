"""What the catalogue shows."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.lifecycle import State


@dataclass(frozen=True)
class VersionMark:
    """A version in a list: its number, its state, and whether it was closed or is on hold."""

    version: str
    state: State
    closed: bool = False
    held: bool = False


@dataclass(frozen=True)
class CatalogueRow:
    """One model in the catalogue with its newest versions, newest first (two at most)."""

    model: Model
    newest: tuple[VersionMark, ...]
    version_count: int


@dataclass(frozen=True)
class CatalogueFilter:
    """What a person asked the catalogue for. Empty values do not filter. `owner` also finds registrars."""

    text: str = ""
    group: str = ""
    risk_tier: str = ""
    tag: str = ""
    owner: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    status: str = ""
    sort: str = "updated"
