"""
Forgetting which models saved searches told of: of those that are new to nobody any more, and by searches that were
deleted for good.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import models, saved_searches, search_alerts, search_matches
from modelkeep_server.db.work import Work
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.rules.saved_searches import NEW_DAYS, RESTORED_DAYS

PRUNE = "prune-matches"
SCHEDULES = (Schedule(PRUNE, timedelta(days=7)),)
_ROWS_A_TIME = 5_000
_ALERTS_A_TIME = 20


def prune(work: Work) -> int:
    """Forget some, and give how many; 0 once there is nothing left to forget. Four statements at most."""
    old = (
        select(search_matches.c.model_id)
        .join(models, models.c.id == search_matches.c.model_id)
        .where(models.c.created_at < work.now - timedelta(days=NEW_DAYS))
        .order_by(search_matches.c.model_id)
        .limit(_ROWS_A_TIME)
    )
    gone = (
        select(search_alerts.c.id)
        .join(saved_searches, saved_searches.c.id == search_alerts.c.search_id)
        .where(saved_searches.c.ended_at < work.now - timedelta(days=RESTORED_DAYS))
        .where(select(search_matches.c.alert_id).where(search_matches.c.alert_id == search_alerts.c.id).exists())
        .limit(_ALERTS_A_TIME)
    )
    forgotten = _forget(work, search_matches.c.model_id, {row.model_id for row in work.all(old)})
    return forgotten + _forget(work, search_matches.c.alert_id, {row.id for row in work.all(gone)})


def _forget(work: Work, column: ColumnElement[int], keys: Collection[int]) -> int:
    if not keys:
        return 0
    return work.keep(search_matches, delete(search_matches).where(in_keys(column, "keys")), {"keys": keys})
