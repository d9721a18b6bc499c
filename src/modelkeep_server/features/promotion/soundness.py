"""Whether what a decision or move leans on is still what the log recorded: the rows of a model and of one version."""

from sqlalchemy import select

from modelkeep_server.db.tables import (
    artifacts,
    assessments,
    exceptions,
    findings,
    model_owners,
    promotions,
    reviews,
    scans,
    version_contents,
    version_flags,
    version_passages,
    waivers,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import integrity
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version

_OF_VERSION = (version_contents, version_passages, version_flags, promotions, findings, exceptions, assessments)


def demand_sound(work: Work, model: Model, version: Version) -> None:
    """
    Go on only where the version, its model, owners, files, flags, rounds and decisions are as the log has them.

    Raises IntegrityBroken, naming the row. About 30 statements, each by a key.
    """
    rows: dict[str, list[int]] = {"versions": [version.key], "models": [model.key]}
    rows["model_owners"] = _keys(work, select(model_owners.c.id).where(model_owners.c.model_id == model.key))
    for table in _OF_VERSION:
        rows[table.name] = _keys(work, select(table.c.id).where(table.c.version_id == version.key))
    of_round = select(promotions.c.id).where(promotions.c.version_id == version.key)
    rows["reviews"] = _keys(work, select(reviews.c.id).where(reviews.c.promotion_id.in_(of_round)))
    files = work.all(select(artifacts.c.id, artifacts.c.blob_id).where(artifacts.c.version_id == version.key))
    rows["artifacts"] = [file.id for file in files]
    blobs = sorted({file.blob_id for file in files})
    rows["blobs"] = blobs
    if files:
        current = (scans.c.blob_id.in_(blobs), scans.c.superseded_at.is_(None))
        rows["scans"] = _keys(work, select(scans.c.id).where(*current))
        rows["waivers"] = _keys(work, select(waivers.c.id).where(waivers.c.artifact_id.in_(rows["artifacts"])))
    integrity.demand_sound(work, (model.id, version.id), rows)


def _keys(work: Work, statement: object) -> list[int]:
    return [row.id for row in work.all(statement)]  # type: ignore[arg-type]
