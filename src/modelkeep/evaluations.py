"""What was measured of versions, from Python: a part of the client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking, given
from modelkeep.listing import Listing
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class EvaluationSet(Told):
    """What was measured on."""

    name: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Metric(Told):
    """One number. `confidence_interval` is its lower and upper end, where it has one."""

    name: str
    value: float
    slice: str | None = None
    confidence_interval: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedThreshold(Told):
    """A threshold and what came of it; `measured` is None where the run lacks the metric, which does not pass."""

    metric: str
    slice: str | None = None
    comparison: str
    value: float
    measured: float | None = None
    passed: bool
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Evaluation(Told):
    """A run. `passed` is None where it was recorded against no suite."""

    id: str
    suite: str | None = None
    suite_revision: int | None = None
    dataset: EvaluationSet
    procedure: str | None = None
    metrics: tuple[Metric, ...]
    passed: bool | None = None
    thresholds: tuple[JudgedThreshold, ...]
    source: str
    format: str | None = None
    recorded_by: str
    recorded_at: datetime
    signed_by: str | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluationSuite(Told):
    """What versions of the models in its scope are to reach. `thresholds` and `scope` as the API writes them."""

    id: str
    name: str
    description: str
    enabled: bool
    scope: dict[str, Any]
    thresholds: tuple[dict[str, Any], ...]
    revision: int
    saved_by: str
    saved_at: datetime


class Evaluations(Asking):
    """Recording what was measured. `address` is `GROUP/NAME:VERSION` everywhere."""

    def record_evaluation(
        self,
        address: str | Address,
        metrics: Mapping[str, float] | Sequence[Mapping[str, Any]],
        *,
        dataset: str,
        dataset_version: str | None = None,
        procedure: str | None = None,
        suite: str | None = None,
    ) -> Evaluation:
        """
        Record what was measured of a version. A run is never changed; one recorded later is the newer.

        Args:
            metrics: Numbers by name; or, for slices and intervals, objects `{"name", "value", "slice",
                "confidenceInterval"}`.
            suite: The id or name of the evaluation suite that judges it.
        Raises:
            Forbidden, NotFound; Invalid: names every metric at fault. Conflict: the version is closed.
        """
        rows: Sequence[Mapping[str, Any]]
        if isinstance(metrics, Mapping):
            rows = [{"name": name, "value": value} for name, value in metrics.items()]
        else:
            rows = list(metrics)
        document = given(
            metrics=rows, dataset=given(name=dataset, version=dataset_version), procedure=procedure, suite=suite
        )
        return read(Evaluation, self._transport.post(_route_of(address), document))

    def import_evaluation(
        self,
        address: str | Address,
        path: str | Path,
        *,
        dataset: str,
        dataset_version: str | None = None,
        format: str | None = None,  # noqa: A002 - the parameter's name in the API
        procedure: str | None = None,
        suite: str | None = None,
    ) -> Evaluation:
        """
        Record a run with the metrics of a file, as MLflow, scikit-learn, fairlearn, Hugging Face or lm-eval write it.

        Args:
            path: A file of UTF-8 text, at most 1 MiB.
            format: mlflow, sklearn, fairlearn, huggingface, lm-eval or csv; None to have it recognised.
        Raises:
            Invalid: Names every row at fault; nothing is recorded then. Forbidden, NotFound, Conflict, OSError;
            UnicodeDecodeError: the file is no UTF-8.
        """
        content = Path(path).read_text("utf-8")
        document = given(
            content=content, dataset=given(name=dataset, version=dataset_version), procedure=procedure, suite=suite
        )
        query = f"?format={quote(format, safe='')}" if format else ""
        return read(Evaluation, self._transport.post(f"{_route_of(address)}/import{query}", document))

    def list_evaluations(self, address: str | Address) -> Listing[Evaluation]:
        """The runs on a version, the newest first. Walking it raises NotFound."""
        return self._list(_route_of(address), Evaluation)

    def sign_evaluation(self, address: str | Address, evaluation_id: str, *, comment: str | None = None) -> Evaluation:
        """Sign a run off, as MRC or a Security Architect. Raises Forbidden, NotFound, Conflict."""
        where = f"{_route_of(address)}/{quote(evaluation_id, safe='')}/sign"
        return read(Evaluation, self._transport.post(where, given(comment=comment)))

    def list_evaluation_suites(self) -> Listing[EvaluationSuite]:
        """The evaluation suites as they are now, by name."""
        return self._list("/evaluation-suites", EvaluationSuite)


def _route_of(address: str | Address) -> str:
    return f"{parse_version(address).version_route}/evaluations"
