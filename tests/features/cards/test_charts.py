"""Charts of a card have their marks where the numbers are, whatever the numbers."""

import math

import pytest

from modelkeep_server.features.cards.charts import MARKS_MAX, ChartKind, charts_of
from modelkeep_server.features.cards.views import Measure

TENURE = (
    Measure("AUC", 0.871, None, 0.866, 0.876, ">=", 0.85, True),
    Measure("AUC", 0.812, "Under 3 months", 0.794, 0.829, ">=", 0.85, False),
    Measure("AUC", 0.858, "3 to 12 months", 0.849, 0.867),
    Measure("AUC", 0.883, "1 to 3 years", 0.876, 0.889),
)


def test_dots_whiskers_and_the_limit_lie_on_one_scale_of_round_steps() -> None:
    """As a ruler over the ticks finds them."""
    (chart,) = charts_of(TENURE)

    assert chart.kind is ChartKind.INTERVALS
    assert [tick.label for tick in chart.ticks] == ["0.78", "0.80", "0.82", "0.84", "0.86", "0.88", "0.90"]
    assert (chart.ticks[0].at, chart.ticks[-1].at) == (0.0, 1.0)
    for mark, measure in zip(chart.marks, TENURE, strict=True):
        for place, value in ((mark.at, measure.value), (mark.low, measure.low), (mark.high, measure.high)):
            assert place == pytest.approx(((value or 0) - 0.78) / 0.12, abs=1e-4)
    assert chart.limit is not None
    assert (chart.limit.label, chart.limit.at) == ("limit ≥ 0.850", pytest.approx(7 / 12, abs=1e-4))


def test_what_does_not_pass_says_so_in_a_word() -> None:
    """Red alone tells nobody who cannot see it."""
    (chart,) = charts_of(TENURE)

    assert [mark.word for mark in chart.marks] == [None, "below the limit", None, None]
    assert "Under 3 months 0.812 (0.794 – 0.829), below the limit" in chart.words


def test_a_slice_is_the_worst_only_where_a_demand_says_which_way_is_better() -> None:
    """The smallest error is the best one."""
    errors = [Measure("error", 0.1 + place / 100, f"region={place}") for place in range(3)]
    judged = [Measure("error", 0.1, None, comparison="<=", limit=0.2, passed=True), *errors]

    assert [mark.word for mark in charts_of(errors)[0].marks] == [None, None, None]
    assert [mark.word for mark in charts_of(judged)[0].marks] == [None, None, None, "worst"]


def test_rows_with_demands_of_their_own_have_each_its_limit() -> None:
    """One line over all of them would say what nobody demands."""
    (chart,) = charts_of(
        [Measure("recall", 0.8, "a", comparison=">=", limit=0.7, passed=True),
         Measure("recall", 0.6, "b", comparison=">=", limit=0.5, passed=True)]
    )  # fmt: skip

    assert chart.limit is None
    assert [mark.limit.label for mark in chart.marks if mark.limit] == ["limit ≥ 0.7", "limit ≥ 0.5"]


def test_slices_of_one_kind_are_named_by_what_tells_them_apart() -> None:
    """Its name stands in the title once, rather than in each row."""
    (one,) = charts_of([Measure("f1", 0.8, "sex=Female"), Measure("f1", 0.9, "sex=Male"), Measure("f1", 0.85)])
    (mixed,) = charts_of([Measure("f1", 0.8, "sex=Female"), Measure("f1", 0.9, "age=old")])
    (both,) = charts_of([Measure("f1", 0.8, "sex=Female, age=old"), Measure("f1", 0.9, "sex=Male, age=old")])

    assert (one.title, [mark.label for mark in one.marks]) == ("f1 by sex", ["Female", "Male", "All data"])
    assert (mixed.title, [mark.label for mark in mixed.marks]) == ("f1 by group", ["sex=Female", "age=old"])
    assert (both.title, both.marks[0].label) == ("f1 by group", "sex=Female, age=old")


def test_bars_begin_at_zero_on_either_side() -> None:
    """A bar that begins elsewhere lies about its length."""
    (chart,) = charts_of([Measure("bias", -0.2, "a"), Measure("bias", 0.3, "b")])

    assert chart.kind is ChartKind.BARS
    assert {mark.start for mark in chart.marks} == {chart.zero} == {0.4}
    assert [mark.at for mark in chart.marks] == [0.0, 1.0]


@pytest.mark.parametrize(
    "values",
    [(0.0,), (1e308, -1e308), (1.7e308, 1.7e308), (5e-324, 1e-320), (1e9, 1e9 + 1), (-0.0, -1e-9), (3.0, 3.0, 3.0)],
)
def test_any_numbers_have_places_within_the_plot(values: tuple[float, ...]) -> None:
    """The greatest, the smallest, and all alike."""
    for measures in (
        [Measure("x", value, str(place)) for place, value in enumerate(values)] + [Measure("x", 1.0)],
        [Measure("x", value, str(place), value, value, ">", value, True) for place, value in enumerate(values)],
    ):
        for chart in charts_of(measures):
            places = [place for mark in chart.marks for place in (mark.at, mark.start, mark.low, mark.high)]
            places += [tick.at for tick in chart.ticks]
            assert all(0.0 <= place <= 1.0 for place in places if place is not None)
            assert all(tick.label and not tick.label.startswith("-0.0") for tick in chart.ticks)


def test_what_is_no_number_has_no_mark() -> None:
    """Nobody can say where it would be."""
    assert charts_of([Measure("x", math.nan, "a"), Measure("x", math.inf, "b")]) == ()


def test_a_thousand_slices_keep_what_fails_and_count_what_is_left_out() -> None:
    """The table has them all."""
    slices = [
        Measure("f1", 0.5 + place / 4000, f"s{place}", comparison=">=", limit=0.5, passed=place != 700)
        for place in range(1000)
    ]
    (chart,) = charts_of([*slices, Measure("f1", 0.7)])

    assert (len(chart.marks), chart.left_out) == (MARKS_MAX, 1001 - MARKS_MAX)
    assert {"s700", "All data"} <= {mark.label for mark in chart.marks}


def test_shares_that_stand_alone_have_one_scale_together() -> None:
    """A chart of one dot each would say no more than the table."""
    alone = [
        Measure("accuracy", 0.93, None, 0.91, 0.95, ">=", 0.9, True, "holdout"),
        Measure("f1", 0.7, comparison=">=", limit=0.8, passed=False, dataset="holdout"),
        Measure("latency_ms", 31.0, comparison="<=", limit=40.0, passed=True, dataset="holdout"),
    ]
    (chart,) = charts_of(alone)

    assert (chart.title, chart.dataset, chart.limit) == ("Metrics, with confidence intervals", "holdout", None)
    assert [(mark.label, mark.word) for mark in chart.marks] == [("accuracy", None), ("f1", "below the limit")]
    assert [mark.limit.label for mark in chart.marks if mark.limit] == ["limit ≥ 0.90", "limit ≥ 0.80"]


def test_a_number_alone_needs_no_chart() -> None:
    """A row of the table says as much."""
    assert charts_of([Measure("accuracy", 0.9), Measure("loss", 0.1)]) == ()
