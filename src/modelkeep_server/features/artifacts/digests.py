"""
Where a digest is found: files with that SHA-256, and files that hold, or refer to, the container image of it; and where
else the bytes of a file stand.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, union

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import artifacts, blobs, models, scans, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.digests import read_digest
from modelkeep_server.rules.formats import ArtifactType
from modelkeep_server.rules.lifecycle import State

PLACES_SHOWN = 50


@dataclass(frozen=True)
class DigestPlace:
    """
    A file of a version that a digest leads to. `is_image`: by the container image that it holds or refers to; else by
    its own bytes. `verdict` is None until it was looked through.
    """

    model: str
    version: str
    path: str
    type: ArtifactType
    state: State
    hold: bool
    closed: bool
    status: ArtifactStatus
    verdict: Verdict | None
    risk_tier: str
    uploaded_at: datetime
    is_image: bool

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True)
class Place:
    """Another place of the same bytes: a file of a version that the reader may see."""

    model: str
    version: str
    path: str
    state: State

    @property
    def address(self) -> str:
        """`group/name:version`."""
        return f"{self.model}:{self.version}"


def list_places(
    work: Work, actor: Actor, digest: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[DigestPlace]:
    """
    The files that a digest leads to, of versions that the actor may see, the newest first. Two statements.

    A digest that nobody knows and one that the actor may not see are answered alike, with an empty page.

    Raises:
        Invalid: `digest` is not the SHA-256 of anything. CursorRefused.
    """
    access.require(work, actor, "digest.read")
    hexed = read_digest("sha256", digest)
    of_image = scans.c.image_digest == f"sha256:{hexed}"
    held = union(
        select(blobs.c.id).where(blobs.c.sha256 == hexed),
        select(scans.c.blob_id).where(of_image, scans.c.superseded_at.is_(None)),
    )
    here = (artifacts.c.blob_id.in_(held), artifacts.c.removed_at.is_(None), visible_to(actor))
    shown, following = read_rows(
        work, _select_places().where(*here), artifacts.c.id, filters={"digest": hexed}, limit=limit, cursor=cursor,
        descending=True,
    )  # fmt: skip
    counted = (
        select(func.count())
        .select_from(artifacts)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
    )
    return Page(tuple(_to_place(row, hexed) for row in shown), following, work.scalar(counted.where(*here)))


def list_same_bytes(work: Work, actor: Actor, artifact: Artifact) -> tuple[Place, ...]:
    """Where else the actor may see the very bytes of a file, at most 50 places, the newest first. One statement."""
    rows = work.all(
        select(models.c.group_name, models.c.name, versions.c.version, versions.c.state, artifacts.c.path)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(
            blobs.c.sha256 == artifact.sha256,
            artifacts.c.id != artifact.key,
            artifacts.c.removed_at.is_(None),
            visible_to(actor),
        )
        .order_by(artifacts.c.id.desc())
        .limit(PLACES_SHOWN)
    )
    return tuple(Place(f"{row.group_name}/{row.name}", row.version, row.path, State(row.state)) for row in rows)


def _select_places() -> Select[Any]:
    return (
        select(
            artifacts.c.id,
            artifacts.c.path,
            artifacts.c.type,
            artifacts.c.status,
            artifacts.c.uploaded_at,
            blobs.c.sha256,
            scans.c.verdict,
            versions.c.version,
            versions.c.state,
            models.c.group_name,
            models.c.name,
            models.c.risk_tier,
            has_flag(versions.c.id, "HOLD").label("hold"),
            has_flag(versions.c.id, "CLOSED").label("closed"),
        )
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .outerjoin(scans, is_current_scan(blobs.c.id))
    )


def _to_place(row: Row[Any], digest: str) -> DigestPlace:
    return DigestPlace(
        model=f"{row.group_name}/{row.name}",
        version=row.version,
        path=row.path,
        type=ArtifactType(row.type),
        state=State(row.state),
        hold=bool(row.hold),
        closed=bool(row.closed),
        status=ArtifactStatus(row.status),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        risk_tier=row.risk_tier,
        uploaded_at=row.uploaded_at,
        is_image=row.sha256 != digest,
    )
