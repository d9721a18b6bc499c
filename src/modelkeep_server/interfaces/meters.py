"""
Counting requests while they pass the gate: two dictionary reads and a few additions each, on the event loop's thread.

What is counted is told by route template, method and class of status, never by group, model or person: those would be
as many series as there are names, and a monitor is no place to read them. Source: prometheus.io/docs/practices/naming.
"""

from bisect import bisect_left
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

#: Upper bounds in seconds; what is slower falls into a last one without end.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
STATIC = "/static"


@dataclass
class Series:
    """The requests of one route, method and class of status: how many fell into each bucket, and seconds in all."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many requests."""
        return sum(self.buckets)


@dataclass
class Meters:
    """
    What one process counted since it began. `open` requests are being answered, `downloads` of them send a file;
    `bytes_in` and `bytes_out` are those of bodies.
    """

    series: dict[tuple[str, str, int], Series] = field(default_factory=dict)
    open: int = 0
    downloads: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    def note(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count a request that was answered. What no route took is `other`, however often and under whatever name."""
        route = scope.get("route")
        if route is not None:
            template: str = route.path
        else:
            template = STATIC if scope["path"].startswith(f"{STATIC}/") else OTHER
        method = scope["method"] if scope["method"] in METHODS else OTHER
        key = (template, method, status // 100)
        known = self.series.get(key)
        if known is None:
            known = self.series[key] = Series()
        known.buckets[bisect_left(BUCKETS, seconds)] += 1
        known.seconds += seconds
