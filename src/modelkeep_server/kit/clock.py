"""Moments: always aware, always UTC; whole microseconds inside, whole seconds in JSON."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def to_us(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a zone.")
    return (moment - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The moment, in UTC, of a count of microseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def iso_seconds(moment: datetime) -> str:
    """`2026-01-31T09:00:00Z`; the part of a second is cut off. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a zone.")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def say_moment(moment: datetime) -> str:
    """`26 Nov 2026, 14:05 UTC`, for sentences. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a zone.")
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
