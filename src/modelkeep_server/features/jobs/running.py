"""
Doing jobs: a runner leases the next one that is due, runs its handler, and notes what came of it.

A lease is taken by compare-and-set, so that of all runners on one database one has the job, and is renewed while the
handler runs. A runner that dies leaves its lease behind, which runs out, and another takes the job: each is done at
least once. What a handler does while its process stands still longer than a lease lasts may happen twice at a time.
"""

import contextlib
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, select, update

from modelkeep_server.db import queueing
from modelkeep_server.db.engine import Database
from modelkeep_server.db.sealing import SealBroken
from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Circumstances, Parts
from modelkeep_server.features.jobs.views import Handler, Handlers, JobFailed, JobStatus, Schedule, Task
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import RegistryError, Unavailable

log = structlog.get_logger()

LEASE_SECONDS = 60.0
LOOK_SECONDS = 3.0
STOP_SECONDS = 0.5
SWEEP_SECONDS = 3600.0
DONE_KEPT = timedelta(days=7)
#: Long enough to notice one and have it tried again; what it was told goes with it.
FAILED_KEPT = timedelta(days=30)

_OPEN = (JobStatus.WAITING, JobStatus.RUNNING)


@dataclass(frozen=True)
class _Lease:
    """`unfit` says why the job is not even tried."""

    task: Task
    kind: str
    holder: str
    unfit: str | None = None


