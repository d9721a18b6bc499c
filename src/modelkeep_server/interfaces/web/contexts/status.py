"""What the status page is drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.status.views import Component, Impact, Incident, IncidentStatus
from modelkeep_server.interfaces.standing import Standing
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.interfaces.web.drawing import format_ms
from modelkeep_server.kit import clock
from modelkeep_server.kit.timings import MINUTES, Minute

CHART_WIDTH, CHART_HEIGHT = 720, 96
_COLUMN = CHART_WIDTH // MINUTES
#: Tops of the scale, in milliseconds: the first that everything fits under.
_TOPS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 200_000)


@dataclass(frozen=True)
class Bar:
    """One minute: two rectangles from the bottom up, in units of the chart, and its words."""

    x: int
    height_p50: float
    height_p95: float
    words: str


@dataclass(frozen=True)
class Chart:
    """Answer times of the last hour, the present minute at the right. `top_ms` is the scale's upper end."""

    bars: tuple[Bar, ...]
    top_ms: int
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT
    bar_width: int = _COLUMN - 3

    @classmethod
    def of(cls, minutes: Sequence[Minute], now: datetime) -> "Chart":
        """The chart of these minutes as seen at `now`."""
        longest = max((minute.p95_seconds * 1000 for minute in minutes), default=0.0)
        top = next((top for top in _TOPS if longest <= top), _TOPS[-1])
        this_minute = clock.to_us(now) // 60_000_000 * 60
        return cls(tuple(_bar(minute, top, this_minute) for minute in minutes), top)


def _bar(minute: Minute, top_ms: int, this_minute: int) -> Bar:
    def height(seconds: float) -> float:
        return round(max(1.0, min(1.0, seconds * 1000 / top_ms) * CHART_HEIGHT), 1)

    ago = (this_minute - minute.began_at) // 60
    at = clock.from_us(minute.began_at * 1_000_000)
    words = (
        f"{at:%H:%M} UTC: {minute.count:,} answers, half within {format_ms(minute.p50_seconds)}, "
        f"nineteen of twenty within {format_ms(minute.p95_seconds)}"
    )
    return Bar((MINUTES - 1 - ago) * _COLUMN, height(minute.p50_seconds), height(minute.p95_seconds), words)


@dataclass(frozen=True, kw_only=True)
class StatusContext(FormContext):
    """
    GET /status. `updating` names the incident whose form is shown again with `errors`, None where that is the form of a
    new one.
    """

    template: ClassVar[str] = "status/show.html"
    standing: Standing
    chart: Chart
    updating: str | None = None
    components: tuple[Component, ...] = tuple(Component)
    impacts: tuple[Impact, ...] = tuple(Impact)
    statuses: tuple[IncidentStatus, ...] = tuple(IncidentStatus)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Those that go on."""
        return tuple(one for one in self.standing.incidents if one.is_open)

    @property
    def past_incidents(self) -> tuple[Incident, ...]:
        """Those that are resolved."""
        return tuple(one for one in self.standing.incidents if not one.is_open)
