"""Comparing versions of a model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, case, exists, select

from modelkeep_server.db.tables import artifacts, blobs, scans, version_passages, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan
from modelkeep_server.features.comparison.contents import Content, compare_contents
from modelkeep_server.features.comparison.measured import compare_metrics, flag_metrics
from modelkeep_server.features.comparison.views import VersionComparison
from modelkeep_server.features.evaluations.queries import find_standing
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.queries import list_content
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.features.versions.seen import hide_in
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lifecycle import State

#: A version that came into one of these was approved by reviewers.
APPROVED = (State.APPROVED_STAGING, State.STAGING, State.APPROVED_PROD, State.PRODUCTION)
#: The most versions that a page offers to compare with.
OFFERED = 200


def compare_versions(
    work: Work, actor: Actor, group: str, name: str, version: str, *, other: str | None = None
) -> VersionComparison:
    """
    What differs between a version and another of its model. At most fifteen statements.

    Args:
        other: The version to compare with; without it, as `find_counterpart`.
    Raises:
        NotFound: There is no such version that the actor can see.
        Invalid: Both are the same one, or there is no other.
    """
    model = model_queries.get_model(work, actor, group, name)
    now = queries.get_version(work, actor, group, name, version)
    other = other or find_counterpart(work, now)
    if other is None:
        fault = f"{now.version} is the first version; there is none before it. Name another one."
        raise Invalid.of([FieldError("with", fault)])
    if other == now.version:
        raise Invalid.of([FieldError("with", f"{other} is the version itself. Name another one.")])
    before = queries.get_version(work, actor, group, name, other)
    compared = compare_contents(*hide_in(work, actor, [content_of(work, before), content_of(work, now)]))
    metrics = compare_metrics(*(find_standing(work, model, one) for one in (before, now)))
    told = replace(compared, metrics=metrics, flags=(*compared.flags, *flag_metrics(metrics)))
    return VersionComparison(before, now, told)


def find_counterpart(work: Work, version: Version, *, reviewed: bool = False) -> str | None:
    """
    The version that a reader wants this one compared with: of those before it, by number, the last that was approved,
    else the last, in both one that is not closed rather than one that is; None for the first. One statement.

    `reviewed`: Only what reviewers may hold it against, which is no version that is closed or was never submitted.
    """
    is_closed = has_flag(versions.c.id, "CLOSED")
    was_approved = exists().where(
        version_passages.c.version_id == versions.c.id,
        version_passages.c.state.in_([state.value for state in APPROVED]),
    )
    statement = select(versions.c.version).where(
        versions.c.model_id == version.model_key, versions.c.number < version.number
    )
    if reviewed:
        statement = statement.where(versions.c.submitted_at.is_not(None), ~is_closed)
    order = case((and_(was_approved, ~is_closed), 0), (~is_closed, 1), (was_approved, 2), else_=3)
    row = work.first(statement.order_by(order, versions.c.number.desc()).limit(1))
    return None if row is None else str(row.version)


def list_offered(work: Work, version: Version) -> tuple[tuple[str, State, bool], ...]:
    """
    The other versions of its model with their states and whether they are closed, the newest first, at most `OFFERED`.
    One statement.
    """
    rows = work.all(
        select(versions.c.version, versions.c.state, has_flag(versions.c.id, "CLOSED").label("is_closed"))
        .where(versions.c.model_id == version.model_key, versions.c.id != version.key)
        .order_by(versions.c.number.desc())
        .limit(OFFERED)
    )
    return tuple((row.version, State(row.state), bool(row.is_closed)) for row in rows)


def content_of(work: Work, version: Version) -> Content:
    """The content of a version as it stands, as `compare_contents` takes it, with the verdicts of its files. Two
    statements."""
    rows = work.all(
        select(artifacts.c.path, artifacts.c.type, blobs.c.sha256, blobs.c.size_bytes, scans.c.verdict)
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .outerjoin(scans, is_current_scan(blobs.c.id))
        .where(artifacts.c.version_id == version.key, artifacts.c.removed_at.is_(None))
    )
    files: list[Mapping[str, Any]] = [
        {
            "path": row.path,
            "type": row.type,
            "sha256": row.sha256,
            "sizeBytes": row.size_bytes,
            "verdict": row.verdict or "PENDING",
        }
        for row in rows
    ]
    return {
        "version": version.version,
        "commitSha": version.commit_sha,
        "trainingJobId": version.training_job_id,
        "description": version.description,
        "metadata": version.metadata,
        "artifacts": files,
        "lineage": list_content(work, version),
    }
