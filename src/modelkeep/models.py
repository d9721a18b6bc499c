"""What the registry tells of models and their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class NewestVersion(Told):
    """A version as the catalogue shows it."""

    version: str
    state: str
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Warned(Told):
    """What an edit does not change, though one may expect it. `code` is for programs; `versions` are addresses."""

    code: str
    message: str
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Model(Told):
    """
    A model. `revision` counts its edits. `newest` and `version_count` are told by the catalogue only, `warnings` by an
    edit.
    """

    id: str
    group: str
    name: str
    description: str
    owners: tuple[str, ...]
    registrar: str | None = None
    risk_rationale: str | None = None
    origin: str
    risk_tier: str
    tags: tuple[str, ...]
    documentation_url: str | None = None
    repository_url: str | None = None
    visibility: str
    status: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    revision: int = 0
    newest: tuple[NewestVersion, ...] = ()
    version_count: int | None = None
    warnings: tuple[Warned, ...] = ()

    @property
    def address(self) -> str:
        """`GROUP/NAME`."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Passage(Told):
    """A state that a version came into."""

    state: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Missing(Told):
    """A field that is missing, and why it matters."""

    field: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Completeness(Told):
    """How complete the metadata is: `score` from 0 to 1."""

    score: float
    missing: tuple[Missing, ...]


@dataclass(frozen=True, kw_only=True)
class Flag(Told):
    """What stands beside the state of a version: who set it, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Version(Told):
    """A version. `model` is `GROUP/NAME`; `number` counts from 1 in order of creation, `revision` the edits."""

    id: str
    model: str
    version: str
    number: int
    description: str | None = None
    state: str
    history: tuple[Passage, ...] = ()
    closed: Flag | None = None
    hold: Flag | None = None
    commit_sha: str | None = None
    training_job_id: str | None = None
    metadata: Mapping[str, Any]
    content_digest: str | None = None
    next_review_at: datetime | None = None
    completeness: Completeness
    created_at: datetime
    created_by: str
    submitted_at: datetime | None = None
    submitted_by: str | None = None
    revision: int = 0

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION`."""
        return f"{self.model}:{self.version}"
