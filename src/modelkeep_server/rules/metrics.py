"""
What a measured number may be called, what it may be, and what is asked of it: metrics, slices and thresholds.

A metric is told apart by its name and the slice that it was measured on. Which way is better follows from the
comparison of its threshold: `>=` and `>` ask for more, `<=` and `<` for less.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError

METRICS_MAX = 1000
THRESHOLDS_MAX = 100
IMPORT_BYTES_MAX = 1024 * 1024
NAME_CHARS = 200
SLICE_CHARS = 200
#: A value this close to its limit, as a share of the limit, is near it, though it passes.
NEAR = 0.02

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@%+()\[\]\- ]*")


class Comparison(StrEnum):
    """How a value stands to its limit where it passes."""

    AT_LEAST = ">="
    MORE = ">"
    AT_MOST = "<="
    LESS = "<"

    @property
    def wants_more(self) -> bool:
        """Whether a greater value is a better one."""
        return self in (Comparison.AT_LEAST, Comparison.MORE)

    def holds(self, value: float, limit: float) -> bool:
        """Whether a value passes."""
        if self is Comparison.AT_LEAST:
            return value >= limit
        if self is Comparison.MORE:
            return value > limit
        return value <= limit if self is Comparison.AT_MOST else value < limit


class Verdict(StrEnum):
    """What came of a threshold. NEAR passes too, OVER and MISSING do not."""

    PASSED = "PASS"
    NEAR = "NEAR"
    OVER = "OVER"
    MISSING = "MISSING"


@dataclass(frozen=True)
class Metric:
    """One number: its name, of which slice (None: of everything), and the ends of its confidence interval."""

    name: str
    value: float
    slice: str | None = None
    low: float | None = None
    high: float | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells it apart within a run."""
        return (self.name, self.slice)

    def as_json(self) -> dict[str, Any]:
        """As the API and the database write it."""
        told: dict[str, Any] = {"name": self.name, "value": self.value}
        if self.slice is not None:
            told["slice"] = self.slice
        if self.low is not None:
            told["confidenceInterval"] = [self.low, self.high]
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Metric":
        """From what `as_json` wrote."""
        low, high = told.get("confidenceInterval") or (None, None)
        return cls(told["name"], told["value"], told.get("slice"), low, high)


@dataclass(frozen=True)
class Threshold:
    """What a suite asks of one metric."""

    metric: str
    comparison: Comparison
    value: float
    slice: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API and the database write it."""
        told: dict[str, Any] = {"metric": self.metric, "comparison": self.comparison.value, "value": self.value}
        return told if self.slice is None else {**told, "slice": self.slice}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Threshold":
        """From what `as_json` wrote."""
        return cls(told["metric"], Comparison(told["comparison"]), told["value"], told.get("slice"))


@dataclass(frozen=True)
class Judged:
    """A threshold and what was measured; `measured` is None where the run lacks the metric."""

    threshold: Threshold
    measured: float | None
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether the threshold is met. One whose metric is missing is not."""
        return self.verdict in (Verdict.PASSED, Verdict.NEAR)

    @property
    def message(self) -> str:
        """What came of it, as a sentence with the numbers."""
        asked = self.threshold
        what = asked.metric if asked.slice is None else f"{asked.metric} of {asked.slice}"
        limit = f"{asked.comparison.value} {format_number(asked.value)}"
        if self.measured is None:
            return f"{what} was not measured; {limit} is asked."
        outcome = "passes" if self.passed else "does not pass"
        return f"{what} is {format_number(self.measured)}, which {outcome} {limit}."

    def as_json(self) -> dict[str, Any]:
        """As the API and the database write it."""
        told = {**self.threshold.as_json(), "passed": self.passed, "verdict": self.verdict.value}
        return told if self.measured is None else {**told, "measured": self.measured}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Judged":
        """From what `as_json` wrote."""
        return cls(Threshold.of(told), told.get("measured"), Verdict(told["verdict"]))


def judge(thresholds: Iterable[Threshold], metrics: Iterable[Metric]) -> tuple[Judged, ...]:
    """What came of each threshold, in their order."""
    measured = {metric.key: metric for metric in metrics}
    return tuple(_judge(threshold, measured.get((threshold.metric, threshold.slice))) for threshold in thresholds)


def _judge(threshold: Threshold, metric: Metric | None) -> Judged:
    if metric is None:
        return Judged(threshold, None, Verdict.MISSING)
    if not threshold.comparison.holds(metric.value, threshold.value):
        return Judged(threshold, metric.value, Verdict.OVER)
    uncertain = metric.low is not None and metric.high is not None and metric.low <= threshold.value <= metric.high
    close = abs(metric.value - threshold.value) <= NEAR * abs(threshold.value)
    return Judged(threshold, metric.value, Verdict.NEAR if uncertain or close else Verdict.PASSED)


