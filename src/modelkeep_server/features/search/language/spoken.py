"""Times as people say them, which no query is written with: `last week`, `7 days ago`, `Q3 2026`; and what is."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

SIGNS = {"since": ">=", "from": ">=", "after": ">", "before": "<", "until": "<=", "till": "<="}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS = r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_DATE = "[0-9]{4}(?:-[0-9]{2}){0,2}"
#: Months of a quarter and of a half.
_MONTHS_OF = {"q": 3, "h": 6}
_SPOKEN = re.compile(
    rf"""
    (?:(?:(?P<sign>{"|".join(SIGNS)})|in|on|during|within)\s+)? (?:the\s+)?
    (?:
        (?P<which>last|previous|past|this) [\s_-]* (?P<span>week|month|quarter|year)
      | (?:last|previous|past) [\s_-]+ (?P<recent>hour|day)
      | (?:(?:last|previous|past)[\s_-]+)? (?P<count>[0-9]{{1,4}}|an?|one)
        [\s_-]* (?P<unit>hour|day|week|month|year)s? (?P<ago>[\s_-]+ago)?
      | (?:(?P<before>last|previous|past)[\s_-]+|this[\s_-]+)? (?P<weekday>{_WEEKDAYS})
      | (?P<part>[qh][1-4]) (?:[\s_/-]*(?P<part_of>[0-9]{{4}}))?
      | (?P<of_part>[0-9]{{4}}) [\s_/-]* (?P<parted>[qh][1-4])
      | (?P<week_of>[0-9]{{4}}) -? w(?P<week>[0-9]{{2}})
      | between \s+ (?P<low>{_DATE}) \s+ (?:and|to) \s+ (?P<high>{_DATE})
      | (?P<month>{_NAMED}) (?:\s+(?P<of>[0-9]{{4}}))?
      | (?P<day>{_DATE} | today | yesterday)
    )
    (?![\w.:-])
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Spoken:
    """The first `length` characters of a text: from `first` to `last`, or all since `first`, where that is empty."""

    length: int
    sign: str
    first: str
    last: str

    def write(self, sign: str) -> str:
        """The value that says so, where `sign` compares it, which the value begins with."""
        sign = sign or self.sign
        if not self.last:
            return f"{sign or '>='}{self.first}"
        if not sign and self.first != self.last:
            return f"[{self.first} TO {self.last}]"
        return f"{sign}{self.last if sign in ('>', '<=') else self.first}"

    def as_bound(self, *, is_low: bool) -> str:
        """The end of a range that says so."""
        return self.first if is_low or not self.last else self.last


def hear(text: str, now: datetime) -> Spoken | None:
    """What a text says about time that begins with that; None where that is nothing."""
    found = _SPOKEN.match(text)
    if found is None or found.start("day") == 0:
        return None
    try:
        first, last = _read(found, now)
    except ValueError:
        return None  # such as the 54th week of a year
    return Spoken(found.end(), SIGNS.get((found["sign"] or "").lower(), ""), first, last)


def _read(found: re.Match[str], now: datetime) -> tuple[str, str]:
    if found["day"]:
        return (found["day"].lower(),) * 2
    if found["month"]:
        month = _MONTHS.index(found["month"].lower()[:3]) + 1
        year = int(found["of"] or now.year - (month > now.month))
        return (f"{year:04}-{month:02}",) * 2
    if found["count"]:
        count = int(found["count"]) if found["count"].isdecimal() else 1
        unit = found["unit"].lower()
        step = f"{-(-count // 24)}d" if unit == "hour" else f"{count}{unit[0]}"
        return (f"today-{step}",) * 2 if found["ago"] else (f"now-{step}", "")
    if found["recent"]:
        return "now-1d", ""
    if found["low"]:
        return found["low"], found["high"]
    if found["week"]:
        monday = date.fromisocalendar(int(found["week_of"]), int(found["week"]), 1)
        return monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    if found["weekday"]:
        back = (now.weekday() - _DAYS.index(found["weekday"].lower()[:3])) % 7
        return ((now.date() - timedelta(days=back or 7 * bool(found["before"]))).isoformat(),) * 2
    if part := found["part"] or found["parted"]:
        of = found["part_of"] or found["of_part"]
        return _read_part(part.lower(), int(of) if of else None, now.date())
    return _read_span(found["which"].lower(), found["span"].lower(), now.date())


def _read_part(part: str, year: int | None, today: date) -> tuple[str, str]:
    """A quarter or a half of a year: of the last year that had it, where none is said."""
    count = _MONTHS_OF[part[0]]
    first = (int(part[1]) - 1) * count + 1
    if first > 12:
        raise ValueError(part)
    of = year if year is not None else today.year - (first > today.month)
    return f"{of:04}-{first:02}", f"{of:04}-{first + count - 1:02}"


def _read_span(which: str, span: str, today: date) -> tuple[str, str]:
    """`last` and `this` are those of the calendar, `past` is so long until now."""
    if which == "past":
        return "now-3m" if span == "quarter" else f"now-1{span[0]}", ""
    back = which != "this"
    if span == "quarter":
        quarter = (today.month - 1) // 3 - back
        return _read_part(f"q{quarter % 4 + 1}", today.year + quarter // 4, today)
    if span == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    if span == "year":
        return (str(today.year - back),) * 2
    before = today.replace(day=1) - timedelta(days=back)
    return (f"{before:%Y-%m}",) * 2
