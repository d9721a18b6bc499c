"""What the registry tells of what happened: activity, the events of the audit log, and whether that log holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelkeep.told import Told


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
