"""The JSON of evaluations and their suites."""

from typing import Any, Literal, Self

from pydantic import Field

from modelkeep_server.features.evaluations.views import NewRun, NewSuite, Run, Suite
from modelkeep_server.interfaces.api.shapes.base import REASON, Input, Moment, Shape, TierName
from modelkeep_server.rules.metrics import Judged, Metric

ComparisonName = Literal[">=", ">", "<=", "<"]
FormatName = Literal["mlflow", "sklearn", "fairlearn", "huggingface", "lm-eval", "csv"]

_PROCEDURE = "How it was measured, at most 10,000 characters."
_SUITE = "The id or name of the evaluation suite whose thresholds judge it."


class DatasetIn(Input):
    """What was measured on."""

    name: str = Field(description="The dataset's name.", examples=["churn-holdout"])
    version: str | None = Field(default=None, description="Which version of it.", examples=["2026-02"])


class MetricIn(Input):
    """One number. A pair of name and slice stands once in a run."""

    name: str = Field(description="ASCII, at most 200 characters.", examples=["accuracy"])
    value: float = Field(description="Finite.", examples=[0.93])
    slice: str | None = Field(default=None, description="Of which part of the data.", examples=["region=EU"])
    confidence_interval: list[float] | None = Field(
        default=None, description="Its lower and upper end; the value lies between.", examples=[[0.91, 0.95]]
    )


class EvaluationIn(Input):
    """A run to record."""

    dataset: DatasetIn = Field(description="What was measured on.")
    metrics: list[MetricIn] = Field(description="At most 1,000.")
    procedure: str | None = Field(default=None, description=_PROCEDURE)
    suite: str | None = Field(default=None, description=_SUITE)

    def to_new(self) -> NewRun:
        """As the feature takes it."""
        metrics = [metric.model_dump(by_alias=True, exclude_none=True) for metric in self.metrics]
        return NewRun(self.dataset.name, metrics, self.dataset.version, self.procedure, self.suite)


class EvaluationImportIn(Input):
    """A file of metrics to record as a run."""

    content: str = Field(max_length=1024 * 1024, description="The text of the file, at most 1 MiB.")
    dataset: DatasetIn = Field(description="What was measured on.")
    procedure: str | None = Field(default=None, description=_PROCEDURE)
    suite: str | None = Field(default=None, description=_SUITE)

    def to_new(self) -> NewRun:
        """As the feature takes it; the metrics are the file's."""
        return NewRun(self.dataset.name, (), self.dataset.version, self.procedure, self.suite)


class SignIn(Input):
    """Sign a run off."""

    comment: str | None = Field(default=None, description="What was looked at, for the record.")


class DatasetOut(Shape):
    """What was measured on."""

    name: str
    version: str | None = None


class MetricOut(Shape):
    """One number."""

    name: str
    value: float
    slice: str | None = None
    confidence_interval: list[float] | None = None

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """From the feature's view."""
        return cls.model_validate(metric.as_json())


class JudgedOut(Shape):
    """A threshold, and what came of it. NEAR passes, within 2 % of the limit or uncertain whether; MISSING does not."""

    metric: str
    slice: str | None = None
    comparison: ComparisonName
    value: float
    measured: float | None = None
    passed: bool
    verdict: Literal["PASS", "NEAR", "OVER", "MISSING"]

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """From the feature's view."""
        return cls.model_validate(judged.as_json())


class EvaluationOut(Shape):
    """A run. `passed` is null where it was recorded against no suite."""

    id: str
    suite: str | None
    suite_id: str | None
    suite_revision: int | None
    dataset: DatasetOut
    procedure: str | None
    metrics: list[MetricOut]
    passed: bool | None
    thresholds: list[JudgedOut]
    source: Literal["FORM", "API", "IMPORT"]
    format: str | None
    recorded_by: str
    recorded_at: Moment
    signed_by: str | None
    signed_at: Moment | None
    sign_comment: str | None

    @classmethod
    def of(cls, run: Run) -> Self:
        """From the feature's view."""
        return cls(
            id=run.id,
            suite=run.suite,
            suite_id=run.suite_id,
            suite_revision=run.suite_revision,
            dataset=DatasetOut(name=run.dataset_name, version=run.dataset_version),
            procedure=run.procedure,
            metrics=[MetricOut.of(metric) for metric in run.metrics],
            passed=run.passed,
            thresholds=[JudgedOut.of(judged) for judged in run.thresholds],
            source=run.source.value,
            format=run.format,
            recorded_by=run.recorded_by,
            recorded_at=run.recorded_at,
            signed_by=run.signed_by,
            signed_at=run.signed_at,
            sign_comment=run.sign_comment,
        )


