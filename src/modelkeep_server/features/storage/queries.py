"""How the file store stands: what lies in it, who uses it, how far it was read through, and what was found damaged."""

from datetime import datetime, timedelta

from sqlalchemy import and_, case, exists, func, select

from modelkeep_server.db.tables import (
    artifacts,
    blob_checks,
    blobs,
    damages,
    jobs,
    models,
    scans,
    uploads,
    versions,
    waivers,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_waiver_held
from modelkeep_server.features.artifacts.views import ArtifactStatus, WaiverKind
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.storage.views import Checks, DamagedFile, FullPass, GroupUse, Standing, Storage
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.rules.permissions import Role

#: Begins the key of every job of a check of all files; the rest is when it was asked for and the turn.
ALL_FILES = "check-all@"
KIND = "check"
GROUPS_SHOWN = 10
DAMAGES_SHOWN = 20
_OPEN = ("WAITING", "RUNNING")


def get_storage(work: Work, actor: Actor) -> Storage:
    """How the file store stands. Seven statements. Raises NotPermitted."""
    access.require(work, actor, "storage.read")
    checks, damaged = read_checks(work)
    return Storage(
        work.parts.blobs.place,
        _read_standing(work),
        _list_groups(work),
        work.parts.limits.group_quota_bytes,
        checks,
        damaged,
        _list_damages(work),
    )


def count_damaged_for(work: Work, actor: Actor) -> int:
    """How many stored files are damaged now, for who looks after the store; 0 for others. At most one statement."""
    if not actor.roles & {Role.SRE, Role.ADMIN}:
        return 0
    return int(work.scalar(select(func.count()).select_from(damages).where(damages.c.mended_at.is_(None))) or 0)


def find_pass(work: Work) -> FullPass | None:
    """The check of all files that was asked for last, where it is not done. One statement."""
    row = work.first(
        select(jobs.c.key, jobs.c.status)
        .where(jobs.c.kind == KIND, jobs.c.key.like(f"{ALL_FILES}%"))
        .order_by(jobs.c.id.desc())
        .limit(1)
    )
    if row is None or row.status not in _OPEN:
        return None
    since, _, turn = row.key.removeprefix(ALL_FILES).partition("/")
    return FullPass(datetime.fromisoformat(since), int(turn))


def _read_standing(work: Work) -> Standing:
    live = artifacts.c.removed_at.is_(None)
    stored = work.first(select(func.count().label("files"), func.sum(blobs.c.size_bytes).label("size")))
    used = select(artifacts.c.blob_id).where(live).distinct().scalar_subquery()
    is_released = exists().where(is_waiver_held(artifacts.c.id, work.now), waivers.c.kind == WaiverKind.RELEASE.value)
    listed = (
        select(
            func.sum(blobs.c.size_bytes).label("size"),
            func.sum(case((artifacts.c.status == ArtifactStatus.PENDING.value, 1), else_=0)).label("pending"),
            func.sum(case((scans.c.verdict == Verdict.UNKNOWN.value, 1), else_=0)).label("unknown"),
            func.sum(case((and_(scans.c.verdict == Verdict.BLOCKED.value, ~is_released), 1), else_=0)).label("blocked"),
            select(func.sum(blobs.c.size_bytes)).where(blobs.c.id.in_(used)).scalar_subquery().label("once"),
        )
        .select_from(artifacts)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .outerjoin(scans, is_current_scan(blobs.c.id))
        .where(live)
    )
    told = work.first(listed)
    coming = work.first(
        select(func.count().label("files"), func.sum(uploads.c.offset_bytes).label("size")).where(
            uploads.c.artifact_id.is_(None), uploads.c.expires_at > work.now
        )
    )
    assert stored is not None
    assert told is not None
    assert coming is not None
    return Standing(
        files=stored.files,
        size_bytes=int(stored.size or 0),
        saved_bytes=int(told.size or 0) - int(told.once or 0),
        pending=int(told.pending or 0),
        unknown=int(told.unknown or 0),
        blocked=int(told.blocked or 0),
        open_uploads=coming.files,
        upload_bytes=int(coming.size or 0),
    )


def _list_groups(work: Work) -> tuple[GroupUse, ...]:
    # Groups are one whatever their case; one spelling of them is shown.
    size = func.sum(blobs.c.size_bytes).label("size")
    rows = work.all(
        select(func.min(models.c.group_name).label("name"), func.count().label("files"), size)
        .select_from(blobs)
        .join(models, models.c.id == blobs.c.model_id)
        .group_by(func.lower(models.c.group_name))
        .order_by(size.desc(), func.lower(models.c.group_name))
        .limit(GROUPS_SHOWN)
    )
    return tuple(GroupUse(row.name, row.files, int(row.size)) for row in rows)


def read_checks(work: Work) -> tuple[Checks, int]:
    """The checks, and how many files are damaged now. Three statements."""
    running = find_pass(work)
    days = work.parts.limits.check_days
    recent = blob_checks.c.checked_at >= work.now - timedelta(days=days)
    since = blob_checks.c.checked_at >= (running.since if running else work.now)
    open_damages = select(func.count()).select_from(damages).where(damages.c.mended_at.is_(None)).scalar_subquery()
    row = work.first(
        select(
            func.count().label("files"),
            func.sum(blobs.c.size_bytes).label("size"),
            func.sum(case((recent, 1), else_=0)).label("checked"),
            func.sum(case((recent, blobs.c.size_bytes), else_=0)).label("checked_bytes"),
            func.sum(case((blob_checks.c.checked_at.is_(None), 1), else_=0)).label("never"),
            func.sum(case((since, 1), else_=0)).label("done"),
            func.min(blob_checks.c.checked_at).label("oldest"),
            open_damages.label("damaged"),
        )
        .select_from(blobs)
        .outerjoin(blob_checks, blob_checks.c.blob_id == blobs.c.id)
    )
    assert row is not None
    following = work.scalar(select(func.min(jobs.c.due_at)).where(jobs.c.kind == KIND, jobs.c.status == _OPEN[0]))
    checks = Checks(
        days=days,
        files=row.files,
        size_bytes=int(row.size or 0),
        checked=int(row.checked or 0),
        checked_bytes=int(row.checked_bytes or 0),
        never=int(row.never or 0),
        oldest_at=row.oldest,
        next_at=following,
        running=running,
        running_done=int(row.done or 0) if running else 0,
    )
    return checks, int(row.damaged)


def _list_damages(work: Work) -> tuple[DamagedFile, ...]:
    rows = work.all(
        select(
            damages.c.found_by, damages.c.found_at, damages.c.mended_at, artifacts.c.public_id, artifacts.c.path,
            versions.c.version, models.c.group_name, models.c.name,
        )
        .join(artifacts, artifacts.c.blob_id == damages.c.blob_id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(artifacts.c.removed_at.is_(None))
        .order_by(damages.c.mended_at.is_not(None), damages.c.id.desc(), artifacts.c.id)
        .limit(DAMAGES_SHOWN)
    )  # fmt: skip
    return tuple(
        DamagedFile(
            row.public_id, f"{row.group_name}/{row.name}", row.version, row.path, row.found_by, row.found_at,
            row.mended_at,
        )
        for row in rows
    )  # fmt: skip
