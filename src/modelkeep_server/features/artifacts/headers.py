"""What stored files say of themselves, and where else the same bytes stand."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.tables import artifacts, blobs, models, scans, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.artifacts.sealed_words import open_words
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.inspection.report import Header
from modelkeep_server.rules.lifecycle import State

PLACES_SHOWN = 50


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
