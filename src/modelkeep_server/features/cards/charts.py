"""
The geometry of a card's charts, for whatever draws them: the page, the HTML file and the PDF. Pure.

Places go from 0, the left edge of the plot, to 1, the right one. Words are ready to print, numbers alike in a chart.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.features.cards.measure_words import sign_of
from modelkeep_server.features.cards.views import Measure
from modelkeep_server.rules.metrics import Comparison, format_number

#: How many rows a chart has at most; the table beside it has them all.
MARKS_MAX = 40
TICKS_WANTED = 5
EVERYTHING = "All data"
SEVERAL = "Metrics"
#: Numbers of rows, which are neither better nor worse.
_COUNTS = frozenset({"support", "count", "n", "sample_size"})
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST = sys.float_info.max
_LEAST = -_MOST


class ChartKind(StrEnum):
    """A dot with its whisker on a scale of its own, or a bar that begins at zero."""

    INTERVALS = "INTERVALS"
    BARS = "BARS"


@dataclass(frozen=True)
class Tick:
    """A line of the scale and what stands under it."""

    at: float
    label: str


@dataclass(frozen=True)
class Limit:
    """What is demanded: its place, and it in words such as `limit ≥ 0.850`."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """
    A row: of which slice, the number as printed, its place and the ends of its interval, None where there is none.

    `start` is where a bar begins. `word` says in a word what is red about it, None where nothing is. `limit` is what is
    demanded of this row alone, where rows have different demands.
    """

    label: str
    value: str
    at: float
    start: float = 0.0
    low: float | None = None
    high: float | None = None
    interval: str | None = None
    word: str | None = None
    limit: Limit | None = None


@dataclass(frozen=True)
class Chart:
    """
    One metric on one dataset, or several metrics. `by` is what its slices are told apart by, None of several metrics.
    `limit` is demanded of the whole; `left_out` is how many rows had no room; `zero` is the place of zero on the scale
    of bars.
    """

    kind: ChartKind
    name: str
    dataset: str | None
    by: str | None
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    limit: Limit | None = None
    left_out: int = 0
    zero: float | None = None

    @property
    def has_intervals(self) -> bool:
        """Whether any row has one."""
        return any(mark.low is not None for mark in self.marks)

    @property
    def title(self) -> str:
        """What it shows, as a heading."""
        return f"{self.name}{self.tail}"

    @property
    def tail(self) -> str:
        """What a heading says after the name, which may be of a script that goes the other way."""
        by = f" by {self.by}" if self.by else ""
        return f"{by}{', with confidence intervals' if self.has_intervals else ''}"

    @property
    def words(self) -> str:
        """All of it in a sentence, for who does not see it."""
        rows = "; ".join(
            f"{mark.label} {mark.value}"
            + (f" ({mark.interval})" if mark.interval else "")
            + (f", {mark.limit.label}" if mark.limit else "")
            + (f", {mark.word}" if mark.word else "")
            for mark in self.marks
        )
        return f"{self.title}{f', {self.limit.label}' if self.limit else ''}: {rows}"


@dataclass(frozen=True)
class _Scale:
    """From `least` to `most` in steps. Numbers are halved, so that no difference of two of them is too great."""

    least: float
    most: float
    ticks: tuple[float, ...]
    decimals: int | None

    def place(self, value: float) -> float:
        span = self.most / 2 - self.least / 2
        return round(min(1.0, max(0.0, (value / 2 - self.least / 2) / span)), 4)

    def say(self, value: float, more: int = 0) -> str:
        if self.decimals is None:
            return format_number(value)
        # Adding zero takes the sign off a negative one.
        return f"{round(value, self.decimals + more) + 0.0:,.{self.decimals + more}f}"


def charts_of(measures: Iterable[Measure]) -> tuple[Chart, ...]:
    """
    What says more than rows of a table do, in the order it came: each metric of several slices of a dataset on a scale
    of its own; then, on one scale, those shares between 0 and 1 that stand alone and have an interval or a limit.
    """
    found: dict[tuple[str, str | None], list[Measure]] = {}
    for measure in dict.fromkeys(measures):
        if math.isfinite(measure.value):
            found.setdefault((measure.name, measure.dataset), []).append(measure)
    charts = [draw_chart(group) for group in found.values() if len(group) > 1]
    alone = [group[0] for group in found.values() if len(group) == 1 and _is_share_to_draw(group[0])]
    return (*charts, draw_chart(alone, of_several=True)) if alone else tuple(charts)


def _is_share_to_draw(measure: Measure) -> bool:
    ends = [end for end in (measure.value, measure.low, measure.high, measure.limit) if end is not None]
    return len(ends) > 1 and all(0.0 <= end <= 1.0 for end in ends)


def draw_chart(measures: Sequence[Measure], *, of_several: bool = False) -> Chart:
    """The chart of one metric, measured at least once on one dataset; or `of_several` metrics, each by its name."""
    shown = _choose(measures)
    kind = ChartKind.INTERVALS if any(one.low is not None for one in measures) else ChartKind.BARS
    scale = _scale_of(shown, kind)
    more = _decimals_more(shown, scale)
    demands = {(one.comparison, one.limit) for one in shown if one.limit is not None}
    common = None
    if len(demands) == 1 and not of_several:
        comparison, limit = next(iter(demands))
        common = _limit(comparison, limit or 0.0, scale, more)
    worst = None if of_several else _worst_of(measures)
    by = None if of_several else _find_key(measures)

    def label_of(one: Measure) -> str:
        if of_several:
            return _name_among(one, shown)
        return one.slice.removeprefix(f"{by}=").strip() or one.slice if one.slice else EVERYTHING

    marks = tuple(
        _mark(one, label_of(one), scale, more, alone=common is None, is_worst=one.value == worst) for one in shown
    )
    return Chart(
        kind, SEVERAL if of_several else measures[0].name, _dataset_of(measures),
        None if of_several else by or "group", marks,
        tuple(Tick(scale.place(value), scale.say(value)) for value in scale.ticks),
        common, len(measures) - len(shown), scale.place(0.0) if kind is ChartKind.BARS else None,
    )  # fmt: skip


def _choose(measures: Sequence[Measure]) -> Sequence[Measure]:
    """Those there is room for, in their order: everything and what does not pass before the others."""
    if len(measures) <= MARKS_MAX:
        return measures
    ranked = sorted(range(len(measures)), key=lambda place: _rank(measures[place]))
    return [measures[place] for place in sorted(ranked[:MARKS_MAX])]


def _rank(measure: Measure) -> int:
    return 0 if measure.slice is None else 1 if measure.passed is False else 2


def _worst_of(measures: Sequence[Measure]) -> float | None:
    """The worst value of the slices, where a demand says which way is better and they differ."""
    ways = {Comparison(one.comparison).wants_more for one in measures if one.comparison is not None}
    values = [one.value for one in measures if one.slice is not None]
    if len(ways) != 1 or len(set(values)) < 2 or measures[0].name in _COUNTS:
        return None
    return min(values) if ways == {True} else max(values)


def _find_key(measures: Sequence[Measure]) -> str | None:
    """What all slices are told apart by: `tenure` of `tenure=Under 3 months` and its like."""
    keys = {one.slice.partition("=")[0] if "=" in one.slice else "" for one in measures if one.slice is not None}
    compound = any("," in one.slice for one in measures if one.slice is not None)
    return next(iter(keys)).strip() or None if len(keys) == 1 and not compound else None


def _name_among(one: Measure, among: Sequence[Measure]) -> str:
    """A metric's name, with its slice, and its dataset where two of the same name are told apart by that."""
    twice = sum(other.name == one.name for other in among) > 1
    return ", ".join(filter(None, (one.name, one.slice, one.dataset if twice else None)))


