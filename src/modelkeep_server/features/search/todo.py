"""What waits for an owner: drafts that lack something, and models without a version. The oldest first."""

from sqlalchemy import exists, select

from modelkeep_server.db.tables import artifacts, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.views import ArtifactStatus, ArtifactType
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import owned_by, visible_to
from modelkeep_server.features.search.views import BareModel, OpenDraft
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.fields import judge_completeness
from modelkeep_server.rules.lifecycle import EDITABLE, State
from modelkeep_server.rules.permissions import Relation

#: So many drafts are judged for one dashboard. Whoever has more sees the oldest, and the next once those are done.
DRAFTS_JUDGED = 50


def list_open_drafts(work: Work, actor: Actor) -> tuple[OpenDraft, ...]:
    """
    Versions of the actor's models that can change and lack metadata or weights, or whose reviewers asked for changes.

    The oldest first, of the 50 oldest that can change. One statement; none where the actor may not edit their models.
    """
    if not access.may(actor, "version.update", (Relation.OWNER,)):
        return ()
    has_weights = exists().where(
        artifacts.c.version_id == versions.c.id,
        artifacts.c.type == ArtifactType.WEIGHTS.value,
        artifacts.c.status != ArtifactStatus.QUARANTINED.value,
        artifacts.c.removed_at.is_(None),
    )
    rows = work.all(
        select(
            models.c.group_name,
            models.c.name,
            models.c.risk_tier,
            versions.c.version,
            versions.c.state,
            versions.c.metadata,
            versions.c.created_at,
            has_weights.label("has_weights"),
        )
        .join(models, models.c.id == versions.c.model_id)
        .where(
            owned_by(actor),
            visible_to(actor),
            models.c.status == ModelStatus.ACTIVE.value,
            versions.c.state.in_(sorted(EDITABLE)),
        )
        .order_by(versions.c.id)
        .limit(DRAFTS_JUDGED)
    )
    drafts = (
        OpenDraft(
            model=f"{row.group_name}/{row.name}",
            risk_tier=RiskTier(row.risk_tier),
            version=row.version,
            state=State(row.state),
            created_at=row.created_at,
            missing=judge_completeness(row.metadata).missing,
            has_weights=bool(row.has_weights),
        )
        for row in rows
    )
    return tuple(d for d in drafts if d.missing or not d.has_weights or d.state is State.CHANGES_REQUESTED)


def list_bare_models(work: Work, actor: Actor) -> tuple[BareModel, ...]:
    """
    The actor's models that have no version yet, the oldest first, at most 50.

    One statement; none where the actor may not create versions.
    """
    if not access.may(actor, "version.create", (Relation.OWNER,)):
        return ()
    rows = work.all(
        select(models.c.group_name, models.c.name, models.c.risk_tier, models.c.created_at)
        .where(
            owned_by(actor),
            visible_to(actor),
            models.c.status == ModelStatus.ACTIVE.value,
            ~exists().where(versions.c.model_id == models.c.id),
        )
        .order_by(models.c.id)
        .limit(DRAFTS_JUDGED)
    )
    return tuple(BareModel(f"{row.group_name}/{row.name}", RiskTier(row.risk_tier), row.created_at) for row in rows)
