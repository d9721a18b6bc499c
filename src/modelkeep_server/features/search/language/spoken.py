"""Times as people say them, which no query is written with: `last week`, `7 days ago`, `march 2024`; and what is."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_SIGNS = {"since": ">=", "from": ">=", "after": ">", "before": "<", "until": "<=", "till": "<="}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_SPOKEN = re.compile(
    rf"""
    (?:(?:(?P<sign>{"|".join(_SIGNS)})|in|on|during|within)\s+)? (?:the\s+)?
    (?:
        (?P<which>last|previous|past|this) [\s_-]* (?P<span>week|month|year)
      | (?:(?:last|previous|past)\s+)? (?P<count>[0-9]{{1,4}}|an?|one)
        \s* (?P<unit>hour|day|week|month|year)s? (?P<ago>\s+ago)?
      | (?P<month>{_NAMED}) (?:\s+(?P<of>[0-9]{{4}}))?
      | (?P<day>[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}} | today | yesterday)
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
    first, last = _read(found, now)
    return Spoken(found.end(), _SIGNS.get((found["sign"] or "").lower(), ""), first, last)


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
    return _read_span(found["which"].lower(), found["span"].lower(), now.date())


def _read_span(which: str, span: str, today: date) -> tuple[str, str]:
    """`last` and `this` are those of the calendar, `past` is so long until now."""
    if which == "past":
        return f"now-1{span[0]}", ""
    back = which != "this"
    if span == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    if span == "year":
        return (str(today.year - back),) * 2
    before = today.replace(day=1) - timedelta(days=back)
    return (f"{before:%Y-%m}",) * 2
