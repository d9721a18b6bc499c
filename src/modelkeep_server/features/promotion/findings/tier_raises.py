"""
Editing a model where that raises its risk tier (product R2): what is in production was approved for less, so each such
version gets a finding that its owners answer for. Approved versions keep their state, and wait for what is missing.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import service
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.findings import service as findings
from modelkeep_server.features.promotion.views import NewFinding
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import REVIEW_DAYS, RiskTier
from modelkeep_server.rules.lifecycle import State


def update_model(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    changes: Mapping[str, Any],
    *,
    expected: Collection[int] | None,
    reason: str | None = None,
) -> Model:
    """Edit a model as `features/models/service.py: update_model` does, with what a raised tier brings about."""
    return service.update_model(
        work, actor, group, name, changes, expected=expected, reason=reason,
        when_raised=_list_what_was_approved_for_less,
    )  # fmt: skip


def _list_what_was_approved_for_less(work: Work, actor: Actor, model: Model, before: RiskTier) -> None:
    tier = wording.say_tier(model.risk_tier)
    here = (versions.c.model_id == model.key, versions.c.state == State.PRODUCTION.value)
    for row in work.all(select(versions.c.id).where(*here).order_by(versions.c.id)):
        version = version_queries.get_version_by_key(work, actor, row.id)
        latest = promotion_queries.find_latest(work, version)
        if latest is not None and not latest.missing:
            continue
        missing = "its approvals" if latest is None else f"{latest.missing} of {latest.needed} approvals"
        new = NewFinding(
            f"The risk tier of {model.address} was raised from {wording.say_tier(before)} to {tier} while "
            f"{version.version} is in production: {missing} for {tier} risk are missing. Have it looked at as {tier} "
            "risk.",
            severity=model.risk_tier.value,
            owner=model.owners[0],
            due_at=work.now + timedelta(days=REVIEW_DAYS[model.risk_tier]),
        )
        made = findings.insert(work, actor, version, new, None)
        findings.record_raised(work, actor, model, version, made, under="model.update")
