"""Dropping what was told long ago: notices that were read, and names of what was told a single time."""

from datetime import timedelta

from sqlalchemy import delete

from modelkeep_server.db.tables import notices, told
from modelkeep_server.db.work import Work
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.rules.notices import KEPT_DAYS

PRUNE = "prune-notices"
SCHEDULES = (Schedule(PRUNE, timedelta(days=1)),)
#: No reminder comes back after so long: an exception lasts 90 days, and a review is reminded of by the week.
_TOLD_KEPT = timedelta(days=400)


def prune(work: Work) -> int:
    """Drop notices that were read 90 days ago or before, and give how many. Unread ones stay. Two statements."""
    old = work.now - timedelta(days=KEPT_DAYS)
    work.keep(told, delete(told).where(told.c.at < work.now - _TOLD_KEPT))
    return work.keep(notices, delete(notices).where(notices.c.read_at < old))