def find_name_fault(name: object) -> str | None:
    """What is wrong with the name of a metric, as a sentence, or None."""
    if not isinstance(name, str) or not name.strip():
        return "The name of the metric is missing, for instance accuracy."
    if len(name) > NAME_CHARS:
        return f"The name of a metric has at most {NAME_CHARS} characters; this has {len(name):,}."
    if _NAME.fullmatch(name) is None or name != name.strip():
        return (
            f"{name[:80]!r} is no name of a metric: ASCII letters, digits, blanks and _ . : / @ % + - ( ) [ ], "
            "beginning with a letter or digit."
        )
    return None


def find_slice_fault(text: object) -> str | None:
    """What is wrong with the name of a slice, as a sentence, or None."""
    if text is None:
        return None
    if not isinstance(text, str):
        return "A slice is text, for instance region=EU."
    fault = texts.find_text_fault(text, max_chars=SLICE_CHARS, required=True)
    return f"Slice: {fault}" if fault else None


def find_value_fault(value: object) -> str | None:
    """What is wrong with a number, as a sentence, or None: text, true, NaN and infinity are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = "empty" if value is None or value == "" else f"{str(value)[:40]!r}"
        return f"The value is {shown}; write a number, for instance 0.93, or leave the row out."
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    return None if finite else "The value is not finite (NaN or infinity). Leave the row out, or measure it again."


def find_interval_fault(value: float, low: object, high: object) -> str | None:
    """What is wrong with a confidence interval around a value, as a sentence, or None."""
    if low is None and high is None:
        return None
    if low is None or high is None:
        return "A confidence interval has both ends, low and high."
    for end in (low, high):
        fault = find_value_fault(end)
        if fault:
            return f"Confidence interval: {fault}"
    if not float(low) <= value <= float(high):  # type: ignore[arg-type]
        return f"The confidence interval is to hold the value: low <= {format_number(value)} <= high."
    return None


def find_threshold_faults(thresholds: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Every fault of the thresholds of a suite as sent, by their place in the list."""
    if not thresholds:
        return [FieldError("thresholds", "At least one threshold, for instance accuracy >= 0.9.")]
    if len(thresholds) > THRESHOLDS_MAX:
        return [FieldError("thresholds", f"At most {THRESHOLDS_MAX} thresholds; these are {len(thresholds)}.")]
    faults = []
    for place, told in enumerate(thresholds):
        at = f"thresholds.{place}"
        for key, fault in (
            ("metric", find_name_fault(told.get("metric"))),
            ("slice", find_slice_fault(told.get("slice"))),
            ("value", find_value_fault(told.get("value"))),
        ):
            if fault:
                faults.append(FieldError(f"{at}.{key}", fault))
        if told.get("comparison") not in list(Comparison):
            faults.append(FieldError(f"{at}.comparison", f"Choose one of {' '.join(Comparison)}."))
    return faults or _find_contradictions([Threshold.of(told) for told in thresholds])


def _find_contradictions(thresholds: Sequence[Threshold]) -> list[FieldError]:
    faults = []
    for place, later in enumerate(thresholds):
        for number, earlier in enumerate(thresholds[:place], 1):
            if (earlier.metric, earlier.slice) != (later.metric, later.slice):
                continue
            if earlier.comparison.wants_more is later.comparison.wants_more:
                why = f"Threshold {number} bounds {later.metric} from the same side already. Keep one of them."
                faults.append(FieldError(f"thresholds.{place}", why))
            elif _exclude_each_other(earlier, later):
                told = f"{earlier.comparison.value} {format_number(earlier.value)}"
                why = (
                    f"No value of {later.metric} meets this and threshold {number} ({told}) at once. Mend one of them."
                )
                faults.append(FieldError(f"thresholds.{place}", why))
    return faults


def _exclude_each_other(one: Threshold, other: Threshold) -> bool:
    floor, ceiling = (one, other) if one.comparison.wants_more else (other, one)
    if floor.value != ceiling.value:
        return floor.value > ceiling.value
    return Comparison.MORE is floor.comparison or Comparison.LESS is ceiling.comparison


def format_number(value: float) -> str:
    """A number as people read it, six figures: 0.9312, 1,250,000, 3.1e-07."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.6g}" if 1e-4 <= abs(value) < 1e6 else f"{value:.6g}"
