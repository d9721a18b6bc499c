"""How a model was retired: read from the log, for pages and refusals of what is read-only since."""

import json

from sqlalchemy import select

from modelkeep_server.db.ledger import COMMITMENT
from modelkeep_server.db.tables import audit_events, audit_people, audit_texts
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.views import Model, ModelStatus
from modelkeep_server.features.promotion.ending.views import Retirement
from modelkeep_server.rules.events import Outcome


def find_retirement(work: Work, model: Model) -> Retirement | None:
    """How a model was retired, or None for an active one. Two statements, none for an active one."""
    if model.status is not ModelStatus.RETIRED:
        return None
    row = work.first(
        select(audit_events.c.body, audit_events.c.at, audit_events.c.actor, audit_people.c.email)
        .outerjoin(audit_people, audit_people.c.pseudonym == audit_events.c.actor)
        .where(
            audit_events.c.object_id == model.id,
            audit_events.c.action == "model.retire",
            audit_events.c.outcome == Outcome.ALLOWED.value,
        )
    )
    if row is None:
        return Retirement(model.address, "Somebody", model.updated_at, None)
    commitment = str(json.loads(row.body).get("reason", "")).removeprefix(COMMITMENT)
    reason = work.scalar(select(audit_texts.c.value).where(audit_texts.c.commitment == commitment))
    return Retirement(model.address, row.email or row.actor, row.at, reason)
