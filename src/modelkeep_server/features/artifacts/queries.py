"""Reading files of versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Text, bindparam, func, or_, select, type_coerce

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import artifacts, blobs, models, people, scans, versions, waivers
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.conditions import is_current_scan, is_damaged, is_waiver_held
from modelkeep_server.features.artifacts.file_keys import read_parts
from modelkeep_server.features.artifacts.sealed_words import open_words
from modelkeep_server.features.artifacts.sealing import Part
from modelkeep_server.features.artifacts.views import Artifact, ArtifactStatus, Scan, Waiver, WaiverKind
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Finding, Verdict
from modelkeep_server.kit.paging import Page
from modelkeep_server.ports import WrappedKey
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.formats import ArtifactType
from modelkeep_server.rules.paths import folders_of, path_key

_CHANGED = Finding("scan.integrity", "What was found in this file was changed in the database; verify the log.")
_uploaders = people.alias("uploaders")
_waivers = people.alias("waiver_makers")
_held = waivers.alias("held")
_OF_WAIVER = ("id", "public_id", "kind", "reason", "created_at", "expires_at")


@dataclass(frozen=True)
class StoredFile:
    """What is needed to open a file: its blob, the wrapped key, and the layout of its parts."""

    artifact: Artifact
    blob_key: int
    blob_id: str
    wrapped: WrappedKey = field(repr=False)
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Standing:
    """How a file stands, for whoever moves all files with the same bytes. `address` is `group/name:version/path`."""

    key: int
    id: str
    address: str
    path: str
    type: ArtifactType
    format: str | None
    status: ArtifactStatus


@cache
def _select_artifacts() -> Select[Any]:
    # The newest of those that hold now; of one kind there is one at most.
    newest = (
        select(func.max(_held.c.id))
        .where(is_waiver_held(artifacts.c.id, bindparam("now"), _held))
        .correlate(artifacts)
        .scalar_subquery()
    )
    return (
        select(
            artifacts,
            blobs.c.public_id.label("blob_public_id"),
            blobs.c.size_bytes,
            blobs.c.sha256,
            blobs.c.key_id,
            blobs.c.wrapped_key,
            type_coerce(blobs.c.parts, Text).label("parts"),
            _uploaders.c.email.label("uploader_email"),
            scans.c.verdict,
            scans.c.rule_version,
            scans.c.findings,
            scans.c.scanned_at,
            *(waivers.c[name].label(f"waiver_{name}") for name in _OF_WAIVER),
            _waivers.c.email.label("waiver_by"),
            is_damaged(blobs.c.id).label("is_damaged"),
        )
        .join(blobs, blobs.c.id == artifacts.c.blob_id)
        .join(_uploaders, _uploaders.c.id == artifacts.c.uploaded_by)
        .outerjoin(scans, is_current_scan(blobs.c.id))
        .outerjoin(waivers, waivers.c.id == newest)
        .outerjoin(_waivers, _waivers.c.id == waivers.c.created_by)
        .where(artifacts.c.removed_at.is_(None))
    )


@cache
def _by_key() -> Select[Any]:
    return _select_artifacts().where(artifacts.c.id == bindparam("key"))


@cache
def _by_path() -> Select[Any]:
    here = (artifacts.c.version_id == bindparam("version"), artifacts.c.path_key == bindparam("path_key"))
    return _select_artifacts().where(*here)


def select_artifacts(work: Work) -> Select[Any]:
    """Files that are there, with all that `to_artifact` needs."""
    return _select_artifacts().params(now=work.now)


def list_artifacts(
    work: Work, actor: Actor, version: Version, *, limit: int = 200, cursor: str | None = None
) -> Page[Artifact]:
    """The files of a version, where the actor may see it, in the order of upload. Two statements; one for a few."""
    filters: Mapping[str, object] = {"artifacts_of": version.id}
    shown_to_actor = select(versions.c.id).join(models, models.c.id == versions.c.model_id).where(visible_to(actor))
    here = (artifacts.c.version_id == version.key, artifacts.c.version_id.in_(shown_to_actor))
    shown, following = read_rows(
        work, select_artifacts(work).where(*here), artifacts.c.id, filters=filters, limit=limit, cursor=cursor
    )
    total = len(shown)
    if cursor or following:
        total = work.scalar(select(func.count()).select_from(artifacts).where(*here, artifacts.c.removed_at.is_(None)))
    return Page(tuple(to_artifact(work, row) for row in shown), following, total)


def find_artifact(work: Work, version: Version, path: str) -> Artifact | None:
    """The file at this path, in any case, or None. One statement."""
    row = work.first(_by_path(), {"now": work.now, "version": version.key, "path_key": path_key(path)})
    return None if row is None else to_artifact(work, row)


def get_artifact(work: Work, version: Version, path: str) -> Artifact:
    """The file at this path, in any case. Raises NotFound. One statement."""
    artifact = find_artifact(work, version, path)
    if artifact is None:
        raise NotFound(f"{version.address} has no file {path[:200]!r}.")
    return artifact


def get_by_address(
    work: Work, actor: Actor, group: str, name: str, version: str, path: str
) -> tuple[Model, Version, Artifact]:
    """A file by its address, with the model and version around it, as the actor may see them. Raises NotFound."""
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    return model, found, get_artifact(work, found, path)


def get_stored_file(work: Work, key: int) -> StoredFile:
    """A file with what is needed to open it. Raises NotFound where it was removed. One statement."""
    row = work.first(_by_key(), {"now": work.now, "key": key})
    if row is None:
        raise NotFound("This file was removed.")
    parts = read_parts(row.parts, row.size_bytes)
    return StoredFile(
        to_artifact(work, row), row.blob_id, row.blob_public_id, WrappedKey(row.key_id, row.wrapped_key), parts
    )


def list_with_bytes(work: Work, blob_key: int) -> tuple[Standing, ...]:
    """Every file, of whatever version, with these stored bytes, in the order of upload. One statement."""
    rows = work.all(
        select(artifacts, versions.c.version, models.c.group_name, models.c.name.label("model_name"))
        .join(versions, versions.c.id == artifacts.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .where(artifacts.c.blob_id == blob_key, artifacts.c.removed_at.is_(None))
        .order_by(artifacts.c.id)
    )
    return tuple(
        Standing(
            key=row.id,
            id=row.public_id,
            address=f"{row.group_name}/{row.model_name}:{row.version}/{row.path}",
            path=row.path,
            type=ArtifactType(row.type),
            format=row.format,
            status=ArtifactStatus(row.status),
        )
        for row in rows
    )


def find_clash(work: Work, version: Version, path: str) -> str | None:
    """The path of a file that stands where a folder of `path` would, or the other way round; or None. One statement."""
    key = path_key(path)
    row = work.first(
        select(artifacts.c.path).where(
            artifacts.c.version_id == version.key,
            artifacts.c.removed_at.is_(None),
            or_(
                artifacts.c.path_key.in_(folders_of(key)),
                func.substr(artifacts.c.path_key, 1, len(key) + 1) == f"{key}/",
            ),
        )
    )
    return None if row is None else str(row.path)


def to_artifact(work: Work, row: Row[Any]) -> Artifact:
    """A row of `select_artifacts`, as a file."""
    return Artifact(
        key=row.id,
        id=row.public_id,
        version_key=row.version_id,
        path=row.path,
        type=ArtifactType(row.type),
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        format=row.format,
        status=ArtifactStatus(row.status),
        uploaded_by=row.uploader_email,
        uploaded_at=row.uploaded_at,
        scan=None if row.verdict is None else _to_scan(work, row),
        waiver=None if row.waiver_id is None else _to_waiver(row),
        is_damaged=bool(row.is_damaged),
    )


def _to_scan(work: Work, row: Row[Any]) -> Scan:
    told = open_words(work, row.blob_id, row.findings)
    findings = (_CHANGED,) if told is None else tuple(Finding(rule, detail) for rule, detail in told)
    return Scan(Verdict(row.verdict), row.rule_version, findings, row.scanned_at)


def _to_waiver(row: Row[Any]) -> Waiver:
    return Waiver(
        key=row.waiver_id,
        id=row.waiver_public_id,
        kind=WaiverKind(row.waiver_kind),
        by=row.waiver_by,
        reason=row.waiver_reason,
        created_at=row.waiver_created_at,
        expires_at=row.waiver_expires_at,
    )
