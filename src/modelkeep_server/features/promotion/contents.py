"""
What is frozen when a version is submitted: one document over its metadata, files and how it was made, under a digest.

Decisions are about this digest; evaluations, cards, consumers and deployments stay outside it. Source: product R3.
"""

from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import artifacts, blobs, version_contents
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import IntegrityBroken

SCHEMA = 1
PREFIX = "sha256:"


def read_content(work: Work, version: Version) -> dict[str, Any]:
    """The document of a version as it stands now. One statement."""
    rows = work.all(
        select(artifacts.c.path, artifacts.c.type, blobs.c.sha256, blobs.c.size_bytes)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .where(artifacts.c.version_id == version.key, artifacts.c.removed_at.is_(None))
    )
    files = [{"path": r.path, "type": r.type, "sha256": r.sha256, "sizeBytes": r.size_bytes} for r in rows]
    return {
        "schema": SCHEMA,
        "model": version.model,
        "version": version.version,
        "commitSha": version.commit_sha,
        "trainingJobId": version.training_job_id,
        "description": version.description,
        "metadata": dict(version.metadata),
        "artifacts": sorted(files, key=lambda file: file["path"]),
    }


def digest_of(content: dict[str, Any]) -> str:
    """`sha256:<hex>` of the canonical JSON (RFC 8785) of a document."""
    return f"{PREFIX}{canonical.digest(content)}"


def freeze(work: Work, actor: Actor, version: Version) -> str:
    """Keep what a version holds now, and give its digest. Two statements."""
    content = read_content(work, version)
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


def demand_frozen(work: Work, version: Version, digest: str) -> None:
    """Raises IntegrityBroken where a version no longer holds what was frozen under this digest. One statement."""
    present = digest_of(read_content(work, version))
    if present != digest:
        raise IntegrityBroken(
            f"{version.address} holds other content than was submitted: it was changed by hand.",
            remedy="Nothing was changed now. Tell an Admin and an Auditor; make a new version.",
        )
