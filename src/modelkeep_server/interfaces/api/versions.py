"""Versions and the moves that the lifecycle has from where they stand."""

from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import carrying
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.promotion import moves
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.versions import closing, queries, service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, ReasonIn, etag_of
from modelkeep_server.interfaces.api.shapes.versions import MoveOut, VersionIn, VersionOut, VersionPatch
from modelkeep_server.rules.errors import FieldError, Invalid

router = make_router("versions")

BASE = "/models/{group}/{name}/versions"


@router.post(BASE, status_code=201, response_model=VersionOut)
@door.writes("version.create")
def create_version(work: Work, actor: Actor, group: str, name: str, body: VersionIn) -> Answer:
    """
    Add a version to a model, as a draft. Only `version` is required. `from` begins it from an earlier one, and
    `copyArtifacts` takes files of that one along.
    """
    metadata: dict[str, Any] = body.metadata.model_dump(exclude_unset=True) if body.metadata is not None else {}
    new = NewVersion(body.version, body.commit_sha, body.training_job_id, body.description, metadata)
    if body.from_ is None:
        if body.copy_artifacts:
            raise Invalid.of([FieldError("from", "Name the version whose files are taken along.")])
        version = service.create_version(work, actor, group, name, new)
    else:
        version = carrying.create_version_from(
            work, actor, group, name, new, base=body.from_, paths=body.copy_artifacts
        )
    location = f"/api/v1/models/{version.model}/versions/{version.version}"
    return _with_etag(version, status=201, headers={"Location": location})


@router.get(BASE, response_model=PageOut[VersionOut])
@door.reads("model.read")
def list_versions(
    work: Work, actor: Actor, group: str, name: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[VersionOut]:
    """The versions of a model, newest first."""
    model_queries.get_model(work, actor, group, name)
    page = queries.list_versions(work, actor, group, name, limit=limit, cursor=cursor)
    return PageOut[VersionOut].of(page, VersionOut.model_validate)


@router.get(BASE + "/{version}", response_model=VersionOut)
@door.reads("model.read")
def show_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Answer:
    """One version."""
    return _with_etag(queries.get_version(work, actor, group, name, version))


@router.patch(BASE + "/{version}", response_model=VersionOut)
@door.writes("version.update")
def update_version(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    body: VersionPatch,
    if_match: IfMatch = None,
) -> Answer:
    """
    Edit a version in DRAFT or CHANGES_REQUESTED: a JSON Merge Patch (RFC 7396), also of its metadata. The number may be
    corrected until the version was first submitted; `Location` is its address then.
    """
    changes = body.model_dump(exclude_unset=True, exclude={"reason"})
    expected = read_if_match(if_match)
    found = service.update_version(work, actor, group, name, version, changes, expected=expected, reason=body.reason)
    return _with_etag(found, headers={"Location": f"/api/v1/models/{found.model}/versions/{found.version}"})


@router.post(BASE + "/{version}/close", response_model=VersionOut)
@door.writes("version.close")
def close_version(work: Work, actor: Actor, group: str, name: str, version: str, body: ReasonIn) -> Answer:
    """End a version that goes no further, before it is in PRODUCTION: no edit, no upload and no move until reopened."""
    return _with_etag(closing.close_version(work, actor, group, name, version, reason=body.reason))


@router.post(BASE + "/{version}/reopen", response_model=VersionOut)
@door.writes("version.reopen")
def reopen_version(work: Work, actor: Actor, group: str, name: str, version: str, body: ReasonIn) -> Answer:
    """Let a closed version go on from the state in which it was closed."""
    return _with_etag(closing.reopen_version(work, actor, group, name, version, reason=body.reason))


@router.get(BASE + "/{version}/moves", response_model=PageOut[MoveOut])
@door.reads("model.read")
def list_moves(work: Work, actor: Actor, group: str, name: str, version: str) -> PageOut[MoveOut]:
    """The moves that the lifecycle has from here: who may make them, and what this caller lacks."""
    found = queries.get_version(work, actor, group, name, version)
    latest = promotion_queries.find_latest(work, found)
    views = moves.list_moves(work, actor, model_queries.get_model(work, actor, group, name), found, latest)
    return PageOut[MoveOut](items=[MoveOut.model_validate(view) for view in views], total=len(views))


def _with_etag(version: Version, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(
        VersionOut.model_validate(version),
        status,
        {"ETag": etag_of(version.revision), **(headers or {})},
    )
