"""What the registry says of a model."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.approvals import RiskTier


class Origin(StrEnum):
    """Whether a model was made here or bought."""

    INTERNAL = "INTERNAL"
    VENDOR = "VENDOR"


class Visibility(StrEnum):
    """Who sees that a model exists: everyone signed in, or owners, collaborators and the control roles."""

    INTERNAL = "INTERNAL"
    RESTRICTED = "RESTRICTED"


class ModelStatus(StrEnum):
    """ACTIVE, or RETIRED and read-only for ever. Models are never deleted."""

    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class Access(StrEnum):
    """What a collaborator was let in for: READ sees and downloads, WRITE also makes versions and uploads."""

    READ = "READ"
    WRITE = "WRITE"


@dataclass(frozen=True)
class Model:
    """
    A model as its readers see it. `owners` is exactly what was sent; `registrar` owns too, until an Admin transfers it.

    `key` is the row's inside id, never shown. `shared` is what whoever read this was let in for as a collaborator; only
    `get_model` and `lock_model` fill it in.
    """

    key: int
    id: str
    group: str
    name: str
    description: str
    owners: tuple[str, ...]
    registrar: str | None
    risk_rationale: str | None
    origin: Origin
    risk_tier: RiskTier
    tags: tuple[str, ...]
    documentation_url: str | None
    repository_url: str | None
    visibility: Visibility
    status: ModelStatus
    created_at: datetime
    created_by: str
    updated_at: datetime
    revision: int
    shared: Access | None = None

    @property
    def address(self) -> str:
        """`group/name`, the one form in which a model is named everywhere."""
        return f"{self.group}/{self.name}"
