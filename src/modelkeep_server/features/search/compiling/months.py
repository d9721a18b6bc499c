"""Stretches of time as whole months and years, by which the full-text index knows when models were registered."""

from collections.abc import Iterator
from dataclasses import dataclass

from modelkeep_server.kit import clock

#: A stretch of more months and years than these is not told by them.
_MONTHS_MAX = 40
#: Nor one of which they have so many times as much.
_WIDER_MAX = 2
_LAST_YEAR = 9_998


@dataclass(frozen=True)
class Months:
    """Years as `2024` and months as `202401`, which have all of a stretch. Where `is_exact`, they have no more."""

    names: tuple[str, ...]
    is_exact: bool


def months_of(start: int | None, end: int | None) -> Months | None:
    """
    The months from a moment up to, and not with, another one; None where one end is open, and where these would be too
    many, or much too wide.
    """
    if start is None or end is None or start >= end:
        return None
    first, last = clock.from_us(start), clock.from_us(end - 1)
    if last.year > _LAST_YEAR:
        return None
    one, other = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    begin, behind = _begin_of(one), _begin_of(other + 1)
    names = tuple(_name(one, other))
    if len(names) > _MONTHS_MAX or behind - begin > _WIDER_MAX * (end - start):
        return None
    return Months(names, (begin, behind) == (start, end))


def _begin_of(month: int) -> int:
    """The first moment of a month, of all months since the year 0."""
    return clock.to_us(clock.from_us(0).replace(year=month // 12, month=month % 12 + 1))


def _name(month: int, last: int) -> Iterator[str]:
    """From one month to the other, whole years as such."""
    while month <= last:
        is_year = not month % 12 and month + 11 <= last
        yield f"{month // 12:04}" if is_year else f"{month // 12:04}{month % 12 + 1:02}"
        month += 12 if is_year else 1
