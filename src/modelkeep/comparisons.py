"""What the registry tells of the difference between two versions. See also `modelkeep.told`."""

from dataclasses import dataclass
from typing import Any

from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Compared(Told):
    """One of two versions that are compared."""

    version: str
    number: int
    state: str


@dataclass(frozen=True, kw_only=True)
class FieldChange(Told):
    """A fact or a piece of metadata. `change` is CHANGED, ADDED, REMOVED or SAME; the values are its JSON."""

    field: str
    label: str
    change: str
    before: Any = None
    now: Any = None


@dataclass(frozen=True, kw_only=True)
class SchemaFinding(Told):
    """What a change of a schema does to others: BREAKING, MAY_BREAK or COMPATIBLE. `path` is empty for the whole."""

    path: str
    effect: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SchemaChange(Told):
    """A schema of inputs or outputs. `is_flagged`: it breaks others, and the version number says that it does not."""

    field: str
    label: str
    change: str
    fields_before: int | None = None
    fields_now: int | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    findings: tuple[SchemaFinding, ...] = ()
    is_flagged: bool = False


@dataclass(frozen=True, kw_only=True)
class ArtifactChange(Told):
    """A file, by its path. Sizes in bytes."""

    path: str
    type: str
    change: str
    size_before: int | None = None
    size_now: int | None = None
    size_delta: int | None = None
    sha256_before: str | None = None
    sha256_now: str | None = None
    verdict_before: str | None = None
    verdict_now: str | None = None


@dataclass(frozen=True, kw_only=True)
class MetricChange(Told):
    """A number of the latest runs of a suite. `is_better` by what is asked of it, None where nothing is."""

    name: str
    slice: str | None = None
    suite: str | None = None
    change: str
    before: float | None = None
    now: float | None = None
    delta: float | None = None
    is_better: bool | None = None
    comparison: str | None = None
    limit: float | None = None
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True)
class CompareFlag(Told):
    """Something to look at first."""

    section: str
    field: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Differences(Told):
    """What differs between two contents, and what is the same. `metrics` are told of versions only."""

    changed: int
    same: int
    flags: tuple[CompareFlag, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    facts: tuple[FieldChange, ...] = ()
    metadata: tuple[FieldChange, ...] = ()
    schemas: tuple[SchemaChange, ...] = ()
    artifacts: tuple[ArtifactChange, ...] = ()
    artifacts_left_off: int = 0


@dataclass(frozen=True, kw_only=True)
class Comparison(Differences):
    """What differs between two versions of a model, and what is the same. `before` is the one that is compared with."""

    before: Compared
    now: Compared
