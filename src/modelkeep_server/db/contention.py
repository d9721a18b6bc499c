"""
Why a database did not do what it was asked, told apart, and doing it again where it only lost a race.

A transaction that was ended for another's sake changed nothing, so the whole of it may be done once more, as long as
all that it does is in it.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from modelkeep_server.rules.errors import Contended, TookTooLong, Unavailable

T = TypeVar("T")

#: SQLSTATEs of PostgreSQL (its manual, appendix A): a deadlock or a serialization that failed; a lock that did not come
#: free within `lock_timeout`; a statement that was ended, after `statement_timeout` above all.
_LOST, _WAITED, _ENDED = {"40P01", "40001"}, "55P03", "57014"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PRIMARY = 0xFF
_TRIES = 3
_FIRST_WAIT_SECONDS = 0.02


class LostRace(Contended):
    """The database ended this transaction so that another could go on; done again, it may well go through."""


def explain(error: OperationalError) -> Unavailable:
    """What the registry says instead."""
    found = error.orig
    state = getattr(found, "sqlstate", None)
    if state in _LOST:
        return LostRace("Somebody else was changing the same thing at this moment.", retry_after_seconds=1)
    code = getattr(found, "sqlite_errorcode", None)
    if state == _WAITED or (code is not None and code & _PRIMARY in _BUSY):
        return Contended("Somebody else is changing the same thing, and is not done yet.", retry_after_seconds=3)
    if state == _ENDED or code == sqlite3.SQLITE_INTERRUPT:
        return TookTooLong("The question took longer than the database may work on one.")
    return Unavailable("The database does not answer.", retry_after_seconds=5)


def do_again(job: Callable[[], T]) -> T:
    """
    Do a job, and twice more at most where it loses a race. It must open its transaction itself, and have done nothing
    outside it that counts.
    """
    for attempt in range(_TRIES - 1):
        try:
            return job()
        except LostRace:
            # Of two who wait for each other the same would happen again if both came back at the same moment.
            time.sleep(random.uniform(0, _FIRST_WAIT_SECONDS * 4**attempt))  # noqa: S311 - no secret
    return job()
