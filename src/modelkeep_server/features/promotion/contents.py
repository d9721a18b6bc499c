"""
Freezing what a version holds when it is submitted, under the digest of features/versions/content.py.

Decisions are about this digest; evaluations, cards, consumers and deployments stay outside it. Source: product R3.
"""

from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import artifacts, blobs, version_contents
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.queries import list_content
from modelkeep_server.features.versions.content import Files, compose, digest_of
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import IntegrityBroken


def read_content(work: Work, version: Version, files: Files | None = None) -> dict[str, Any]:
    """The document of a version as it stands now. Two statements; one where its `files` are at hand."""
    held = _read_files(work, version) if files is None else files
    return compose(version.model, version, held, list_content(work, version))


def _read_files(work: Work, version: Version) -> Files:
    rows = work.all(
        select(artifacts.c.path, artifacts.c.type, blobs.c.sha256, blobs.c.size_bytes)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .where(artifacts.c.version_id == version.key, artifacts.c.removed_at.is_(None))
    )
    return [{"path": r.path, "type": r.type, "sha256": r.sha256, "sizeBytes": r.size_bytes} for r in rows]


def freeze(work: Work, actor: Actor, version: Version, files: Files | None = None) -> str:
    """Keep what a version holds now, and give its digest. Three statements; two where its `files` are at hand."""
    content = read_content(work, version, files)
    digest = digest_of(content)
    work.insert(
        version_contents,
        {
            "version_id": version.key,
            "digest": digest,
            "content": content,
            "frozen_at": work.now,
            "frozen_by": actor.user_id,
        },
    )
    return digest


def demand_frozen(work: Work, version: Version, digest: str, files: Files | None = None) -> None:
    """
    Raises IntegrityBroken where a version no longer holds what was frozen under this digest. Two statements; one where
    its `files` are at hand.
    """
    present = digest_of(read_content(work, version, files))
    if present != digest:
        raise IntegrityBroken(
            f"{version.address} holds other content than was submitted: it was changed by hand.",
            remedy="Nothing was changed now. Tell an Admin and an Auditor; make a new version.",
        )
