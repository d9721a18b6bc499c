"""
Looking through stored files in the background: those whose verdict took longer than an answer may wait, those that
somebody asks for, and, when the rules have changed, every file that earlier rules judged.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import exists, select

from modelkeep_server.db.engine import Database
from modelkeep_server.db.queueing import enqueue
from modelkeep_server.db.tables import artifacts, blobs, scans
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts import damage, queries
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.artifacts.damage import FoundBy
from modelkeep_server.features.artifacts.file_keys import open_file_key, read_parts
from modelkeep_server.features.artifacts.judging.scanning import SCAN, inspect_stored, settle_scan
from modelkeep_server.features.artifacts.reading_back import select_stored
from modelkeep_server.features.artifacts.sealing import Part, SealBroken
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs.views import Handler, JobFailed, Schedule, Task
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.inspection.report import RULE_VERSION, Finding, Report, Verdict
from modelkeep_server.ports import BlobMissing, InspectionTooLong, InspectorDown, StorageError, WrappedKey

RESCAN = "rescan"
SCHEDULES = (Schedule(RESCAN, timedelta(minutes=15)),)
SCAN_SECONDS = 15 * 60
#: So many files are put in line at a time; the next ones follow with the next tick.
BATCH = 500


@dataclass(frozen=True)
class _Stored:
    key: int
    id: str
    parts: tuple[Part, ...]
    dek: bytes = field(repr=False)


def make_scan_handler(database: Database, parts: Parts, *, seconds: float = SCAN_SECONDS) -> Handler:
    """The job that looks through one stored file and lets every file with these bytes stand accordingly."""

    def scan(task: Task) -> None:
        with database.reading(parts, Circumstances.of_the_house()) as work:
            stored = _find_stored(work, int(task.facts["blob"]))
        if stored is None:
            return
        try:
            report = _look_through(parts, stored, seconds)
        except (SealBroken, BlobMissing):
            with database.writing(parts, Circumstances.of_the_house()) as work:
                damage.note_damage(work, stored.key, FoundBy.CHECK)
            return
        except StorageError as error:
            raise JobFailed("The file store does not answer.") from error
        except InspectorDown as error:
            raise JobFailed("Nothing can look through files at this moment.") from error
        with database.writing(parts, Circumstances.of_the_house()) as work:
            settle_scan(work, stored.key, report)

    return Handler(scan, tries=5)


def make_rescan_handler(database: Database, parts: Parts) -> Handler:
    """The job that puts files in line which no rules or earlier ones judged, so many at a time."""

    def rescan(_: Task) -> None:
        with database.writing(parts, Circumstances.of_the_house()) as work:
            enqueue_stale(work)

    return Handler(rescan, tries=3)


def enqueue_stale(work: Work) -> int:
    """Have files looked through that are listed and were not judged by these rules. Gives how many. One statement."""
    judged = exists().where(is_current_scan(blobs.c.id), scans.c.rule_version >= RULE_VERSION)
    listed = exists().where(artifacts.c.blob_id == blobs.c.id, artifacts.c.removed_at.is_(None))
    keys = [row.id for row in work.all(select(blobs.c.id).where(~judged, listed).order_by(blobs.c.id).limit(BATCH))]
    for key in keys:
        enqueue(work, SCAN, {"blob": key}, key=f"{SCAN}:{key}:{RULE_VERSION}")
    return len(keys)


def ask_for_scan(work: Work, actor: Actor, group: str, name: str, version: str, path: str) -> Artifact:
    """
    Have a file looked through again, in the background. What is found stands with the file once it is done.

    Raises NotFound, NotPermitted.
    """
    model, found, artifact = queries.get_by_address(work, actor, group, name, version, path)
    access.require(work, actor, "artifact.rescan", model_queries.relations_of(actor, model), owners=model.owners)
    blob_key = work.scalar(select(artifacts.c.blob_id).where(artifacts.c.id == artifact.key))
    enqueue(work, SCAN, {"blob": blob_key})
    access.record(
        work, actor, "artifact.rescan", object_id=artifact.id, object_label=f"{found.address}/{artifact.path}",
        after={"sha256": artifact.sha256, "ruleVersion": RULE_VERSION},
    )  # fmt: skip
    return artifact


def _find_stored(work: Work, blob_key: int) -> _Stored | None:
    row = work.first(select_stored().where(blobs.c.id == blob_key))
    if row is None:
        return None
    wrapped = WrappedKey(row.key_id, row.wrapped_key)
    dek = open_file_key(work, wrapped, row.public_id)
    return _Stored(row.id, row.public_id, read_parts(row.parts, row.size_bytes), dek)


def _look_through(parts: Parts, stored: _Stored, seconds: float) -> Report:
    try:
        return inspect_stored(parts, stored.dek, stored.id, stored.parts, seconds=seconds)
    except InspectionTooLong:
        words = f"Looking through it took longer than {seconds / 60:.0f} minutes."
        return Report(None, Verdict.UNKNOWN, (Finding("scan.limits", words),))
