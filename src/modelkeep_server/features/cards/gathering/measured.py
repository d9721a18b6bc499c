"""Metrics and Quantitative Analyses: what the newest run of each suite, and of none, measured of the version."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelkeep_server.features.cards.gathering.facts import Facts
from modelkeep_server.features.cards.gathering.found import (
    NOTHING,
    Answers,
    Found,
    of_lineage,
    of_version,
    page_of,
    table,
    text,
)
from modelkeep_server.features.cards.measure_words import sign_of
from modelkeep_server.features.cards.views import Measure, Origin, Source
from modelkeep_server.features.evaluations.comparing import COUNTS, Fairness, compare_slices
from modelkeep_server.features.evaluations.views import Run, SuiteStanding
from modelkeep_server.kit import clock
from modelkeep_server.rules.card_sections import ROWS_MAX, is_about_fairness, is_about_robustness
from modelkeep_server.rules.lineage import DatasetRole, ItemKind
from modelkeep_server.rules.metrics import Judged, Metric, format_number
from modelkeep_server.rules.wording import say_code

_FAIRNESS_COLUMNS = (
    "Metric", "By", "Groups", "All", "Lowest", "Highest", "Difference", "Ratio", "Worst group", "Limit", "Result",
)  # fmt: skip


@dataclass(frozen=True)
class _Measured:
    """A run with what its suite demands now, or demanded then where the suite is for other models by now."""

    run: Run
    judged: tuple[Judged, ...]

    @property
    def dataset(self) -> str:
        return " ".join(part for part in (self.run.dataset_name, self.run.dataset_version) if part)

    def judged_of(self, metric: Metric) -> Judged | None:
        """What came of the threshold of a metric; of two, the one that is not met."""
        asked = [one for one in self.judged if (one.threshold.metric, one.threshold.slice) == metric.key]
        return next((one for one in asked if not one.passed), asked[0] if asked else None)


def answer_metrics(facts: Facts) -> Answers:
    """Performance, procedures, intervals, groups, fairness and robustness, as far as runs tell of them."""
    runs = _list_runs(facts)
    every = [(one, metric) for one in runs for metric in one.run.metrics]
    plain = [(one, metric) for one, metric in every if not is_about_robustness(metric.name, metric.slice)]
    return {
        "performance": _measures(facts, [pair for pair in plain if pair[1].slice is None]),
        "suites": _tell_suites(facts),
        "evaluation-datasets": _tell_datasets(facts, runs),
        "evaluation-procedure": _tell_procedures(facts, runs),
        "intervals": _measures(facts, [pair for pair in every if pair[1].low is not None]),
        "groups": _measures(facts, [pair for pair in plain if pair[1].slice is not None]),
        "fairness": _tell_fairness(facts, runs),
        "robustness-metrics": _measures(
            facts, [(one, metric) for one, metric in every if is_about_robustness(metric.name, metric.slice)]
        ),
    }


def _list_runs(facts: Facts) -> list[_Measured]:
    """The newest run of each suite, and of none, on each dataset: those that judge the model now first, by name."""
    found = [_Measured(one.run, one.judged) for one in facts.standing.suites if one.run is not None]
    known = {one.run.key for one in found}
    return found + [_Measured(run, run.thresholds) for run in facts.runs if run.key not in known]


def _measures(facts: Facts, found: Sequence[tuple[_Measured, Metric]]) -> Found:
    """Metrics as measures: where two runs on the same data tell the same metric, the first of them."""
    told: dict[tuple[str, str | None, str], Measure] = {}
    runs: dict[int, Run] = {}
    for one, metric in found:
        key = (metric.name, metric.slice, one.dataset)
        if key not in told:
            told[key] = _to_measure(one, metric)
            runs[one.run.key] = one.run
    if not told:
        return NOTHING
    measures = tuple(told.values())
    return Found(measures[:ROWS_MAX], _sources(facts, runs.values()), max(0, len(measures) - ROWS_MAX))


def _to_measure(one: _Measured, metric: Metric) -> Measure:
    judged = one.judged_of(metric)
    asked = None if judged is None else judged.threshold
    return Measure(
        name=metric.name,
        value=float(metric.value),
        slice=metric.slice,
        low=None if metric.low is None else float(metric.low),
        high=None if metric.high is None else float(metric.high),
        comparison=None if asked is None else asked.comparison.value,
        limit=None if asked is None else float(asked.value),
        passed=None if judged is None else judged.passed,
        dataset=one.dataset,
    )


def _sources(facts: Facts, runs: Iterable[Run]) -> tuple[Source, ...]:
    return tuple(
        Source(Origin.EVALUATION, _name_run(run), page_of(facts, f"/evaluations/{run.id}"))
        for run in {run.key: run for run in runs}.values()
    )


def _name_run(run: Run) -> str:
    return f"Evaluation of {clock.say_moment(run.recorded_at)}" + (f", {run.suite}" if run.suite else "")


def _tell_suites(facts: Facts) -> Found:
    rows = [_tell_suite(one) for one in facts.standing.suites]
    sources = _sources(facts, [one.run for one in facts.standing.suites if one.run is not None])
    return table(("Suite", "Result", "Thresholds met", "Run on", "Signed off by", "What it lacks"), rows, sources)


def _tell_suite(one: SuiteStanding) -> tuple[str, ...]:
    if one.run is None:
        return one.suite.name, "Not run", f"0 of {len(one.suite.thresholds)}", "", "", ""
    met = sum(judged.passed for judged in one.judged)
    lacks = " ".join(judged.message for judged in one.judged if not judged.passed)
    return (
        one.suite.name, _say_result(one.passed), f"{met} of {len(one.judged)}",
        clock.say_moment(one.run.recorded_at), one.run.signed_by or "", lacks,
    )  # fmt: skip


def _say_result(passed: bool) -> str:
    return "Passed" if passed else "Failed"


def _tell_datasets(facts: Facts, runs: Sequence[_Measured]) -> Found:
    """What was measured on, and what lineage says of it; what lineage knows for validation and tests besides."""
    items = {(data["name"], data["version"]): data for data in facts.items_of(ItemKind.DATASET)}
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in runs:
        key = (one.run.dataset_name, one.run.dataset_version or "")
        known = items.get(key)
        role = say_code(str(known["role"])) if known else ""
        rows.setdefault(key, (*key, role, one.run.suite or "No suite", clock.say_moment(one.run.recorded_at)))
    held_out = (DatasetRole.VALIDATION, DatasetRole.TEST)
    for key, data in items.items():
        if data.get("role") in held_out:
            rows.setdefault(key, (*key, say_code(str(data["role"])), "", ""))
    from_lineage = any(key in items for key in rows)
    sources = (*_sources(facts, [one.run for one in runs]), *(of_lineage(facts) if from_lineage else ()))
    return table(("Dataset", "Version", "Role", "Suite", "Run on"), rows.values(), sources)


def _tell_procedures(facts: Facts, runs: Sequence[_Measured]) -> Found:
    """What the version says of how it was evaluated, then what its runs say, the same told once."""
    own = facts.value_of("card.evaluationProcedure")
    told: dict[str, list[_Measured]] = {}
    for one in runs:
        if one.run.procedure and one.run.procedure != own:
            told.setdefault(one.run.procedure, []).append(one)
    is_alone = own is None and len(told) == 1
    lines = [
        procedure if is_alone else f"On {those[0].dataset}: {procedure}" for procedure, those in told.items()
    ]  # fmt: skip
    sources = _sources(facts, [one.run for those in told.values() for one in those])
    if own is not None:
        lines, sources = [str(own), *lines], (*of_version(facts), *sources)
    return text("\n\n".join(lines), sources)


def _tell_fairness(facts: Facts, runs: Sequence[_Measured]) -> Found:
    rows: list[tuple[str, ...]] = []
    sources: list[Run] = []
    for one in runs:
        plain = [metric for metric in one.run.metrics if not is_about_robustness(metric.name, metric.slice)]
        found = [*_tell_named(one, plain), *map(_tell_comparison, compare_slices(plain, one.judged))]
        if found:
            rows += found
            sources.append(one.run)
    return table(_FAIRNESS_COLUMNS, rows, _sources(facts, sources), numbers=(2, 3, 4, 5, 6, 7, 9))


def _tell_named(one: _Measured, metrics: Sequence[Metric]) -> Iterator[tuple[str, ...]]:
    """Metrics that compare groups by themselves, as tools for fairness write them."""
    for metric in metrics:
        if metric.slice is not None or metric.name in COUNTS or not is_about_fairness(metric.name):
            continue
        judged = one.judged_of(metric)
        limit = (
            ""
            if judged is None
            else f"{sign_of(judged.threshold.comparison.value)} {format_number(judged.threshold.value)}"
        )
        result = "" if judged is None else _say_result(judged.passed)
        yield (metric.name, "", "", format_number(metric.value), "", "", "", "", "", limit, result)


def _tell_comparison(found: Fairness) -> tuple[str, ...]:
    values = [row.metric.value for row in found.rows]
    # Where no threshold says which way is better, none of them is known to be the worst.
    worst = "" if found.is_assumed else next((row.slice for row in found.rows if row.is_worst), "")
    return (
        found.name, found.by, str(len(found.rows)),
        "" if found.overall is None else format_number(found.overall.value),
        format_number(min(values)), format_number(max(values)), format_number(found.difference),
        "" if found.ratio is None else format_number(found.ratio), worst, "", "",
    )  # fmt: skip
