"""What the registry says of a model."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.approvals import RiskTier

#: What makes a new revision of a model.
EDITS = ("model.update", "model.lower_tier", "model.transfer", "model.retire")


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


@dataclass(frozen=True)
class Collaborator:
    """Somebody who was let into a model. `until` is None where it has no end; `key` is the row's inside id."""

    key: int
    person_id: int
    email: str
    name: str
    access: Access
    until: datetime | None
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True)
class Sharing:
    """
    Who works on a model. `complete` is false where the reader may know of nobody but themselves.

    `items` is one page of them, in the order in which they came.
    """

    items: tuple[Collaborator, ...]
    next_cursor: str | None
    complete: bool


class RequestStatus(StrEnum):
    """How a request for access stands. EXPIRED was granted, and its time is over."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class AccessRequest:
    """
    Somebody asked to be let into a model, perhaps because of one version.

    `until` is what was asked for while it is open, and what was given once it is granted. `answer` is the reason of a
    refusal. `decides` tells whether whoever read this may decide on it, `mine` whether they asked it.
    """

    key: int
    id: str
    model: str
    version: str | None
    person_id: int
    by: str
    name: str
    purpose: str
    status: RequestStatus
    asked_at: datetime
    until: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None
    revision: int
    mine: bool
    decides: bool


@dataclass(frozen=True)
class SharedModel:
    """A model that somebody was let into: `GROUP/NAME`, what for, until when and by whom."""

    model: str
    access: Access
    until: datetime | None
    granted_by: str