class Runner:
    """
    A background worker that does jobs of the kinds it has handlers for. Several may share a database, in one process
    or in many; the clocks of their machines must agree to well within a lease.
    """

    def __init__(
        self,
        database: Database,
        parts: Parts,
        handlers: Handlers,
        schedules: Sequence[Schedule] = (),
        *,
        lease_seconds: float = LEASE_SECONDS,
        name: str = "jobs",
    ) -> None:
        self.name = name
        self._database = database
        self._parts = parts
        self._handlers = handlers
        self._schedules = schedules
        self._enqueued: dict[str, int] = {}
        self._lease_seconds = lease_seconds
        self._host = socket.gethostname()[:60]
        self._swept = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Do jobs until `stop` is set: at once after one was enqueued in this process, else within three seconds."""
        looked, heard, rung = float("-inf"), 0, 0
        while not stop.is_set():
            if rung > heard or time.monotonic() - looked >= LOOK_SECONDS:
                # Before looking, so that what is enqueued while we look rings again.
                looked, heard = time.monotonic(), rung
                try:
                    self.enqueue_due()
                    self.do_all(stop)
                    self._sweep()
                except Unavailable:
                    # Whoever needs the database is told by their own request; the jobs wait.
                    stop.wait(LOOK_SECONDS)
            rung = self._parts.bell.wait(heard, STOP_SECONDS)

    def enqueue_due(self) -> None:
        """Enqueue what the schedules say, where no runner has yet. Raises Unavailable."""
        now = clock.utc_now()
        for schedule in self._schedules:
            tick = int(now.timestamp() // schedule.every.total_seconds())
            if self._enqueued.get(schedule.kind) == tick:
                continue
            with self._database.writing(self._parts, Circumstances.of_the_house()) as work:
                queueing.enqueue(work, schedule.kind, {}, key=f"{schedule.kind}@{tick}")
            self._enqueued[schedule.kind] = tick

    def do_all(self, stop: threading.Event | None = None) -> int:
        """Do every job that is due, one after the other, until none is or `stop` is set. Gives how many were tried."""
        tried = 0
        while stop is None or not stop.is_set():
            if not self.do_one():
                return tried
            tried += 1
        return tried

    def do_one(self) -> bool:
        """Try the job that has been due longest. False where none is due. Raises Unavailable."""
        lease = self._lease()
        if lease is None:
            return False
        handler = self._handlers[lease.kind]
        with self._renewing(lease):
            failed = self._call(handler, lease)
        self._note(handler, lease, failed)
        return True

    def _lease(self) -> _Lease | None:
        if not self._handlers:
            return None
        with self._database.reading(self._parts, Circumstances.of_the_house()) as work:
            if work.first(select(jobs.c.id).where(*self._is_due(work.now)).limit(1)) is None:
                return None
        holder = f"{self._host}:{secrets.token_hex(8)}"
        with self._database.writing(self._parts, Circumstances.of_the_house()) as work:
            # SKIP LOCKED: runners beside each other take different jobs and none waits for another.
            row = work.first(
                select(jobs)
                .where(*self._is_due(work.now))
                .order_by(jobs.c.due_at, jobs.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            until = work.now + timedelta(seconds=self._lease_seconds)
            leased = {
                "status": JobStatus.RUNNING, "attempts": row.attempts + 1, "leased_by": holder,
                "leased_until": until, "due_at": until,
            }  # fmt: skip
            as_seen = (jobs.c.id == row.id, jobs.c.status == row.status, jobs.c.attempts == row.attempts)
            if not work.keep(jobs, update(jobs).where(*as_seen).values(leased)):
                return None
            facts: dict[str, Any] = {}
            unfit = None
            try:
                facts = queueing.unseal(work, row.kind, row.payload)
            except SealBroken:
                unfit = "What it was told cannot be read: it was changed, or sealed under another key."
        if row.attempts >= self._handlers[row.kind].tries:
            unfit = "The server ended in the middle of it, each time."
        return _Lease(Task(row.id, row.created_at, facts, row.attempts + 1), row.kind, holder, unfit)

    def _is_due(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        # The end of a lease is its job's next due time, so one index finds both. Kinds that only a newer release knows
        # are left to it.
        return jobs.c.status.in_(_OPEN), jobs.c.due_at <= now, jobs.c.kind.in_(list(self._handlers))

    def _call(self, handler: Handler, lease: _Lease) -> JobFailed | None:
        if lease.unfit is not None:
            return JobFailed(lease.unfit, for_good=True)
        try:
            handler.call(lease.task)
        except JobFailed as failed:
            return failed
        except RegistryError as error:
            return JobFailed(error.title + ".")
        except Exception as error:  # noqa: BLE001 - whatever it is, the job is tried again and the runner goes on
            # The text of an exception may hold an address or a link; the place where it arose holds neither.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("a job met a fault", job=lease.task.id, kind=lease.kind, fault=type(error).__name__, where=where)
            return JobFailed(f"The program met a fault of its own ({type(error).__name__}); its log says where.")
        return None

    def _note(self, handler: Handler, lease: _Lease, failed: JobFailed | None) -> None:
        with self._database.writing(self._parts, Circumstances.of_the_house()) as work:
            values: dict[str, Any] = {"leased_by": None, "leased_until": None, "problem": failed and failed.problem}
            if failed is None:
                values |= {"status": JobStatus.DONE, "finished_at": work.now, "due_at": work.now, "payload": b""}
            elif failed.for_good or lease.task.attempt >= handler.tries:
                values |= {"status": JobStatus.FAILED, "finished_at": work.now, "due_at": work.now}
            else:
                wait = timedelta(seconds=handler.wait_seconds(lease.task.attempt))
                values |= {"status": JobStatus.WAITING, "due_at": work.now + wait}
            mine = (jobs.c.id == lease.task.id, jobs.c.leased_by == lease.holder)
            work.keep(jobs, update(jobs).where(*mine).values(values))
        if failed is not None:
            log.warning("a job was not done", job=lease.task.id, kind=lease.kind, status=str(values["status"]))

    @contextlib.contextmanager
    def _renewing(self, lease: _Lease) -> Iterator[None]:
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._lease_seconds / 3):
                try:
                    with self._database.writing(self._parts, Circumstances.of_the_house()) as work:
                        until = work.now + timedelta(seconds=self._lease_seconds)
                        mine = (jobs.c.id == lease.task.id, jobs.c.leased_by == lease.holder)
                        work.keep(jobs, update(jobs).where(*mine).values(leased_until=until, due_at=until))
                except Unavailable:
                    continue

        renewer = threading.Thread(target=renew, name=f"lease-{lease.task.id}", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            done.set()
            renewer.join()

    def _sweep(self) -> None:
        """Drop jobs that ended long ago, once an hour."""
        if time.monotonic() - self._swept < SWEEP_SECONDS:
            return
        self._swept = time.monotonic()
        with self._database.writing(self._parts, Circumstances.of_the_house()) as work:
            for status, kept in ((JobStatus.DONE, DONE_KEPT), (JobStatus.FAILED, FAILED_KEPT)):
                old = (jobs.c.status == status, jobs.c.due_at < work.now - kept)
                work.keep(jobs, delete(jobs).where(*old))
