"""Comparing what was measured: with the version before, between slices, and over versions. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelkeep_server.features.evaluations.views import PastRun
from modelkeep_server.rules.metrics import Judged, Metric

#: Numbers of rows, which are no measure of quality.
COUNTS = frozenset({"support", "count", "n", "sample_size"})


@dataclass(frozen=True)
class MetricRow:
    """
    One metric of a run beside the same of the version before. `is_better` is None where no threshold says which way is
    better, or nothing changed. `metric` is None for a threshold whose metric is missing.
    """

    name: str
    slice: str | None
    metric: Metric | None
    before: float | None
    judged: Judged | None
    is_better: bool | None

    @property
    def change(self) -> float | None:
        """How much the value rose, or None."""
        return None if self.metric is None or self.before is None else self.metric.value - self.before

    @property
    def share(self) -> float:
        """The size of the change against the value before, from 0 to 1; a tenth of the value or more is all of it."""
        if not self.change or self.before is None:
            return 0.0
        return min(1.0, abs(self.change) / (0.1 * abs(self.before))) if self.before else 1.0


def rows_of(metrics: Sequence[Metric], judged: Sequence[Judged], before: Sequence[Metric] = ()) -> list[MetricRow]:
    """The rows of a table of metrics: what thresholds ask first, in their order, then the others."""
    measured = {metric.key: metric for metric in metrics}
    earlier = {metric.key: metric.value for metric in before}
    asked = {(one.threshold.metric, one.threshold.slice): one for one in judged}
    wants_more = {name: one.threshold.comparison.wants_more for (name, _), one in reversed(asked.items())}
    rows = []
    for key in dict.fromkeys([*asked, *measured]):
        metric, old = measured.get(key), earlier.get(key)
        better = None
        if metric is not None and old is not None and metric.value != old and key[0] in wants_more:
            better = (metric.value > old) is wants_more[key[0]]
        rows.append(MetricRow(key[0], key[1], metric, old, asked.get(key), better))
    return rows


@dataclass(frozen=True)
class SliceRow:
    """A slice of a metric. `share` is its value against the greatest, from 0 to 1."""

    slice: str
    metric: Metric
    share: float
    is_worst: bool


@dataclass(frozen=True)
class Fairness:
    """
    One metric over the slices that are told apart by the same things, such as sex. `difference` is between the greatest
    and the smallest, `ratio` the smallest by the greatest, None where that says nothing. `is_assumed`: no threshold
    says which way is better, so more is taken to be.
    """

    name: str
    by: str
    overall: Metric | None
    rows: tuple[SliceRow, ...]
    difference: float
    ratio: float | None
    wants_more: bool
    is_assumed: bool


def compare_slices(metrics: Sequence[Metric], judged: Iterable[Judged]) -> tuple[Fairness, ...]:
    """Every metric that was measured on two slices or more of a kind, in the order they came."""
    wants_more = {one.threshold.metric: one.threshold.comparison.wants_more for one in judged}
    overall = {metric.name: metric for metric in metrics if metric.slice is None}
    kinds: dict[tuple[str, str], list[Metric]] = {}
    for metric in metrics:
        if metric.slice is not None and metric.name not in COUNTS:
            kinds.setdefault((metric.name, _kind_of(metric.slice)), []).append(metric)
    return tuple(
        _compare(name, by, found, overall.get(name), wants_more.get(name))
        for (name, by), found in kinds.items()
        if len(found) > 1
    )


def _kind_of(slice_: str) -> str:
    """By what a slice is told apart: `sex=Female, age=old` by sex and age."""
    names = [part.partition("=")[0].strip() for part in slice_.split(",") if "=" in part]
    return " and ".join(names) or "slice"


def _compare(name: str, by: str, found: Sequence[Metric], overall: Metric | None, wants_more: bool | None) -> Fairness:
    values = [metric.value for metric in found]
    least, most = min(values), max(values)
    worst = most if wants_more is False else least
    rows = tuple(
        SliceRow(
            metric.slice or "",
            metric,
            max(0.0, metric.value / most) if most > 0 else 0.0,
            least != most and metric.value == worst,
        )
        for metric in found
    )
    ratio = least / most if most > 0 and least >= 0 else None
    return Fairness(name, by, overall, rows, most - least, ratio, wants_more is not False, wants_more is None)


@dataclass(frozen=True)
class Trend:
    """One metric over versions, oldest first: (version, value). `limit` is what its threshold asks."""

    name: str
    slice: str | None
    points: tuple[tuple[str, float], ...]
    limit: float | None

    def draw(self, width: float, height: float) -> "Drawn":
        """Where a chart of this size puts the points and the limit."""
        values = [value for _, value in self.points] + ([] if self.limit is None else [self.limit])
        least, most = min(values), max(values)
        span = most - least or abs(most) or 1.0
        step = width / max(1, len(self.points) - 1)

        def at(value: float) -> float:
            return round(height - height * (value - least) / span, 2)

        dots = tuple((round(place * step, 2), at(value)) for place, (_, value) in enumerate(self.points))
        return Drawn(dots, None if self.limit is None else at(self.limit))


@dataclass(frozen=True)
class Drawn:
    """A chart's points from the left, and the height of its limit. The origin is at the top left."""

    dots: tuple[tuple[float, float], ...]
    limit: float | None


def trends_of(rows: Sequence[MetricRow], past: Sequence[PastRun], most: int) -> tuple[Trend, ...]:
    """How the first metrics of a table went over the versions, where at least two have them; at most so many."""
    trends: list[Trend] = []
    known = [(run.version, {metric.key: metric.value for metric in run.metrics}) for run in past]
    for row in rows:
        key = (row.name, row.slice)
        points = tuple((version, values[key]) for version, values in known if key in values)
        if len(points) > 1 and len(trends) < most:
            trends.append(Trend(row.name, row.slice, points, row.judged.threshold.value if row.judged else None))
    return tuple(trends)
