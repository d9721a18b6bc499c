"""
Looking through files: before they are published, and again by a job where it takes long or the rules have changed.

A verdict belongs to the stored bytes, so that it counts wherever the model holds the same file.
"""

from dataclasses import dataclass

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.queueing import enqueue
from modelkeep_server.db.tables import artifacts, damages, scans
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_open_damage
from modelkeep_server.features.artifacts.judging import formats
from modelkeep_server.features.artifacts.opening import read_range
from modelkeep_server.features.artifacts.sealed_words import seal_words
from modelkeep_server.features.artifacts.sealing import Part
from modelkeep_server.features.artifacts.views import ArtifactStatus, status_of
from modelkeep_server.inspection.report import RULE_VERSION, Report, Verdict
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import InspectionTooLong, InspectorDown

SCAN = "scan"


@dataclass(frozen=True)
class Kept:
    """The verdict that counts for some bytes now, and the status that follows from it."""

    format: str | None
    verdict: Verdict
    rule_version: int
    status: ArtifactStatus


def inspect_stored(parts: Parts, dek: bytes, blob_id: str, sealed: tuple[Part, ...], *, seconds: float) -> Report:
    """
    What is found in stored bytes. Blocks for at most about `seconds`.

    Args:
        sealed: All parts of the file, in order.
    Raises:
        InspectionTooLong, InspectorDown: That was not enough, or nobody can look.
        SealBroken, StorageError: The bytes cannot be read.
    """
    size_bytes = sum(part.plain_size for part in sealed)

    def read(offset: int, length: int) -> bytes:
        start = min(offset, size_bytes)
        return read_range(parts.blobs, dek, blob_id, sealed, start, min(size_bytes, start + length))

    return parts.inspector.inspect(read, size_bytes, seconds=seconds)


def look_through(parts: Parts, dek: bytes, blob_id: str, sealed: tuple[Part, ...], *, seconds: float) -> Report | None:
    """As `inspect_stored`; None where `seconds` were not enough, or nobody can look: a job does it later."""
    try:
        return inspect_stored(parts, dek, blob_id, sealed, seconds=seconds)
    except (InspectionTooLong, InspectorDown):
        return None


def keep_report(work: Work, blob_key: int, report: Report | None, name: str | None, *, anew: bool = False) -> Kept:
    """
    Note what was found in some bytes, where no verdict by these rules stands yet, and give the one that counts.

    For None, a job is enqueued that looks through them. The caller records the event. `name` is that of the format, as
    `formats.settle_format` gives it. `anew`: the report also replaces one by the same rules.
    """
    current = work.first(select(scans).where(is_current_scan(blob_key)))
    newest_kept = -1 if report is None else report.rule_version + anew
    if current is not None and current.rule_version >= newest_kept:
        verdict = Verdict(current.verdict)
        return Kept(current.format, verdict, current.rule_version, status_of(verdict))
    if report is None:
        enqueue(work, SCAN, {"blob": blob_key}, key=f"{SCAN}:{blob_key}:{RULE_VERSION}")
        return Kept(None, Verdict.PENDING, RULE_VERSION, ArtifactStatus.PENDING)
    if current is not None:
        work.change(scans, current.id, {"superseded_at": work.now}, expect={"superseded_at": None})
    work.insert(
        scans,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "blob_id": blob_key,
            "rule_version": report.rule_version,
            "format": name,
            "verdict": report.verdict.value,
            "findings": seal_words(work, blob_key, [[finding.rule, finding.detail] for finding in report.findings]),
            "header": seal_words(work, blob_key, report.to_json()["header"]),
            "image_digest": report.header.image_digest,
            "scanned_at": work.now,
        },
    )
    return Kept(name, report.verdict, report.rule_version, status_of(report.verdict))


def settle_scan(work: Work, blob_key: int, report: Report) -> None:
    """Note what a later look found, and let every file with these bytes stand accordingly. Records an event a file."""
    files = queries.list_with_bytes(work, blob_key)
    # What an Admin listed is known by its name and beginning, which do not change.
    current = select(scans.c.format).where(is_current_scan(blob_key))
    name = work.scalar(current) if report.format is None else report.format.value
    if name is None:
        found = (formats.find_listed(work, report, file.type, file.path) for file in files)
        report, name = next(filter(None, found), (report, None))
    kept = keep_report(work, blob_key, report, name, anew=True)
    # Damaged bytes are withheld whatever was found in them before.
    is_damaged = work.first(select(damages.c.id).where(is_open_damage(blob_key)))
    for file in files:
        # Nobody knew the format of a file that was published PENDING; one of type or name of another is withheld now.
        was_open = file.status is ArtifactStatus.AVAILABLE
        is_fit = was_open or formats.why_unfit(kept.format, file.type, file.path) is None
        status = kept.status if is_damaged is None and is_fit else ArtifactStatus.QUARANTINED
        work.change(artifacts, file.key, {"status": status.value, "format": kept.format})
        recording.record(
            work, "artifact.scan", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=file.id,
            object_label=file.address, before={"status": file.status.value},
            after={"status": status.value, "verdict": kept.verdict.value, "ruleVersion": kept.rule_version},
        )  # fmt: skip
