"""
Reading all stored files through, again and again, so that damage is found before somebody needs the file.

A job takes those that were never read, or longest ago, for a few seconds, and leaves the rest to a next one: letters
and other jobs get their turn in between. It reads half of the time at most.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, func, select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.queueing import WAITING, enqueue
from modelkeep_server.db.tables import blob_checks, blobs, jobs
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts import damage
from modelkeep_server.features.artifacts.conditions import is_damaged
from modelkeep_server.features.artifacts.damage import FoundBy
from modelkeep_server.features.artifacts.reading_back import is_whole, select_stored
from modelkeep_server.features.artifacts.uploading.sweeping import OWNERS
from modelkeep_server.features.jobs.views import Handler, JobFailed, Schedule, Task
from modelkeep_server.features.storage.queries import ALL_FILES, KIND, find_pass
from modelkeep_server.ports import KeyNotHeld, StorageError

log = structlog.get_logger()

CHECK = KIND
SCHEDULES = (Schedule(CHECK, timedelta(minutes=30)),)

TURN_SECONDS = 15.0
REST = timedelta(seconds=1)
_AT_ONCE = 100
#: Begun early, so that the last file of a pass is read within the time as well.
_EARLY = 0.8


class _Stopped(Exception):
    """The server ends, or the turn is over."""


@dataclass(frozen=True)
class Checker:
    """What a job of this kind is done with. `stopping`: the server ends."""

    database: Database
    parts: Parts
    stopping: threading.Event
    turn_seconds: float = TURN_SECONDS

    def run(self, task: Task) -> None:
        """Read what is due for a turn, then leave the rest to another job. Raises JobFailed where the store is down."""
        since = task.facts.get("since")
        asked = None if since is None else datetime.fromisoformat(since)
        ends = time.monotonic() + self.turn_seconds
        left = True
        try:
            while left and time.monotonic() < ends:
                rows = self._list_due(asked)
                left = bool(rows)
                for row in rows:
                    if self.stopping.is_set() or time.monotonic() >= ends:
                        break
                    self._check(row)
        except _Stopped:
            left = True
        except KeyNotHeld as error:
            raise JobFailed("The key of a stored file was taken out of the key file.") from error
        except StorageError as error:
            raise JobFailed("The file store does not answer; it is tried again.") from error
        if left:
            self._go_on(asked)

    def _list_due(self, asked: datetime | None) -> Sequence[Row[Any]]:
        with self._reading() as work:
            return work.all(
                select_stored()
                .select_from(blobs)
                .outerjoin(blob_checks, blob_checks.c.blob_id == blobs.c.id)
                .where(_is_due(work, asked))
                .order_by(func.coalesce(blob_checks.c.checked_at, 0), blobs.c.id)
                .limit(_AT_ONCE)
            )

    def _check(self, row: Row[Any]) -> None:
        whole = is_whole(self.parts, row, self._pacing())
        if not whole:
            self._demand_filled()
        with self.database.writing(self.parts, Circumstances.of_the_house()) as work:
            now = work.first(select_stored().where(blobs.c.id == row.id))
            if now is None or (now.public_id, now.parts, now.sha256) != (row.public_id, row.parts, row.sha256):
                # Sent anew while it was read: what was read is not what stands there now.
                return
            if not whole and damage.note_damage(work, row.id, FoundBy.CHECK):
                log.error("a stored file is damaged", blob=row.public_id)
            if whole:
                damage.mend(work, row.id)
            told = work.upsert(blob_checks).values(blob_id=row.id, checked_at=work.now)
            work.keep(
                blob_checks, told.on_conflict_do_update(index_elements=["blob_id"], set_={"checked_at": work.now})
            )

    def _pacing(self) -> Callable[[], None]:
        before = time.monotonic()

        def pause() -> None:
            nonlocal before
            # As long as the megabyte took: whoever uploads or downloads has the disk and the processor in between.
            if self.stopping.wait(min(1.0, time.monotonic() - before)):
                raise _Stopped
            before = time.monotonic()

        return pause

    def _demand_filled(self) -> None:
        """A disk that was not mounted, or another bucket, would have every file taken for lost."""
        if all(key.startswith(OWNERS) for key in self.parts.blobs.list_keys()):
            raise JobFailed("The file store holds no file at all: it is not the one that the registry wrote to.")

    def _go_on(self, asked: datetime | None) -> None:
        with self.database.writing(self.parts, Circumstances.of_the_house()) as work:
            due_at = work.now + REST
            if asked is not None:
                running = find_pass(work)
                turn = 1 if running is None else running.turn + 1
                told = f"{ALL_FILES}{asked.isoformat()}/{turn}"
                enqueue(work, CHECK, {"since": asked.isoformat()}, key=told, due_at=due_at)
                return
            waiting = (jobs.c.kind == CHECK, jobs.c.status == WAITING)
            if work.first(select(jobs.c.id).where(*waiting).limit(1)) is None:
                enqueue(work, CHECK, {}, due_at=due_at)

    def _reading(self) -> AbstractContextManager[Work]:
        return self.database.reading(self.parts, Circumstances.of_the_house())


def make_check_handler(database: Database, parts: Parts, stopping: threading.Event) -> Handler:
    """The job that reads stored files through, three times tried."""
    return Handler(Checker(database, parts, stopping).run, tries=3)


def _is_due(work: Work, asked: datetime | None) -> ColumnElement[bool]:
    """Read before the time of a full pass, or longer ago than files may go unread. A full pass tries damaged ones."""
    before = asked or work.now - timedelta(days=work.parts.limits.check_days * _EARLY)
    # What is under a key that is not here is told on the page of the keys; it is no damage.
    opens = blobs.c.key_id.in_(list(work.parts.keys.key_ids))
    unread = blob_checks.c.checked_at.is_(None) | (blob_checks.c.checked_at < before)
    if asked is not None:
        return opens & unread
    return opens & unread & ~is_damaged(blobs.c.id)
