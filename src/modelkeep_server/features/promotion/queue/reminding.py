"""Telling reviewers and Admins, once a week, of requests that nobody decided by their day (rules/approvals.py)."""

from datetime import timedelta

from sqlalchemy import select

from modelkeep_server.db.tables import models, promotions, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.promotion.views import Status
from modelkeep_server.features.versions.conditions import has_flag

REMIND = "remind-of-reviews"
SCHEDULES = (Schedule(REMIND, timedelta(hours=6)),)
EVERY = timedelta(days=7)


def remind(work: Work) -> None:
    """
    Tell of each open request whose day is past, now and a week after each time. One statement, and four for each.

    A version that was closed or is on hold waits for nobody's review.
    """
    rows = work.all(
        select(
            promotions.c.public_id, promotions.c.target, promotions.c.due_at, promotions.c.version_id,
            versions.c.version, versions.c.model_id, models.c.group_name, models.c.name,
        )
        .join(versions, versions.c.id == promotions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(promotions.c.status == Status.OPEN.value, promotions.c.due_at < work.now)
        .where(~has_flag(versions.c.id, "CLOSED"), ~has_flag(versions.c.id, "HOLD"))
        .order_by(promotions.c.id)
    )  # fmt: skip
    for row in rows:
        model = f"{row.group_name}/{row.name}"
        weeks = (work.now - row.due_at) // EVERY
        facts = {"version": f"{model}:{row.version}", "target": row.target, "due": row.due_at}
        tell_about(
            work, None, "review.overdue", facts, About(row.model_id, (), row.version_id),
            href=f"/models/{model}/versions/{row.version}/review", once=f"overdue/{row.public_id}/{weeks}",
        )  # fmt: skip
