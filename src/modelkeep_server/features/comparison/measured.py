"""What became of a model's numbers from one version to another: the latest run of each suite, metric by metric."""

from collections.abc import Iterator, Mapping

from modelkeep_server.features.comparison.views import Change, Flag, MetricChange
from modelkeep_server.features.evaluations.views import Run, Standing
from modelkeep_server.rules.metrics import NEAR, Judged, Metric, Verdict, format_number

#: So many numbers that fell are told first.
FLAGS_MAX = 5


def compare_metrics(before: Standing, now: Standing) -> tuple[MetricChange, ...]:
    """Every metric of the latest runs of both, what is asked for first, in the order of the suites."""
    had, has = ({run.suite_key: run for run in standing.latest} for standing in (before, now))
    changes = [
        change
        for suite in dict.fromkeys((*has, *had))
        for change in _compare_runs(had.get(suite), has.get(suite), _judged(now, has.get(suite) or had[suite]))
    ]
    return tuple(sorted(changes, key=lambda change: change.verdict is None))


def flag_metrics(metrics: tuple[MetricChange, ...]) -> tuple[Flag, ...]:
    """Numbers that fell and are close to their limit or over it, or fell by much; the greatest fall first."""
    fallen = [metric for metric in metrics if _is_telling(metric)]
    fallen.sort(key=lambda metric: metric.share, reverse=True)
    return tuple(Flag("metrics", metric.name, _say(metric)) for metric in fallen[:FLAGS_MAX])


def _is_telling(metric: MetricChange) -> bool:
    if metric.change is Change.REMOVED:
        return metric.verdict is Verdict.MISSING
    return metric.is_better is False and (metric.verdict is not Verdict.PASSED or metric.share > NEAR)


def _say(metric: MetricChange) -> str:
    what = metric.name if metric.slice is None else f"{metric.name} on {metric.slice}"
    if metric.before is None or metric.now is None:
        by = f" by {metric.suite}" if metric.suite else ""
        return f"{what} is asked for{by} and was not measured again."
    limit = f" (limit {metric.comparison} {format_number(metric.limit)})" if metric.limit is not None else ""
    return f"{what} got worse: {format_number(metric.before)} → {format_number(metric.now)}{limit}."


def _judged(standing: Standing, run: Run) -> Mapping[tuple[str, str | None], Judged]:
    """
    What is asked of each metric: by the suite as it is now, else by the run's own thresholds. Failing ones win. Of a
    suite that is asked for no more, only a run of this version counts.
    """
    in_force = next((suite for suite in standing.suites if suite.suite.key == run.suite_key), None)
    if in_force is None and run not in standing.latest:
        return {}
    judged = run.thresholds if in_force is None or in_force.run is None else in_force.judged
    ordered = sorted(judged, key=lambda one: not one.passed)
    return {(one.threshold.metric, one.threshold.slice): one for one in reversed(ordered)}


def _compare_runs(
    before: Run | None, now: Run | None, judged: Mapping[tuple[str, str | None], Judged]
) -> Iterator[MetricChange]:
    run = now or before
    had, has = _by_key(before), _by_key(now)
    for key in dict.fromkeys((*has, *had)):
        was, is_now = had.get(key), has.get(key)
        asked = judged.get(key)
        yield MetricChange(
            name=key[0],
            slice=key[1],
            suite=None if run is None else run.suite,
            change=_change_of(was, is_now),
            before=was,
            now=is_now,
            comparison=None if asked is None else asked.threshold.comparison,
            limit=None if asked is None else asked.threshold.value,
            verdict=None if asked is None else Verdict.MISSING if is_now is None else asked.verdict,
        )


def _by_key(run: Run | None) -> dict[tuple[str, str | None], float]:
    metrics: tuple[Metric, ...] = () if run is None else run.metrics
    return {metric.key: metric.value for metric in metrics}


def _change_of(before: float | None, now: float | None) -> Change:
    if before is None:
        return Change.ADDED
    if now is None:
        return Change.REMOVED
    return Change.SAME if before == now else Change.CHANGED
