"""Telling owners 14 days and 1 day ahead that an exception ends (product R5)."""

from datetime import timedelta

from sqlalchemy import and_, select

from modelkeep_server.db.tables import exceptions, model_owners, models, policies, policy_revisions, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.jobs.views import Schedule
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.policies.exception_views import ExceptionStatus
from modelkeep_server.features.policies.views import RevisionStatus

REMIND = "remind-of-exceptions"
SCHEDULES = (Schedule(REMIND, timedelta(hours=6)),)
#: The nearest first: whoever is told late is told once, of the last day.
DAYS_AHEAD = (1, 14)


def remind(work: Work) -> None:
    """
    Tell the owners whose exception ends within a day, or within 14, once each. One statement, and four for each.

    One that was granted for less than 14 days is announced on its last day alone.
    """
    in_force = and_(
        policy_revisions.c.policy_id == policies.c.id, policy_revisions.c.status == RevisionStatus.IN_FORCE.value
    )
    rows = work.all(
        select(
            exceptions.c.public_id, exceptions.c.asked_at, exceptions.c.expires_at, policy_revisions.c.name,
            exceptions.c.version_id, versions.c.model_id, models.c.group_name, models.c.name.label("model_name"),
            versions.c.version, model_owners.c.email,
        )
        .join(policies, policies.c.id == exceptions.c.policy_id)
        .join(policy_revisions, in_force)
        .join(versions, versions.c.id == exceptions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(model_owners, and_(model_owners.c.model_id == models.c.id, model_owners.c.removed_at.is_(None)))
        .where(
            exceptions.c.status == ExceptionStatus.GRANTED.value,
            exceptions.c.expires_at > work.now,
            exceptions.c.expires_at <= work.now + timedelta(days=max(DAYS_AHEAD)),
        )
    )  # fmt: skip
    owners: dict[str, list[str]] = {}
    for row in rows:
        owners.setdefault(row.public_id, []).append(row.email)
    for row in {row.public_id: row for row in rows}.values():
        days = next(ahead for ahead in DAYS_AHEAD if row.expires_at <= work.now + timedelta(days=ahead))
        if days > min(DAYS_AHEAD) and row.expires_at - row.asked_at <= timedelta(days=days):
            continue
        facts = {
            "version": f"{row.group_name}/{row.model_name}:{row.version}", "policy": row.name,
            "until": row.expires_at, "exception": row.public_id,
        }  # fmt: skip
        tell_about(
            work, None, "exception.ending", facts, About(row.model_id, owners[row.public_id], row.version_id),
            href=f"/exceptions/{row.public_id}", once=f"exception/{row.public_id}/{days}",
        )  # fmt: skip