class ThresholdIn(Input):
    """What is asked of one metric."""

    metric: str = Field(description="Its name.", examples=["accuracy"])
    comparison: ComparisonName = Field(description="How a passing value stands to the limit.", examples=[">="])
    value: float = Field(description="The limit.", examples=[0.9])
    slice: str | None = Field(default=None, description="Of which slice; left out, of everything.")


class SuiteScopeIn(Input):
    """Which models a suite is for."""

    risk_tiers: list[TierName] = Field(default=[], description="Empty means all.", examples=[["MEDIUM", "HIGH"]])
    groups: list[str] = Field(default=[], description="Groups of models; empty means all.", examples=[[]])


class SuiteIn(Input):
    """A suite to create."""

    name: str = Field(description="At most 100 characters, no other suite's.", examples=["Tabular classification"])
    description: str = Field(default="", description="What it is for.", examples=["Every classifier on tables."])
    scope: SuiteScopeIn = Field(default=SuiteScopeIn(), description="Which models it is for.")
    thresholds: list[ThresholdIn] = Field(description="1 to 100.")
    enabled: bool = Field(default=True, description="One that is off asks nothing.")

    def to_new(self) -> NewSuite:
        """As the feature takes it."""
        return NewSuite(
            self.name,
            _plain(self.thresholds),
            self.description,
            self.enabled,
            self.scope.risk_tiers,
            self.scope.groups,
        )


class SuitePatch(Input):
    """What to change of a suite: fields left out stay; `scope` and `thresholds` are replaced whole."""

    name: str | None = Field(default=None, description="A new name.")
    description: str | None = Field(default=None, description="A new description; null takes it away.")
    scope: SuiteScopeIn | None = Field(default=None, description="Which models it is for from now on.")
    thresholds: list[ThresholdIn] | None = Field(default=None, description="All that it asks from now on.")
    enabled: bool | None = Field(default=None, description="On or off.")
    reason: str | None = Field(default=None, description=REASON)

    def to_changes(self) -> dict[str, Any]:
        """As the feature takes them."""
        sent = self.model_fields_set
        changes: dict[str, Any] = {}
        if "name" in sent:
            changes["name"] = self.name or ""
        if "description" in sent:
            changes["description"] = self.description or ""
        if "scope" in sent:
            scope = self.scope or SuiteScopeIn()
            changes |= {"risk_tiers": scope.risk_tiers, "groups": scope.groups}
        if "thresholds" in sent:
            changes["thresholds"] = _plain(self.thresholds or [])
        if self.enabled is not None:
            changes["enabled"] = self.enabled
        return changes


class ThresholdOut(Shape):
    """What is asked of one metric."""

    metric: str
    comparison: ComparisonName
    value: float
    slice: str | None = None


class SuiteScopeOut(Shape):
    """Which models a suite is for; empty means all."""

    risk_tiers: list[TierName]
    groups: list[str]


class SuiteOut(Shape):
    """A suite at one revision: who saved it, when and why."""

    id: str
    name: str
    description: str
    enabled: bool
    scope: SuiteScopeOut
    thresholds: list[ThresholdOut]
    revision: int
    saved_by: str
    saved_at: Moment
    reason: str | None

    @classmethod
    def of(cls, suite: Suite) -> Self:
        """From the feature's view."""
        return cls(
            id=suite.id,
            name=suite.name,
            description=suite.description,
            enabled=suite.enabled,
            scope=SuiteScopeOut.model_validate(suite.scope.as_json()),
            thresholds=[ThresholdOut.model_validate(threshold.as_json()) for threshold in suite.thresholds],
            revision=suite.revision,
            saved_by=suite.saved_by,
            saved_at=suite.saved_at,
            reason=suite.reason,
        )


def _plain(thresholds: list[ThresholdIn]) -> list[dict[str, Any]]:
    return [threshold.model_dump(exclude_none=True) for threshold in thresholds]
