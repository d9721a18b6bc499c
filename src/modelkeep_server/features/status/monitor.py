"""
Asking the components whether they answer: when somebody wants to know, and at most once in five seconds.

So many strangers who ask cost no more than one. A component that hangs is given up after two seconds and called down;
it is not asked again before it let go, so that askers do not pile up behind it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as GaveUp

import structlog

from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Circumstances, Parts
from modelkeep_server.features.audit import head
from modelkeep_server.features.status.views import Component, ComponentHealth, Health
from modelkeep_server.kit import clock

log = structlog.get_logger()

KEPT_SECONDS = 5.0
WAIT_SECONDS = 2.0
#: A mail server is not ours, and counts who greets it without a letter.
KEPT_LONGER_SECONDS = {Component.MAIL: 60.0}

Probe = Callable[[], None]


class Monitor:
    """
    The last measurement, and how to make another.

    Args:
        probes: Each raises where its component does not answer.
        wait_seconds: How long all of them together may take.
    """

    def __init__(self, probes: Mapping[Component, Probe], *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._probes = probes
        self._wait_seconds = wait_seconds
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(probes)), thread_name_prefix="status")
        self._lock = threading.Lock()
        self._asked: dict[Component, Future[float]] = {}
        self._asked_at: dict[Component, float] = {}
        self.last: Health | None = None
        self._measured = -KEPT_SECONDS

    def recent(self) -> Health | None:
        """The last measurement where it is not older than five seconds."""
        return self.last if time.monotonic() - self._measured < KEPT_SECONDS else None

    def measure(self) -> Health:
        """A measurement not older than five seconds. Takes `wait_seconds` at most, and one caller at a time."""
        with self._lock:
            known = self.recent()
            if known is not None:
                return known
            for component, probe in self._probes.items():
                if self._is_due(component):
                    self._asked[component] = self._pool.submit(_time, probe)
                    self._asked_at[component] = time.monotonic()
            deadline = time.monotonic() + self._wait_seconds
            found = tuple(self._hear(component, deadline) for component in self._probes)
            self.last, self._measured = Health(clock.utc_now(), found), time.monotonic()
            return self.last

    def _is_due(self, component: Component) -> bool:
        """Whether to ask again: not one that still hangs, and not a server of others that was asked a minute ago."""
        asked = self._asked.get(component)
        if asked is None:
            return True
        kept = KEPT_LONGER_SECONDS.get(component, 0.0)
        return asked.done() and time.monotonic() - self._asked_at[component] >= kept

    def _hear(self, component: Component, deadline: float) -> ComponentHealth:
        try:
            seconds = self._asked[component].result(timeout=max(0.0, deadline - time.monotonic()))
        except GaveUp:
            log.warning("a component does not answer", component=component.value, waited_seconds=self._wait_seconds)
            return ComponentHealth(component, is_up=False, seconds=None)
        except Exception:
            log.warning("a component is down", component=component.value, exc_info=True)
            return ComponentHealth(component, is_up=False, seconds=None)
        return ComponentHealth(component, is_up=True, seconds=seconds)


def _time(probe: Probe) -> float:
    began = time.perf_counter()
    probe()
    return time.perf_counter() - began


def list_probes(database: Database, parts: Parts, mail_health: Probe | None = None) -> dict[Component, Probe]:
    """How each component of this registry is asked; a mail server where there is one."""

    def read_log() -> None:
        with database.reading(parts, Circumstances.of_the_house()) as work:
            head.read_frontier(work)

    probes: dict[Component, Probe] = {
        Component.DATABASE: database.ping,
        Component.STORAGE: parts.blobs.health,
        Component.AUDIT: read_log,
    }
    return probes if mail_health is None else {**probes, Component.MAIL: mail_health}
