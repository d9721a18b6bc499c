"""Versions with files that wait for somebody: for an answer by a Security Architect, or for their owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from modelkeep_server.db.tables import artifacts, models, scans, versions, waivers
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_damaged, is_waiver_held
from modelkeep_server.features.artifacts.views import ArtifactStatus
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import owned_by, visible_to
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Relation

#: Versions told of at once, the oldest first; the next follow once these are answered for.
VERSIONS_SHOWN = 50

_IS_DAMAGED = is_damaged(artifacts.c.blob_id)
_IS_BLOCKED = scans.c.verdict == Verdict.BLOCKED.value
#: Whole, not blocked and withheld all the same: its content is not of the format that its type or name promises.
_IS_UNFIT = and_(
    artifacts.c.status == ArtifactStatus.QUARANTINED.value, scans.c.verdict != Verdict.BLOCKED.value, ~_IS_DAMAGED
)
_IS_UNKNOWN = and_(scans.c.verdict == Verdict.UNKNOWN.value, ~_IS_UNFIT)


@dataclass(frozen=True)
class FilesOfVersion:
    """
    Files of a version that wait. `model` is group/name; `path` one of the files, the only one where `count` is 1;
    `since` is when the first of them was uploaded. `unfit` ones are not of the format that their type or name promises.
    """

    model: str
    risk_tier: RiskTier
    version: str
    state: State
    blocked: int
    unknown: int
    damaged: int
    unfit: int
    path: str
    since: datetime

    @property
    def count(self) -> int:
        """How many files wait."""
        return self.blocked + self.unknown + self.damaged + self.unfit


def list_to_answer(work: Work, actor: Actor) -> tuple[FilesOfVersion, ...]:
    """
    Versions with files that are BLOCKED or UNKNOWN and that nobody answers for, the oldest first, at most 50.

    Without the models that the actor owns, and the versions they made or uploaded to, since another answers for those.
    One statement; none for who may not release.
    """
    if not access.may(actor, "artifact.release"):
        return ()
    by_actor = select(artifacts.c.version_id).where(artifacts.c.uploaded_by == actor.user_id)
    return _list(
        work,
        ~owned_by(actor),
        versions.c.created_by != actor.user_id,
        versions.c.id.not_in(by_actor),
        visible_to(actor),
        or_(_IS_BLOCKED, _IS_UNKNOWN),
        ~_IS_DAMAGED,
    )


def list_withheld(work: Work, actor: Actor) -> tuple[FilesOfVersion, ...]:
    """
    Versions of the actor's models with files that nobody can download: BLOCKED without a release, damaged, or of
    another format than promised. The oldest first, at most 50. One statement; none for who may not upload.
    """
    if not access.may(actor, "artifact.upload", (Relation.OWNER,)):
        return ()
    return _list(work, owned_by(actor), visible_to(actor), or_(_IS_BLOCKED, _IS_DAMAGED, _IS_UNFIT))


def _list(work: Work, *conditions: ColumnElement[bool]) -> tuple[FilesOfVersion, ...]:
    rows = work.all(_select(work, conditions))
    return tuple(
        FilesOfVersion(
            model=f"{row.group_name}/{row.name}",
            risk_tier=RiskTier(row.risk_tier),
            version=row.version,
            state=State(row.state),
            blocked=int(row.blocked),
            unknown=int(row.unknown),
            damaged=int(row.damaged),
            unfit=int(row.unfit),
            path=row.path,
            since=row.since,
        )
        for row in rows
    )


def _select(work: Work, conditions: Sequence[ColumnElement[bool]]) -> Select[tuple[object, ...]]:
    is_answered = exists().where(
        is_waiver_held(artifacts.c.id, work.now),
        waivers.c.kind == case((_IS_BLOCKED, "RELEASE"), else_="WAIVE"),
    )
    of = (models.c.group_name, models.c.name, models.c.risk_tier, versions.c.version, versions.c.state)
    return (
        select(
            *of,
            _count(and_(_IS_BLOCKED, ~_IS_DAMAGED)).label("blocked"),
            _count(and_(_IS_UNKNOWN, ~_IS_DAMAGED)).label("unknown"),
            _count(_IS_DAMAGED).label("damaged"),
            _count(_IS_UNFIT).label("unfit"),
            func.min(artifacts.c.path).label("path"),
            func.min(artifacts.c.uploaded_at).label("since"),
        )
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .outerjoin(scans, is_current_scan(artifacts.c.blob_id))
        .where(
            *conditions,
            artifacts.c.removed_at.is_(None),
            models.c.status == ModelStatus.ACTIVE.value,
            versions.c.state != State.RETIRED.value,
            ~has_flag(versions.c.id, "CLOSED"),
            or_(_IS_DAMAGED, _IS_UNFIT, ~is_answered),
        )
        .group_by(versions.c.id, *of)
        .order_by(func.min(artifacts.c.id))
        .limit(VERSIONS_SHOWN)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
