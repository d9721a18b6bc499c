"""
Stored bytes that were found changed, cut or gone: noted once, withheld in every version, mended by sending them anew.
"""

from enum import StrEnum

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import artifacts, damages, scans
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_open_damage
from modelkeep_server.features.artifacts.judging import formats
from modelkeep_server.features.artifacts.views import ArtifactStatus, status_of
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.kit import clock, ids

WHAT_IS_WRONG = "The stored bytes are not those that were uploaded."
_BLOCKED = "The bytes are whole again. The file stays withheld, since its verdict is BLOCKED."


class FoundBy(StrEnum):
    """What came upon the damage."""

    DOWNLOAD = "DOWNLOAD"
    CHECK = "CHECK"
    RESTORE = "RESTORE"


def note_damage(work: Work, blob_key: int, found_by: FoundBy) -> bool:
    """
    Withhold every file with these stored bytes, with an event each. False where the damage is known already.
    """
    if work.first(select(damages.c.id).where(is_open_damage(blob_key))) is not None:
        return False
    row = {
        "public_id": ids.uuid7(clock.to_us(work.now)),
        "blob_id": blob_key,
        "found_by": found_by.value,
        "found_at": work.now,
    }
    work.insert(damages, row)
    status = ArtifactStatus.QUARANTINED
    _move(work, blob_key, "artifact.quarantine", status, why=WHAT_IS_WRONG, rule="integrity")
    return True


def mend(work: Work, blob_key: int) -> None:
    """Note that the bytes were sent anew and stand in place of the damaged ones: files stand as their verdict says."""
    row = work.first(select(damages.c.id).where(is_open_damage(blob_key)))
    if row is None:
        return
    work.change(damages, row.id, {"mended_at": work.now}, expect={"mended_at": None})
    verdict = work.scalar(select(scans.c.verdict).where(is_current_scan(blob_key)))
    status = status_of(Verdict(verdict or Verdict.PENDING))
    why = _BLOCKED if status is ArtifactStatus.QUARANTINED else None
    _move(work, blob_key, "artifact.restore", status, why=why)


def _move(
    work: Work, blob_key: int, action: str, wanted: ArtifactStatus, *, why: str | None, rule: str | None = None
) -> None:
    for file in queries.list_with_bytes(work, blob_key):
        # What is not of the format that its type or name promises stays withheld, whole or not.
        unfit = formats.why_unfit(file.format, file.type, file.path) if wanted is ArtifactStatus.AVAILABLE else None
        status = wanted if unfit is None else ArtifactStatus.QUARANTINED
        work.change(artifacts, file.key, {"status": status.value}, expect={"status": file.status.value})
        recording.record(
            work, action, actor=recording.HOUSE, actor_kind="house", auth="host", object_id=file.id,
            object_label=file.address, before={"status": file.status.value}, after={"status": status.value}, rule=rule,
            reason=unfit or why,
        )  # fmt: skip
