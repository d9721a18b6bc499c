"""Drawing what was counted in the text format of Prometheus. Loaded when it is first asked for."""

import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from modelkeep_server.features.metrics.queries import Figures
from modelkeep_server.interfaces.door import Door
from modelkeep_server.interfaces.meters import BUCKETS, Meters

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def write(door: Door, figures: Figures) -> bytes:
    """All figures as text."""
    registry = CollectorRegistry()
    registry.register(_Collector(door, figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Collector:
    def __init__(self, door: Door, figures: Figures) -> None:
        self._door = door
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the registry then does not collect when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        yield _build(self._door.database.is_sqlite)
        yield from _requests(self._door.meters)
        yield from _transfers(self._door)
        yield from _database(self._door)
        yield from _work(self._figures)
        yield from _files(self._figures)


def _build(is_sqlite: bool) -> Metric:
    told = {
        "version": version("modelkeep"),
        "python": platform.python_version(),
        "database": "sqlite" if is_sqlite else "postgresql",
    }
    return InfoMetricFamily("modelkeep_build", "This release, and what it runs on.", value=told)


def _requests(meters: Meters) -> Iterator[Metric]:
    seconds = HistogramMetricFamily(
        "modelkeep_request_seconds",
        "Time from the head of a request to the last byte of its answer.",
        labels=("route", "method", "status"),
    )
    for (route, method, status), series in sorted(meters.series.items()):
        buckets, below = [], 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), series.buckets, strict=True):
            below += count
            buckets.append((bound, below))
        seconds.add_metric((route, method, f"{status}xx"), buckets, series.seconds)
    yield seconds
    yield GaugeMetricFamily("modelkeep_open_requests", "Requests being answered now.", value=meters.open)


def _transfers(door: Door) -> Iterator[Metric]:
    running = GaugeMetricFamily("modelkeep_open_transfers", "Files on their way now.", labels=("direction",))
    running.add_metric(("up",), door.uploads.total())
    running.add_metric(("down",), door.meters.downloads)
    yield running
    moved = CounterMetricFamily("modelkeep_body_bytes", "Bytes of request and answer bodies.", labels=("direction",))
    moved.add_metric(("up",), door.meters.bytes_in)
    moved.add_metric(("down",), door.meters.bytes_out)
    yield moved


def _database(door: Door) -> Iterator[Metric]:
    usage = door.database.usage()
    waiting = door.limiter.statistics().tasks_waiting
    yield GaugeMetricFamily("modelkeep_database_connections_max", "Connections there may be.", value=usage.most)
    yield GaugeMetricFamily("modelkeep_database_connections_in_use", "Connections in use now.", value=usage.in_use)
    yield GaugeMetricFamily("modelkeep_database_waiting", "Requests that wait for a connection now.", value=waiting)


def _work(figures: Figures) -> Iterator[Metric]:
    yield GaugeMetricFamily("modelkeep_audit_log_events", "Events in the audit log.", value=figures.log_size)
    jobs = GaugeMetricFamily("modelkeep_jobs", "Background jobs by status.", labels=("status",))
    for status, count in sorted({"WAITING": 0, "FAILED": 0, **figures.jobs}.items()):
        jobs.add_metric((status.lower(),), count)
    yield jobs


def _files(figures: Figures) -> Iterator[Metric]:
    yield GaugeMetricFamily("modelkeep_stored_files", "Files in the file store.", value=figures.files)
    yield GaugeMetricFamily("modelkeep_stored_bytes", "Their size as they were sent.", value=figures.file_bytes)
    yield GaugeMetricFamily(
        "modelkeep_stored_files_checked", "Of them, read through within the time set for it.", value=figures.checked
    )
    yield GaugeMetricFamily("modelkeep_stored_files_damaged", "Of them, damaged now.", value=figures.damaged)
