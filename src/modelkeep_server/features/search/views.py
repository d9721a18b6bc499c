"""What the catalogue shows."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.models.views import Model
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.fields import Missing
from modelkeep_server.rules.lifecycle import State


@dataclass(frozen=True)
class VersionMark:
    """A version in a list: its number and its state."""

    version: str
    state: State


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
    sort: str = "updated"


@dataclass(frozen=True)
class Activity:
    """
    One thing that somebody did to a model, a version or a file, as activity lists show it.

    `sequence` and `id` are those of the event. `by` is an e-mail, or `operator@HOST` or `modelkeep` for what no person
    did. `kind` is `model`, `version` or `artifact`; `version` and `path` are None where it is about no version or file.
    `changed` are the JSON names of the fields that an edit changed.
    """

    sequence: int
    id: str
    at: datetime
    action: str
    by: str
    name: str | None
    kind: str
    object_id: str
    model: str
    version: str | None
    path: str | None
    changed: tuple[str, ...]
    reason: str | None

    @property
    def address(self) -> str:
        """`group/name`, `group/name:version` or `group/name:version/path`."""
        version = f":{self.version}" if self.version else ""
        return f"{self.model}{version}{f'/{self.path}' if self.path else ''}"


@dataclass(frozen=True)
class OpenDraft:
    """A version of one's own that can change and is not done: what it lacks, or that changes were requested."""

    model: str
    risk_tier: RiskTier
    version: str
    state: State
    created_at: datetime
    missing: tuple[Missing, ...]
    has_weights: bool


@dataclass(frozen=True)
class BareModel:
    """A model of one's own that has no version yet."""

    model: str
    risk_tier: RiskTier
    created_at: datetime
