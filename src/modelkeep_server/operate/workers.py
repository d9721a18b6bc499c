"""What the server does beside answering requests: one thread a worker, begun and ended with the server."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from modelkeep_server.app import House
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.notify.webhooks.queueing import WEBHOOK
from modelkeep_server.features.search.indexing.reindexing import Filler

log = structlog.get_logger()

RETRY_SECONDS = 5.0


class Worker(Protocol):
    """Work that goes on in the background for as long as the server runs."""

    @property
    def name(self) -> str:
        """How the log calls it."""

    def run(self, stop: threading.Event) -> None:
        """
        Work until `stop` is set, then end what was begun and return, within 20 seconds.

        It waits with `stop.wait(seconds)` and never sleeps. One that raises is logged and run again after 5 seconds.
        """


def _make_runner(house: House) -> Worker:
    others = {kind: handler for kind, handler in house.handlers.items() if kind != WEBHOOK}
    return Runner(house.database, house.parts, others, house.schedules)


def _make_webhook_runner(house: House) -> Worker:
    """A runner of their own: a receiver that is slow to answer keeps neither letters nor checks of files waiting."""
    return Runner(house.database, house.parts, {WEBHOOK: house.handlers[WEBHOOK]}, name="webhooks")


def _make_filler(house: House) -> Worker:
    return Filler(house.database, house.parts)


#: The workers of every server: each takes the house and gives a worker.
WORKERS: tuple[Callable[[House], Worker], ...] = (_make_runner, _make_webhook_runner, _make_filler)


class Crew:
    """Workers, each in a thread of its own, that stop together when `stop` is set."""

    def __init__(self, workers: Sequence[Worker], stop: threading.Event) -> None:
        self._stop = stop
        # A worker that hangs must not keep the process alive after its time is up.
        self._threads = [
            threading.Thread(target=self._keep_running, args=(worker,), name=worker.name, daemon=True)
            for worker in workers
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, within_seconds: float) -> Sequence[str]:
        """Tell all of them to stop, wait for them, and give the names of those that did not in time."""
        self._stop.set()
        deadline = time.monotonic() + within_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _keep_running(self, worker: Worker) -> None:
        while not self._stop.is_set():
            try:
                worker.run(self._stop)
            except Exception:
                log.exception("a background worker failed", worker=worker.name)
            self._stop.wait(RETRY_SECONDS)
