"""Telling owners and MRC of versions in production that are to be looked at again: 30 days ahead, then weekly."""

from datetime import timedelta

from sqlalchemy import select

from modelkeep_server.db.tables import models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.features.models.audiences import About, list_addresses, tell_about
from modelkeep_server.features.promotion.next_reviews.attesting import AHEAD
from modelkeep_server.features.versions.next_reviews import next_review
from modelkeep_server.kit import clock
from modelkeep_server.rules.lifecycle import State

REMIND = "remind-of-next-reviews"
SCHEDULES = (Schedule(REMIND, timedelta(hours=6)),)


def remind(work: Work) -> None:
    """Tell of each version once ahead of its day, and once in each week that it is overdue."""
    rows = work.all(
        select(
            versions.c.id, versions.c.public_id, versions.c.version, versions.c.model_id, models.c.group_name,
            models.c.name, next_review().label("next_review"),
        )
        .join(models, models.c.id == versions.c.model_id)
        .where(
            versions.c.state == State.PRODUCTION.value, next_review() <= clock.to_us(work.now + AHEAD),
        )
        .order_by(versions.c.id)
    )  # fmt: skip
    owners = list_addresses(work, {row.model_id for row in rows}) if rows else {}
    for row in rows:
        due = clock.from_us(row.next_review)
        weeks = (work.now - due) // timedelta(weeks=1)
        stage = "ahead" if due > work.now else str(weeks)
        model = f"{row.group_name}/{row.name}"
        tell_about(
            work, None, "review.due", {"version": f"{model}:{row.version}", "due": due},
            About(row.model_id, owners.get(row.model_id, ()), row.id), href=f"/models/{model}/versions/{row.version}",
            once=f"next-review/{row.public_id}/{row.next_review}/{stage}",
        )  # fmt: skip
