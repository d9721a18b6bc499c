"""What the registry says of suites and runs of evaluations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.metrics import Judged, Metric, Threshold, judge


class Source(StrEnum):
    """How a run came."""

    FORM = "FORM"
    API = "API"
    IMPORT = "IMPORT"


@dataclass(frozen=True)
class SuiteScope:
    """Which models a suite is for. Empty means all. Groups are compared in any case."""

    risk_tiers: tuple[RiskTier, ...] = ()
    groups: tuple[str, ...] = ()

    def covers(self, risk_tier: RiskTier, group: str) -> bool:
        """Whether a model of this tier and group is meant."""
        in_tier = not self.risk_tiers or risk_tier in self.risk_tiers
        return in_tier and (not self.groups or group.lower() in {one.lower() for one in self.groups})

    def as_json(self) -> dict[str, Any]:
        """As the API and the database write it."""
        return {"riskTiers": [tier.value for tier in self.risk_tiers], "groups": list(self.groups)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "SuiteScope":
        """From what `as_json` wrote."""
        return cls(tuple(map(RiskTier, told.get("riskTiers") or ())), tuple(told.get("groups") or ()))


@dataclass(frozen=True)
class Suite:
    """A suite at one revision: who saved it, when, and why. `key` is its inside id."""

    key: int
    id: str
    name: str
    description: str
    enabled: bool
    scope: SuiteScope
    thresholds: tuple[Threshold, ...]
    revision: int
    saved_by: str
    saved_at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """
    One run on a version. `thresholds` are those of its suite as they were, each with what came of it; `passed` is None
    where it ran against no suite. `key`, `version_key` and `suite_key` are inside ids.
    """

    key: int
    id: str
    version_key: int
    suite_key: int | None
    suite_id: str | None
    suite: str | None
    suite_revision: int | None
    dataset_name: str
    dataset_version: str | None
    procedure: str | None
    metrics: tuple[Metric, ...]
    thresholds: tuple[Judged, ...]
    passed: bool | None
    source: Source
    format: str | None
    recorded_by: str
    recorder_key: int
    recorded_at: datetime
    signed_by: str | None
    signed_at: datetime | None
    sign_comment: str | None
    revision: int

    @property
    def faults(self) -> tuple[Judged, ...]:
        """The thresholds that were not met."""
        return tuple(judged for judged in self.thresholds if not judged.passed)


@dataclass(frozen=True)
class OpenSuite:
    """A suite that a run of a version may be recorded against. `has_run`: it has one already."""

    suite: Suite
    has_run: bool


@dataclass(frozen=True)
class SuiteStanding:
    """
    A suite that a version is to pass, its latest run there, and what came of each threshold.

    Where the suite was changed since the run, the numbers of the run are judged anew by the suite as it is now.
    """

    suite: Suite
    run: Run | None

    @property
    def judged(self) -> tuple[Judged, ...]:
        """What came of each threshold of the suite in force; none where nothing was run."""
        return () if self.run is None else judge(self.suite.thresholds, self.run.metrics)

    @property
    def passed(self) -> bool:
        """Whether the version passes the suite now."""
        return self.run is not None and all(judged.passed for judged in self.judged)

    @property
    def message(self) -> str:
        """Where it stands, as a sentence."""
        if self.run is None:
            return f"{self.suite.name} was not run on this version."
        faults = [judged.message for judged in self.judged if not judged.passed]
        return " ".join([f"{self.suite.name} does not pass.", *faults[:5]]) if faults else f"{self.suite.name} passes."


@dataclass(frozen=True)
class Standing:
    """
    How the evaluations of a version stand: every suite that is meant for its model, and of each suite, and of none, the
    latest run. `run_count` counts all runs.
    """

    suites: tuple[SuiteStanding, ...]
    latest: tuple[Run, ...]
    run_count: int
    needs_run: bool

    @property
    def passed(self) -> bool:
        """Whether the evaluations pass: the latest run of every suite, and for MEDIUM and HIGH there is a run."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why they do not pass, a sentence each."""
        faults = tuple(suite.message for suite in self.suites if not suite.passed)
        if self.needs_run and not self.run_count:
            return ("No evaluation is recorded; medium and high risk models need at least one.", *faults)
        return faults


@dataclass(frozen=True)
class NewRun:
    """A run as sent, not judged yet. `suite` is its id or name; `metrics` as the API writes them."""

    dataset_name: str
    metrics: Sequence[Mapping[str, Any]]
    dataset_version: str | None = None
    procedure: str | None = None
    suite: str | None = None
    source: Source = Source.API
    format: str | None = None


@dataclass(frozen=True)
class NewSuite:
    """A suite as sent, not judged yet. `thresholds` as the API writes them."""

    name: str
    thresholds: Sequence[Mapping[str, Any]]
    description: str = ""
    enabled: bool = True
    risk_tiers: Sequence[str] = ()
    groups: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class PastRun:
    """The latest run of a version of a model, for comparing: the version's number and address part."""

    version: str
    number: int
    metrics: tuple[Metric, ...]
