"""When a version in production is to be looked at again, in SQL: so long after its last approval, or last look."""

from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce

from modelkeep_server.db.tables import attestations, models, promotions, reviews, versions
from modelkeep_server.rules.approvals import REVIEW_AGAIN_MONTHS, RiskTier
from modelkeep_server.rules.lifecycle import State

_DAYS_OF_YEAR, _MONTHS_OF_YEAR = 365, 12
#: How long a look holds, by risk tier: a year is 365 days.
HOLDS: dict[RiskTier, timedelta] = {
    tier: timedelta(days=_DAYS_OF_YEAR * months // _MONTHS_OF_YEAR) for tier, months in REVIEW_AGAIN_MONTHS.items()
}


def looked_at() -> ColumnElement[int | None]:
    """
    When a row of `versions` was last looked at, in microseconds: by an MRC in production, else by the last who approved
    it for production. None for one that never was approved for that.
    """
    again = select(func.max(type_coerce(attestations.c.at, BigInteger))).where(
        attestations.c.version_id == versions.c.id
    )
    approved = (
        select(func.max(type_coerce(reviews.c.at, BigInteger)))
        .join(promotions, promotions.c.id == reviews.c.promotion_id)
        .where(
            promotions.c.version_id == versions.c.id,
            promotions.c.target == "PRODUCTION",
            promotions.c.status == "APPROVED",
            reviews.c.decision == "APPROVE",
        )
    )
    return func.coalesce(
        again.correlate(versions).scalar_subquery(), approved.correlate(versions).scalar_subquery(), type_=BigInteger
    )


def next_review() -> ColumnElement[int | None]:
    """When a row of `versions`, joined with `models`, is to be looked at again; None where it is not in production."""
    held = {tier.value: round(span.total_seconds() * 1_000_000) for tier, span in HOLDS.items()}
    holds: ColumnElement[int] = case(held, value=models.c.risk_tier)
    return case((versions.c.state == State.PRODUCTION.value, looked_at() + holds), else_=None)