def _dataset_of(measures: Sequence[Measure]) -> str | None:
    datasets = {one.dataset for one in measures}
    return next(iter(datasets)) if len(datasets) == 1 else None


def _mark(one: Measure, label: str, scale: _Scale, more: int, *, alone: bool, is_worst: bool) -> Mark:
    word = "below the limit" if one.passed is False else "worst" if is_worst and one.slice is not None else None
    if one.passed is False and one.comparison is not None and not Comparison(one.comparison).wants_more:
        word = "above the limit"
    has_interval = one.low is not None and one.high is not None
    return Mark(
        label=label,
        value=scale.say(one.value, more),
        at=scale.place(one.value),
        start=scale.place(0.0),
        low=scale.place(one.low) if has_interval and one.low is not None else None,
        high=scale.place(one.high) if has_interval and one.high is not None else None,
        interval=f"{scale.say(one.low or 0.0, more)} – {scale.say(one.high or 0.0, more)}" if has_interval else None,
        word=word,
        limit=_limit(one.comparison, one.limit, scale, more) if alone and one.limit is not None else None,
    )


def _limit(comparison: str | None, limit: float, scale: _Scale, more: int) -> Limit:
    sign = f"{sign_of(comparison)} " if comparison else ""
    return Limit(scale.place(limit), f"limit {sign}{scale.say(limit, more)}")


def _scale_of(measures: Sequence[Measure], kind: ChartKind) -> _Scale:
    """A scale of round steps that holds every value, interval and limit; that of bars also zero."""
    values = [
        end
        for one in measures
        for end in (one.value, one.low, one.high, one.limit)
        if end is not None and math.isfinite(end)
    ]
    if kind is ChartKind.BARS:
        values.append(0.0)
    least, most = min(values), max(values)
    if least == most:
        room = abs(least) / 10
        least, most = (max(_LEAST, least - room), min(_MOST, most + room)) if room else (0.0, 1.0)
    step = _round_step((most / 2 - least / 2) / TICKS_WANTED * 2)
    first, last = math.floor(max(_LEAST, least / step)), math.ceil(min(_MOST, most / step))
    ticks = tuple(step * place for place in range(first, last + 1))
    if not all(math.isfinite(tick) for tick in ticks) or len(ticks) > 3 * TICKS_WANTED:
        return _Scale(least, most, (least, most), None)
    return _Scale(ticks[0], ticks[-1], ticks, _decimals_of(step, max(abs(ticks[0]), abs(ticks[-1]))))


def _round_step(wanted: float) -> float:
    if not 1e-300 < wanted < 1e300:
        return wanted if wanted > 0 and math.isfinite(wanted) else 1e300
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * factor for factor in _STEPS if power * factor >= wanted * 0.999)


def _decimals_of(step: float, most: float) -> int | None:
    """How many decimals steps need; None where numbers are too great or small to write out."""
    if most >= 1e7 or step < 1e-6:
        return None
    return next((count for count in range(8) if math.isclose(round(step, count), step, rel_tol=1e-6)), None)


def _decimals_more(measures: Sequence[Measure], scale: _Scale) -> int:
    """How many decimals values have beyond those of the scale: as many as tell them exactly, at most two."""
    if scale.decimals is None:
        return 0
    ends = [end for one in measures for end in (one.value, one.low, one.high, one.limit) if end is not None]
    for more in range(2):
        if all(math.isclose(round(end, scale.decimals + more), end, rel_tol=1e-9, abs_tol=1e-12) for end in ends):
            return more
    return 2
