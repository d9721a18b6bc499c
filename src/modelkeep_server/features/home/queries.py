"""
The dashboard: what waits for an owner (drafts that lack something, models without a version), the models shown to
somebody, and the counts behind its charts.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, select, union_all

from modelkeep_server.db.tables import artifacts, models, version_flags, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.features.home.views import BareModel, OpenDraft
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import owned_by, visible_to
from modelkeep_server.features.search.rows import read_shown
from modelkeep_server.features.search.views import CatalogueRow
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.kit.paging import DEFAULT_LIMIT
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.fields import judge_completeness
from modelkeep_server.rules.formats import ArtifactType
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
            ~has_flag(versions.c.id, "CLOSED"),
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


def list_my_models(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT) -> tuple[CatalogueRow, ...]:
    """The models that the actor owns, the last changed first, with their newest versions. Two statements."""
    return _list_newest(work, actor, owned_by(actor), limit=limit)


def list_latest_models(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT) -> tuple[CatalogueRow, ...]:
    """The models that the actor can see, the last changed first, with their newest versions. Two statements."""
    return _list_newest(work, actor, limit=limit)


def _list_newest(work: Work, actor: Actor, *conditions: ColumnElement[bool], limit: int) -> tuple[CatalogueRow, ...]:
    newest_first = (models.c.updated_at.desc(), models.c.id.desc())
    rows = work.all(select(models.c.id).where(visible_to(actor), *conditions).order_by(*newest_first).limit(limit))
    return read_shown(work, actor, [row.id for row in rows])


def count_states_of(work: Work, actor: Actor, model_keys: Sequence[int]) -> dict[int, dict[State, int]]:
    """For each of these models how many of its versions stand in each state. One statement, none for no models."""
    counts: dict[int, dict[State, int]] = {key: {} for key in model_keys}
    if not counts:
        return counts
    rows = work.all(
        select(versions.c.model_id, versions.c.state, func.count().label("counted"))
        .join(models, models.c.id == versions.c.model_id)
        .where(versions.c.model_id.in_(list(counts)), visible_to(actor))
        .group_by(versions.c.model_id, versions.c.state)
    )
    for row in rows:
        counts[row.model_id][State(row.state)] = row.counted
    return counts


def count_my_models(work: Work, actor: Actor) -> int:
    """How many models the actor owns. One statement."""
    mine = select(func.count()).select_from(models).where(owned_by(actor), visible_to(actor))
    return int(work.scalar(mine))


def count_tiers(work: Work, actor: Actor) -> dict[RiskTier, int]:
    """How many models of each risk tier the actor can see; a tier without one is left out. One statement."""
    rows = work.all(
        select(models.c.risk_tier, func.count().label("counted")).where(visible_to(actor)).group_by(models.c.risk_tier)
    )
    return {RiskTier(row.risk_tier): row.counted for row in rows}


def count_standing(work: Work, actor: Actor) -> tuple[dict[State, int], dict[str, int]]:
    """
    How many versions, of models that the actor can see, stand in each state, and how many of them are CLOSED and on
    HOLD. One statement.
    """
    in_states = (
        select(versions.c.state.label("stands"), func.count().label("counted"))
        .join(models, models.c.id == versions.c.model_id)
        .where(visible_to(actor))
        .group_by(versions.c.state)
    )
    flags = version_flags.c
    flagged = (
        select(flags.kind, func.count(flags.version_id.distinct()))
        .join(versions, versions.c.id == flags.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(flags.lifted_at.is_(None), visible_to(actor))
        .group_by(flags.kind)
    )
    counted = {row.stands: row.counted for row in work.all(union_all(in_states, flagged))}
    states = {state: counted[state.value] for state in State if state.value in counted}
    return states, {kind: many for kind, many in counted.items() if kind not in State.__members__}
