"""Room for files: what one group of models may store in all, and how many uploads one person may have open."""

from sqlalchemy import func, select

from modelkeep_server.db.tables import blobs, models, people, uploads
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.rules.errors import QuotaExceeded, TooMany


def demand_room(work: Work, group: str, size_bytes: int, *, besides: str | None = None) -> None:
    """
    Refuse a file that the models of its group have no room for. Stored bytes count, and uploads under way as declared.

    Two statements where a quota is set, else none.

    Args:
        group: The group's name, in any case.
        besides: The blob id of an upload that is counted by `size_bytes` already.
    Raises:
        QuotaExceeded: Says how much room is left.
    """
    most = work.parts.limits.group_quota_bytes
    if most is None:
        return
    in_group = select(models.c.id).where(func.lower(models.c.group_name) == group.lower())
    stored = select(func.sum(blobs.c.size_bytes)).where(blobs.c.model_id.in_(in_group))
    coming = select(func.sum(uploads.c.size_bytes)).where(
        uploads.c.model_id.in_(in_group), uploads.c.artifact_id.is_(None), uploads.c.expires_at > work.now
    )
    if besides is not None:
        coming = coming.where(uploads.c.blob_id != besides)
    used = int(work.scalar(stored) or 0) + int(work.scalar(coming) or 0)
    if used + size_bytes > most:
        raise QuotaExceeded(
            f"The group {group} may store {most:,} bytes; {max(0, most - used):,} are left, and this file has "
            f"{size_bytes:,}. Uploads under way count as declared."
        )


def demand_place(work: Work, actor: Actor) -> None:
    """
    Refuse one more open upload of a person who has as many as they may. Nobody else opens one for them meanwhile.

    Raises TooMany, which names where they are listed.
    """
    most = work.parts.limits.open_uploads_of_one
    work.lock(people, actor.user_id or 0)
    open_now = work.scalar(
        select(func.count())
        .select_from(uploads)
        .where(uploads.c.person_id == actor.user_id, uploads.c.artifact_id.is_(None), uploads.c.expires_at > work.now)
    )
    if int(open_now or 0) >= most:
        raise TooMany(
            f"You have {most} uploads that are not finished; that is as many as one person may have.",
            remedy="GET /api/v1/uploads lists them: finish some, or end them with DELETE.",
        )
