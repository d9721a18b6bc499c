"""Answer times by the minute, in bounded memory."""

import pytest

from modelkeep_server.kit.timings import MINUTES, Timings

NOON = 1_800_000_000 // 60 * 60


def test_a_minute_tells_its_count_and_its_percentiles() -> None:
    """Ninety fast answers and ten slow ones: half within the fast time, nineteen of twenty within the slow one."""
    timings = Timings()
    for place in range(100):
        timings.note(0.004 if place < 90 else 0.5, NOON + place % 60)

    (minute,) = timings.minutes(NOON + 59)

    assert (minute.began_at, minute.count) == (NOON, 100)
    assert 0.004 <= minute.p50_seconds <= 0.0045
    assert 0.5 <= minute.p95_seconds <= 0.56


def test_only_the_last_hour_is_told() -> None:
    """Older minutes are forgotten, also where nothing came since; silent minutes are left out."""
    timings = Timings()
    for minute in range(0, 2 * MINUTES, 2):
        timings.note(0.01, NOON + minute * 60)

    now = timings.minutes(NOON + (2 * MINUTES - 1) * 60)

    assert [found.began_at for found in now] == [NOON + minute * 60 for minute in range(MINUTES, 2 * MINUTES, 2)]
    assert timings.minutes(NOON + 10 * MINUTES * 60) == ()


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 0.0001, 119.0, 10_000.0, -1.0])
def test_no_duration_breaks_it(seconds: float) -> None:
    """The shortest and the longest stand at the ends of the scale."""
    timings = Timings()

    timings.note(seconds, NOON)

    assert timings.minutes(NOON)[0].count == 1
    assert 0 < timings.minutes(NOON)[0].p95_seconds < 200
