"""Moments: aware, in UTC, whole microseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit import clock

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1001, 1, 2), datetime(9998, 12, 30), timezones=ZONES)  # noqa: DTZ001 - hypothesis adds the zone


@given(MOMENTS)
def test_a_moment_comes_back_from_microseconds_as_it_was(moment):
    """Counting in microseconds loses nothing, whatever the zone, before 1970 too."""
    again = clock.from_us(clock.to_us(moment))

    assert moment == again
    assert UTC == again.tzinfo


@given(MOMENTS)
def test_json_shows_the_second_a_moment_lies_in(moment):
    """In JSON a moment is its second in UTC; the part below a second is dropped, never rounded up."""
    shown = clock.iso_seconds(moment)

    assert moment.astimezone(UTC).replace(microsecond=0) == datetime.fromisoformat(shown)
    assert shown.endswith("Z")
    assert 20 == len(shown)


def test_the_epoch_is_zero():
    """Microseconds count from 1970-01-01 UTC, not from midnight somewhere else."""
    berlin = timezone(timedelta(hours=1))

    assert 0 == clock.to_us(datetime(1970, 1, 1, 1, tzinfo=berlin))
    assert -1 == clock.to_us(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))


@pytest.mark.parametrize("reader", [clock.to_us, clock.iso_seconds])
def test_a_moment_without_a_zone_is_refused(reader):
    """Which moment a naive time means depends on the machine, so it is refused."""
    naive = datetime(2026, 1, 31, 9)  # noqa: DTZ001 - what is refused

    with pytest.raises(ValueError, match="zone"):
        reader(naive)


def test_now_is_aware_and_in_utc():
    """The clock gives UTC, so that nothing has to ask for the machine's zone."""
    now = clock.utc_now()

    assert UTC == now.tzinfo
