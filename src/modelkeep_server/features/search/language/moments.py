"""Days and moments as queries name them: `2024`, `2024-01-31`, `2024-01-31T09:00:00Z`, `yesterday`, `now-7d`."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches

from modelkeep_server.kit import clock
from modelkeep_server.kit.words import fold_value

#: How dates may be written, for sentences.
WAYS = ("2024", "2024-01", "2024-01-31", "2024-01-31T09:00:00Z", "today", "yesterday", "now-7d")

_DAY_US = 86_400_000_000
_RELATIVE = re.compile(r"(now|today|yesterday)((?:[+-][0-9]{1,5}[dwmy])*)")
_STEP = re.compile(r"([+-])([0-9]{1,5})([dwmy])")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[t ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?)?"
    r"(z|[+-][0-9]{2}:?[0-9]{2})?"
)
#: What people write instead, and what they most likely mean by it.
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]?([0-9]{1,2})(?:[-/. ]?([0-9]{1,2}))?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})[-/. ]([0-9]{4})")
_AGO = re.compile(r"(?:now|today)?[-+ ]*([0-9]{1,5}) ?([hdwmy])[a-z]*(?: ago)?")


@dataclass(frozen=True)
class Stretch:
    """From `start` up to, and not with, `end`: microseconds since 1970 UTC. An instant lasts one of them."""

    start: int
    end: int
    is_instant: bool = False


class NoMoment(ValueError):
    """A text that names no day or moment. `nearest` is what may have been meant."""

    def __init__(self, message: str, nearest: str) -> None:
        super().__init__(message)
        self.message = message
        self.nearest = nearest


def read_moment(text: str, now: datetime) -> Stretch:
    """
    The days or the moment that a text names, in UTC where it names no zone.

    Raises:
        NoMoment: It names none, or one that the calendar does not have.
    """
    folded = fold_value(text)
    if relative := _RELATIVE.fullmatch(folded):
        return _read_relative(relative, now)
    if day := _DAY.fullmatch(folded):
        return _read_day(folded, *(int(part) if part else None for part in day.groups()))
    if moment := _MOMENT.fullmatch(folded):
        return _read_time(folded, moment)
    raise NoMoment(say_no_date(text), _guess(folded))


def say_no_date(text: str) -> str:
    """That a text names no day, and how days are named."""
    return f"`{text}` is no date. Dates are written {', '.join(WAYS)}."


def _read_relative(found: re.Match[str], now: datetime) -> Stretch:
    moment = now.astimezone(UTC)
    if found.group(1) == "yesterday":
        moment -= timedelta(days=1)
    try:
        for sign, count, unit in _STEP.findall(found.group(2)):
            moment = _step(moment, int(sign + count), unit)
    except (ValueError, OverflowError):
        message = f"`{found.group()}` lies outside the calendar, which has the years 1 to 9999."
        raise NoMoment(message, f"{found.group(1)}-1y") from None
    if found.group(1) == "now":
        return Stretch(clock.to_us(moment), clock.to_us(moment) + 1, is_instant=True)
    start = clock.to_us(datetime.combine(moment.date(), time(), UTC))
    return Stretch(start, start + _DAY_US)


def _step(moment: datetime, count: int, unit: str) -> datetime:
    if unit in "dw":
        return moment + timedelta(days=count * (7 if unit == "w" else 1))
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def _read_day(text: str, year: int | None, month: int | None, day: int | None) -> Stretch:
    first = _find_day(text, year or 0, month or 1, day or 1)
    if day:
        count = 1
    elif month:
        count = calendar.monthrange(first.year, first.month)[1]
    else:
        count = 366 if calendar.isleap(first.year) else 365
    start = clock.to_us(datetime.combine(first, time(), UTC))
    return Stretch(start, start + count * _DAY_US)


def _find_day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        nearest = _clamp(year, month, day)
        raise NoMoment(f"There is no `{text}` in the calendar.", nearest[: len(text)]) from None


def _read_time(text: str, found: re.Match[str]) -> Stretch:
    year, month, day, hour = (int(part) for part in found.groups()[:4])
    minute, second = (int(part or 0) for part in found.groups()[4:6])
    fraction, zone = found.group(7), found.group(8)
    try:
        first = _find_day(text[:10], year, month, day)
    except NoMoment as none:
        rest = text[10:].replace(" ", "t").upper()
        raise NoMoment(f"There is no `{text[:10]}` in the calendar.", none.nearest + rest) from None
    offset = 0
    if zone and zone != "z":
        offset = int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:]))
    if hour > 23 or minute > 59 or second > 59 or abs(offset) >= 24 * 60 or int(zone[-2:] if offset else 0) > 59:
        nearest = f"{first.isoformat()}T{min(hour, 23):02}:{min(minute, 59):02}:{min(second, 59):02}Z"
        raise NoMoment(f"No day has the time of `{text}`.", nearest)
    at = (hour * 60 + minute - offset) * 60 + second
    start = clock.to_us(datetime.combine(first, time(), UTC)) + at * 1_000_000
    if fraction:
        return Stretch(start + int(fraction[1:].ljust(6, "0")), start + int(fraction[1:].ljust(6, "0")) + 1)
    seconds = 1 if found.group(6) else 60 if found.group(5) else 3600
    return Stretch(start, start + seconds * 1_000_000)


def _guess(folded: str) -> str:
    """What may have been meant; today, where nobody can tell."""
    if found := _YEAR_LAST.fullmatch(folded):
        one, other, year = int(found.group(1)), int(found.group(3)), int(found.group(4))
        is_month_first = other > 12 or (found.group(2) == "/" and one <= 12)
        return _clamp(year, one, other) if is_month_first else _clamp(year, other, one)
    if found := _YEAR_FIRST.fullmatch(folded):
        year, month, day = (int(part or 0) for part in found.groups())
        return _clamp(year, month, day or 1)[: None if day else 7]
    if found := _AGO.fullmatch(folded):
        count, unit = int(found.group(1)), found.group(2)
        return f"now-{-(-count // 24)}d" if unit == "h" else f"now-{count}{unit}"
    near = get_close_matches(folded[:20], ("now", "today", "yesterday"), n=1)
    return near[0] if near else "today"


def _clamp(year: int, month: int, day: int) -> str:
    """The nearest day that exists, as `2024-02-29`."""
    year, month = min(max(year, 1), 9999), min(max(month, 1), 12)
    return f"{year:04}-{month:02}-{min(max(day, 1), calendar.monthrange(year, month)[1]):02}"
