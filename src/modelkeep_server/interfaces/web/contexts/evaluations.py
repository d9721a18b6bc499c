"""What the pages of evaluations and their suites are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from modelkeep_server.features.evaluations.comparing import Fairness, MetricRow, Trend
from modelkeep_server.features.evaluations.importing.reading import Imported
from modelkeep_server.features.evaluations.views import OpenSuite, Run, Standing, Suite
from modelkeep_server.interfaces.web.contexts.base import FormContext, Walk, Walked
from modelkeep_server.interfaces.web.contexts.versions import VersionContext
from modelkeep_server.kit.paging import Page as Rows

#: How many metrics the tab shows of a run; the page of the run shows all.
ROWS_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class EvaluationsContext(VersionContext, Walked):
    """
    GET /models/{group}/{name}/versions/{version}/evaluations. `rows` are the metrics of the newest run beside those of
    the version `before`, `trends` how the first of them went over versions.
    """

    template: ClassVar[str] = "evaluations/list.html"
    evaluations: Standing
    runs: Rows[Run]
    rows: Sequence[MetricRow]
    before: str | None
    trends: Sequence[Trend]
    cursor: str | None = None

    @property
    def newest(self) -> Run | None:
        """The newest run, or None."""
        return self.evaluations.latest[0] if self.evaluations.latest else None

    @property
    def rows_shown(self) -> Sequence[MetricRow]:
        """As many as the tab has room for."""
        return self.rows[:ROWS_SHOWN]

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(f"{self.base}/evaluations", self.runs)


@dataclass(frozen=True, kw_only=True)
class EvaluationContext(VersionContext):
    """GET /models/{group}/{name}/versions/{version}/evaluations/{id}. `sign_refusal`: why this person may not sign."""

    template: ClassVar[str] = "evaluations/show.html"
    run: Run
    rows: Sequence[MetricRow]
    before: str | None
    fairness: Sequence[Fairness]
    sign_refusal: str | None


@dataclass(frozen=True, kw_only=True)
class RecordEvaluationContext(FormContext):
    """
    GET and POST /models/{group}/{name}/versions/{version}/evaluations/new. Controls: datasetName, datasetVersion,
    suite, procedure, format (`lines`, empty to recognise it, or a name), metrics. `preview` is what was read. Before
    anything is typed, the first suite that the version did not run is chosen.
    """

    template: ClassVar[str] = "evaluations/record.html"
    version: VersionContext
    suites: Sequence[OpenSuite]
    formats: Mapping[str, str]
    preview: Imported | None = None

    @property
    def chosen_suite(self) -> str:
        """The id of the suite that is chosen; empty for none."""
        if "suite" in self.values:
            return str(self.values["suite"])
        return next((one.suite.id for one in self.suites if not one.has_run), "")


@dataclass(frozen=True, kw_only=True)
class SuitesContext(FormContext, Walked):
    """GET /evaluation-suites, and the form that makes one. Controls as in SuiteContext."""

    template: ClassVar[str] = "evaluations/suites.html"
    suites: Rows[Suite]
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/evaluation-suites", self.suites)


@dataclass(frozen=True, kw_only=True)
class SuiteContext(FormContext):
    """
    GET and POST /evaluation-suites/{id}. Controls: name, description, riskTiers (several), groups (apart by commas or
    blanks), thresholds (one a line), enabled (`yes`), reason, revision.
    """

    template: ClassVar[str] = "evaluations/suite.html"
    suite: Suite
    revisions: Sequence[Suite]
    values: Mapping[str, Any] = field(default_factory=dict)
