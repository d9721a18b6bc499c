"""Small computations behind the pictures on pages: stations of a life, initials, sizes, before and after, times."""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from modelkeep_server.features.versions.views import Passage
from modelkeep_server.interfaces.marks import format_size, icon_of
from modelkeep_server.rules.fields import FIELDS
from modelkeep_server.rules.lifecycle import LINE, STATES, State

HUES = 8

_FIELD_WORDS = {field.path: field.label.lower() for field in FIELDS} | {
    "documentationUrl": "documentation link",
    "repositoryUrl": "repository link",
    "commitSha": "commit",
    "trainingJobId": "training job",
    "version": "version number",
}

_STEPS = ((60, "second", 1), (3600, "minute", 60), (86_400, "hour", 3600), (7 * 86_400, "day", 86_400))
_LONG_STEPS = ((31 * 86_400, "week", 7 * 86_400), (365 * 86_400, "month", 30 * 86_400))
_YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class Station:
    """One stop of the drawn line. `status` is done, now or todo; `passage` is the last time the version came here."""

    state: State
    label: str
    icon: str
    status: str
    passage: Passage | None
    who: str


def rank_of(state: State) -> int:
    """Which stop of the line a state stands at, from 0; CHANGES_REQUESTED stands beside SUBMITTED."""
    return LINE.index(State.SUBMITTED if state is State.CHANGES_REQUESTED else State(state))


def stations_of(state: State, history: tuple[Passage, ...]) -> tuple[Station, ...]:
    """All nine states in the table's order, each past, present or still to come."""
    seen = {passage.state for passage in history}

    def status(stop: State) -> str:
        if stop is state:
            return "now"
        return "done" if stop in seen else "todo"

    return tuple(
        Station(
            stop,
            info.label,
            icon_of(stop),
            status(stop),
            next((passage for passage in reversed(history) if passage.state is stop), None),
            info.who,
        )
        for stop, info in STATES.items()
    )


def field_words(name: str) -> str:
    """A field of a model or version as people say it: `riskTier` is "risk tier"."""
    known = _FIELD_WORDS.get(name.removeprefix("metadata."))
    return known or re.sub(r"(?<=[a-z0-9])([A-Z])", r" \1", name.rpartition(".")[2]).lower()


def initials_of(name: str) -> str:
    """Two letters for a person's mark, from a name or an e-mail."""
    words = [word for word in re.split(r"[\s._@+-]+", name.split("@")[0]) if word]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


def hue_of(name: str) -> int:
    """Which of the `HUES` colours a person's mark has; the same name always has the same one."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % HUES


def draw_size(size_bytes: int) -> Markup:
    """A size with the exact bytes on hover."""
    return Markup('<span title="{} bytes">{}</span>').format(f"{size_bytes:,}", format_size(size_bytes))


def format_span(at: datetime, now: datetime) -> str:
    """How long ago, or in how long: "2 days ago", "in 3 hours", "just now"."""
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    unit, step = "year", _YEAR_SECONDS
    for limit, name, length in _STEPS + _LONG_STEPS:
        if size < limit:
            unit, step = name, length
            break
    count = max(1, round(size / step))
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def format_ms(seconds: float) -> str:
    """A time as people read it: 0.4 ms, 12 ms, 1.3 s."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    ms = seconds * 1000
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:.0f} ms"


def draw_ago(at: datetime) -> Markup:
    """A relative time with the exact UTC time on hover and in the markup."""
    return _draw_time(at, format_span(at, datetime.now(UTC)))


def draw_day(at: datetime) -> Markup:
    """A day, "6 Mar" or in another year "6 Mar 2025", with the exact UTC time on hover."""
    return _draw_time(at, f"{at.day} {at:%b}" if at.year == datetime.now(UTC).year else f"{at.day} {at:%b %Y}")


def draw_moment(at: datetime) -> Markup:
    """An exact time, "6 Mar 2026 14:05:51 UTC"."""
    return _draw_time(at, f"{at.day} {at:%b %Y %H:%M:%S} UTC")


def draw_minute(at: datetime) -> Markup:
    """A day and time to the minute, "6 Mar 2026, 14:05 UTC", with the exact UTC time on hover."""
    return _draw_time(at, f"{at.day} {at:%b %Y, %H:%M} UTC")


def draw_clock(at: datetime) -> Markup:
    """The time of a day, "14:05:51", with the exact UTC time on hover."""
    return _draw_time(at, f"{at:%H:%M:%S}")


def draw_clock_short(at: datetime) -> Markup:
    """The time of a day to the minute, "14:05", with the exact UTC time on hover."""
    return _draw_time(at, f"{at:%H:%M}")


def _draw_time(at: datetime, words: str) -> Markup:
    exact = f"{at.day} {at:%b %Y %H:%M:%S} UTC"
    # A list has many of these, and `format` of a Markup goes through Python for every field.
    return Markup('<time datetime="%s" title="%s">%s</time>') % (f"{at:%Y-%m-%dT%H:%M:%SZ}", exact, words)


def draw_ticks(text: str) -> Markup:
    """A sentence whose `commands` between backticks are drawn as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def short_digest(digest: str) -> str:
    """`c41f…8a07` of a bare hex digest; what is before a colon stays."""
    algorithm, _, value = digest.rpartition(":")
    short = value if len(value) <= 12 else f"{value[:4]}…{value[-4:]}"
    return f"{algorithm}:{short}" if algorithm else short


def pretty_json(value: Any) -> str:
    """JSON as people read it, keys in the order they came."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def delta_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """The lines of two JSON objects, member by member, each marked ` `, `-` or `+`."""
    old, new = before or {}, after or {}
    members = tuple(dict.fromkeys([*old, *new]))
    lines: list[tuple[str, str]] = []
    for place, name in enumerate(members):
        end = "," if place + 1 < len(members) else ""
        was = _lines_of(name, old[name], end) if name in old else []
        becomes = _lines_of(name, new[name], end) if name in new else []
        for kind, first, last, start, stop in difflib.SequenceMatcher(None, was, becomes, False).get_opcodes():
            if kind == "equal":
                lines.extend((" ", line) for line in was[first:last])
            else:
                lines.extend(("-", line) for line in was[first:last])
                lines.extend(("+", line) for line in becomes[start:stop])
    return tuple(lines)


def _lines_of(name: str, value: Any, end: str) -> list[str]:
    return f"{json.dumps(name, ensure_ascii=False)}: {pretty_json(value)}{end}".splitlines()
