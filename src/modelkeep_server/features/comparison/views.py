"""What the registry says of the difference between two contents of a version."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.word_marks import Piece
from modelkeep_server.rules.metrics import Comparison as Asked
from modelkeep_server.rules.metrics import Verdict
from modelkeep_server.rules.schema_changes import Effect, SchemaFinding, Side


class Change(StrEnum):
    """What became of one thing."""

    CHANGED = "CHANGED"
    ADDED = "ADDED"
    REMOVED = "REMOVED"
    SAME = "SAME"


@dataclass(frozen=True)
class FieldChange:
    """
    One fact or piece of metadata. `field` is its path in JSON, `before` and `now` its JSON values, None where absent.

    Of texts that changed, the marks say which words differ; elsewhere they are empty.
    """

    field: str
    label: str
    change: Change
    before: Any
    now: Any
    before_marks: tuple[Piece, ...] = ()
    now_marks: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class SchemaChange:
    """
    A schema of inputs or outputs. The field names are those described before and now; None where there is no schema.

    `is_flagged`: it breaks others, and the version number says that it does not.
    """

    field: str
    label: str
    side: Side
    change: Change
    fields_before: int | None
    fields_now: int | None
    added: tuple[str, ...]
    removed: tuple[str, ...]
    findings: tuple[SchemaFinding, ...]
    is_flagged: bool

    @property
    def effect(self) -> Effect:
        """The worst of what its findings do to others."""
        return self.findings[0].effect if self.findings else Effect.COMPATIBLE


@dataclass(frozen=True)
class ArtifactChange:
    """A file by its path. Sizes in bytes and SHA-256 in bare hex, None where there is no file. Verdicts if known."""

    path: str
    type: str
    change: Change
    size_before: int | None
    size_now: int | None
    sha256_before: str | None
    sha256_now: str | None
    verdict_before: str | None = None
    verdict_now: str | None = None

    @property
    def size_delta(self) -> int | None:
        """How many bytes it grew, None where it was not or is not there."""
        return None if self.size_before is None or self.size_now is None else self.size_now - self.size_before


@dataclass(frozen=True)
class MetricChange:
    """
    One number of the latest runs of a suite, or of none. `comparison` and `limit` are what is asked of it, `verdict`
    what came of it now; None where nothing is asked.
    """

    name: str
    slice: str | None
    suite: str | None
    change: Change
    before: float | None
    now: float | None
    comparison: Asked | None
    limit: float | None
    verdict: Verdict | None

    @property
    def delta(self) -> float | None:
        """By how much it rose, None where it is missing before or now."""
        return None if self.before is None or self.now is None else self.now - self.before

    @property
    def is_better(self) -> bool | None:
        """Whether it went the way that is asked for; None where it did not move, or nothing is asked."""
        if not self.delta or self.comparison is None:
            return None
        return (self.delta > 0) is self.comparison.wants_more

    @property
    def share(self) -> float:
        """How far it moved, as a share of what it was; 1 from nothing."""
        if not self.delta:
            return 0.0
        return min(1.0, abs(self.delta / self.before)) if self.before else 1.0


@dataclass(frozen=True)
class Flag:
    """Something to look at first. `section` and `field` say where it stands."""

    section: str
    field: str
    text: str


@dataclass(frozen=True)
class Comparison:
    """
    Two contents, section by section, in the order in which people read them. Everything stands in it, also the same.

    `before` and `now` are version numbers. `metrics` are no content, and not counted with it; empty where plain
    documents are compared.
    """

    before: str
    now: str
    facts: tuple[FieldChange, ...]
    metadata: tuple[FieldChange, ...]
    schemas: tuple[SchemaChange, ...]
    artifacts: tuple[ArtifactChange, ...]
    flags: tuple[Flag, ...]
    metrics: tuple[MetricChange, ...] = ()

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many facts, fields, schemas and files there are of each change."""
        return Counter(item.change for item in self._all())

    @property
    def changed(self) -> int:
        """How many differ, in whatever way."""
        return sum(count for change, count in self.counts.items() if change is not Change.SAME)

    @property
    def same(self) -> int:
        """How many are the same."""
        return self.counts.get(Change.SAME, 0)

    @property
    def suites(self) -> frozenset[str | None]:
        """The suites whose metrics these are; None for a run without one."""
        return frozenset(metric.suite for metric in self.metrics)

    @property
    def suites_not_run(self) -> frozenset[str | None]:
        """Those that were run before, and not of the version now."""
        return self.suites - {metric.suite for metric in self.metrics if metric.now is not None}

    def _all(self) -> Iterator[FieldChange | SchemaChange | ArtifactChange]:
        yield from self.facts
        yield from self.metadata
        yield from self.schemas
        yield from self.artifacts


@dataclass(frozen=True)
class VersionComparison:
    """Two versions of one model, and what differs between them. `before` is the one that is compared with."""

    before: Version
    now: Version
    comparison: Comparison
