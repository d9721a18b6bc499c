"""Reading uploads under way. Each is known to the person who began it, and to nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import artifacts, models, upload_parts, uploads, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.sealing import Part, part_key
from modelkeep_server.features.artifacts.uploading.intake import Stretch
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.kit.paging import Page
from modelkeep_server.rules.errors import Gone, NotFound
from modelkeep_server.rules.formats import ArtifactType


@dataclass(frozen=True)
class Upload:
    """
    A file on its way in. `offset_bytes` of `size_bytes` are stored and read back; `sha256` is what the client promised,
    bare hex. `key` and `artifact_key` are inside ids; the latter is set once the file is published.
    """

    key: int
    id: str
    group: str
    name: str
    version: str
    path: str
    type: ArtifactType
    size_bytes: int
    offset_bytes: int
    sha256: str | None
    blob_id: str
    artifact_key: int | None
    created_at: datetime
    expires_at: datetime

    @property
    def model(self) -> str:
        """The model's address, `group/name`."""
        return f"{self.group}/{self.name}"


def list_uploads(
    work: Work,
    actor: Actor,
    *,
    model: str | None = None,
    version: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Upload]:
    """
    The actor's own uploads that are not finished and have not expired, the oldest first. One statement.

    Args:
        model: `group/name` in any case: only those to it.
        version: Only those to versions of this number.
    """
    filters: Mapping[str, object] = {"uploads_of": actor.pseudonym, "model": model, "version": version}
    found = _select_uploads(actor).where(uploads.c.artifact_id.is_(None), uploads.c.expires_at > work.now)
    if model is not None:
        found = found.where(models.c.path_key == model.lower())
    if version is not None:
        found = found.where(versions.c.version == version)
    rows, following = read_rows(work, found, uploads.c.id, filters=filters, limit=limit, cursor=cursor)
    return Page(tuple(_to_upload(row) for row in rows), following)


def get_upload(work: Work, actor: Actor, upload_id: str) -> Upload:
    """
    An upload of the actor's own. One statement.

    Raises:
        NotFound: There is none, it is somebody else's, or its model is no longer seen.
        Gone: It has expired.
    """
    row = work.first(_select_uploads(actor).where(uploads.c.public_id == upload_id))
    if row is None:
        raise NotFound(
            "There is no such upload of yours.",
            remedy="GET /api/v1/uploads lists yours. One that was refused or ended is begun anew with POST.",
        )
    if row.expires_at <= work.now:
        raise Gone(
            "This upload has expired: nothing came for too long.", remedy="Begin it anew; nothing of it was published."
        )
    return _to_upload(row)


def list_stretches(work: Work, upload: Upload, *, since: int = 0) -> tuple[Stretch, ...]:
    """What is stored of an upload, from the part that begins at `since` on, in order. One statement."""
    rows = work.all(
        select(upload_parts)
        .where(upload_parts.c.upload_id == upload.key, upload_parts.c.start >= since)
        .order_by(upload_parts.c.start)
    )
    return tuple(
        Stretch(Part(row.number, row.attempt, row.plain_size, row.sealed_size), row.start, row.sha256) for row in rows
    )


def find_published(work: Work, upload: Upload) -> Artifact | None:
    """The file that an upload became; None where it is not finished, or the file was taken out again."""
    if upload.artifact_key is None:
        return None
    row = work.first(
        select(artifacts.c.id).where(artifacts.c.id == upload.artifact_key, artifacts.c.removed_at.is_(None))
    )
    return None if row is None else queries.get_stored_file(work, upload.artifact_key).artifact


def _select_uploads(actor: Actor) -> Select[Any]:
    return (
        select(uploads, models.c.group_name, models.c.name, versions.c.version)
        .join(models, models.c.id == uploads.c.model_id)
        .join(versions, versions.c.id == uploads.c.version_id)
        .where(uploads.c.person_id == actor.user_id, visible_to(actor))
    )


def _to_upload(row: Row[Any]) -> Upload:
    return Upload(
        key=row.id,
        id=row.public_id,
        group=row.group_name,
        name=row.name,
        version=row.version,
        path=row.path,
        type=ArtifactType(row.type),
        size_bytes=row.size_bytes,
        offset_bytes=row.offset_bytes,
        sha256=row.sha256,
        blob_id=row.blob_id,
        artifact_key=row.artifact_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def list_keys(upload: Upload, stretches: Sequence[Stretch]) -> list[str]:
    """The names of stretches in the blob store."""
    return [part_key(upload.blob_id, stretch.part.number, stretch.part.attempt) for stretch in stretches]


def to_received_parts(stretches: Sequence[Stretch]) -> tuple[Part, ...]:
    """The parts of a file that these make up, whole and in order. Raises ValueError where they do not."""
    parts = tuple(stretch.part for stretch in stretches)
    begins = 0
    for number, stretch in enumerate(stretches, 1):
        if stretch.part.number != number or stretch.start != begins:
            raise ValueError(f"Part {number} is not stored whole.")
        begins = stretch.end
    return parts
