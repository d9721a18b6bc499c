"""
What the registry tells, as frozen dataclasses. Moments are UTC-aware, sizes in bytes, SHA-256 in bare hex.

Words with a fixed list in the API (tiers, states) stay strings, so that a newer registry's words can be read.
`raw` is the JSON as it came, with fields that this release does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What every answer has."""

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `total` may be None, or a capped count."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Me(Told):
    """
    Whose token it is, and what they may do with it. `scopes` is None where nothing is left out; `sponsor` is who
    answers for a service account.
    """

    email: str
    name: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    scopes: tuple[str, ...] | None = None
    sponsor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Team(Told):
    """People under one shared address. `members` are e-mails, of those whose accounts are enabled."""

    id: str
    name: str
    email: str
    members: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(Told):
    """A program that acts for itself, named `account` (`service:NAME`). `sponsor` is who answers for it."""

    id: str
    name: str
    account: str
    purpose: str
    sponsor: str
    scopes: tuple[str, ...]
    created_at: datetime
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class NewestVersion(Told):
    """A version as the catalogue shows it."""

    version: str
    state: str
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Model(Told):
    """A model. `revision` counts its edits. `newest` and `version_count` are told by the catalogue only."""

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


@dataclass(frozen=True, kw_only=True)
class ScanFinding(Told):
    """One thing that was found in a file: a short stable name, and a sentence."""

    rule: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Scan(Told):
    """What looking through a file found: CLEAN_DATA, CODE_ALLOWLISTED, UNKNOWN, BLOCKED or PENDING."""

    verdict: str
    findings: tuple[ScanFinding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact(Told):
    """
    A file of a version. `path` has its folders; `format` and `scan` are None until it was scanned. `status`: AVAILABLE,
    or PENDING or QUARANTINED, which cannot be downloaded; unless somebody answers for it: `waiver`, the API's JSON.
    """

    path: str
    type: str
    size_bytes: int
    sha256: str
    format: str | None = None
    status: str
    scan: Scan | None = None
    waiver: Mapping[str, Any] | None = None
    uploaded_by: str
    uploaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class DigestPlace(Told):
    """
    A file that a digest leads to, and how its version stands. `is_image`: by the container image that it holds.
    """

    model: str
    version: str
    path: str
    type: str
    state: str
    hold: bool
    closed: bool
    status: str
    verdict: str | None
    risk_tier: str
    uploaded_at: datetime
    is_image: bool = False

    @property
    def address(self) -> str:
        """`GROUP/NAME:VERSION`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class Link(Told):
    """A link that opens one file by itself until it expires."""

    url: str
    expires_at: datetime
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class BundleLink(Told):
    """A link to all files of a version as one ZIP of `size_bytes`."""

    url: str = field(repr=False)
    expires_at: datetime
    files: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Download(Told):
    """
    A download of a file. `by` is None where the log no longer says whose. `with_all`: in the ZIP of all files, of which
    `sent_bytes` are then; None until it is over, and of one that the registry did not see the end of.
    """

    by: str | None
    at: datetime
    ended_at: datetime | None = None
    sent_bytes: int | None = None
    whole: bool
    with_all: bool


@dataclass(frozen=True, kw_only=True)
class EventActor(Told):
    """Who acted: the log's pseudonym, and the person behind it where one may know."""

    id: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class EventObject(Told):
    """What was acted on. `label` is its address, where one may know."""

    kind: str
    id: str
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class Event(Told):
    """
    An event of the audit log. `before` and `after` are what changed; `source` is the address the request came from.
    """

    sequence: int
    id: str
    at: datetime
    action: str
    actor: EventActor
    role: str | None = None
    object: EventObject
    outcome: str
    rule: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    auth: str
    source: str | None = field(default=None, metadata={"key": "from"})
    request_id: str


@dataclass(frozen=True, kw_only=True)
class ActivityObject(Told):
    """What was acted on: a model, a version or a file, by its address of today."""

    kind: str
    id: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Activity(Told):
    """One thing that somebody did. `by` + `says` + `object.address` is a sentence; `changed` names edited fields."""

    sequence: int
    id: str
    at: datetime
    action: str
    says: str
    by: str
    name: str | None = None
    object: ActivityObject
    changed: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    became: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Collaborator(Told):
    """Somebody who was let into a model: `access` READ or WRITE, until a moment or until it is ended."""

    email: str
    name: str
    access: str
    until: datetime | None = None
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccessRequest(Told):
    """
    A request to be let into a model: `status` OPEN, GRANTED, REFUSED, WITHDRAWN or EXPIRED.

    `until` is what was asked for while it is open, then what was given; `answer` is the reason of a refusal.
    """

    id: str
    model: str
    version: str | None = None
    by: str
    purpose: str
    status: str
    asked_at: datetime
    until: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    answer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Finding(Told):
    """What does not hold in the audit log. `sequence` is the event's, where it is one event."""

    sequence: int | None = None
    message: str


@dataclass(frozen=True, kw_only=True)
class Verdict(Told):
    """What the registry found when it verified its whole log."""

    ok: bool
    size: int
    root: str
    findings: tuple[Finding, ...]
