"""What stored files say of themselves."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, func, select

from modelkeep_server.db.tables import artifacts, models, scans, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.artifacts.sealed_words import open_words
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Header
from modelkeep_server.rules.formats import ArtifactType

FILES_READ = 40
#: The most of headers that is read for one answer: a file with thousands of tensors names them all.
HEADERS_BYTES = 4 * 1024 * 1024


def find_header(work: Work, artifact: Artifact) -> Header | None:
    """What a file that the caller has found says of itself; None until it was looked through. One statement."""
    row = work.first(
        select(scans.c.blob_id, scans.c.header)
        .join(artifacts, is_current_scan(artifacts.c.blob_id))
        .where(artifacts.c.id == artifact.key)
    )
    return None if row is None else open_header(work, row)


def open_header(work: Work, row: Row[Any]) -> Header:
    """The header in a row with `blob_id` and `header` of a scan; an empty one where it was changed."""
    told = open_words(work, row.blob_id, row.header)
    return Header() if told is None else Header.from_json(told)


def list_headers(
    work: Work, actor: Actor, version: Version, types: Collection[ArtifactType]
) -> list[tuple[str, Header]]:
    """
    The headers of the first 40 files of these types by order of upload, each with its path, those withheld left out.

    Nothing where the actor may not see the version. One statement.
    """
    shown_to_actor = select(versions.c.id).join(models, models.c.id == versions.c.model_id).where(visible_to(actor))
    first = (
        select(artifacts.c.id, artifacts.c.path, scans.c.blob_id, scans.c.header)
        .join(scans, is_current_scan(artifacts.c.blob_id))
        .where(
            artifacts.c.version_id == version.key,
            artifacts.c.version_id.in_(shown_to_actor),
            artifacts.c.removed_at.is_(None),
            artifacts.c.status == ArtifactStatus.AVAILABLE.value,
            artifacts.c.type.in_([type_.value for type_ in types]),
        )
        .order_by(artifacts.c.id)
        .limit(FILES_READ)
        .subquery()
    )
    running = func.sum(func.length(first.c.header)).over(order_by=first.c.id)
    sized = select(first, running.label("size_bytes")).subquery()
    rows = work.all(select(sized).where(sized.c.size_bytes <= HEADERS_BYTES).order_by(sized.c.id))
    return [(row.path, open_header(work, row)) for row in rows]
