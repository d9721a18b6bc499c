"""Creating a version, a version's page, and its files."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import downloads
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries, service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.interfaces.web.contexts import ArtifactsContext, CreateVersionContext, VersionContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken
from modelkeep_server.rules.fields import FIELDS, Field, Kind

router = make_router()

BASE = "/models/{group}/{name}/versions"
FILES_SHOWN = 200
_PARTS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.DATASET: ("name", "version", "uri"),
    Kind.BASE_MODEL: ("model", "version", "uri"),
}


@router.get(BASE + "/new")
@door.reads("model.read")
def show_create(work: Work, actor: Actor, group: str, name: str) -> Page:
    """How do I add a version?"""
    model = model_queries.get_model(work, actor, group, name)
    access.require(work, actor, "version.create", model_queries.relations_of(actor, model))
    return _create_page(work, actor, group, name, {}, {}, 200)


@router.post(BASE + "/new")
@door.posts("version.create")
def create_version(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Add a version as a draft, or show the form again with what is wrong beside each field."""
    values = {key: text_of(form, key) for key in form if key != "csrf_token"}
    metadata, faults = _read_metadata(values)
    new = NewVersion(
        version=values.get("version", "").strip(),
        commit_sha=values.get("commitSha", "").strip() or None,
        training_job_id=values.get("trainingJobId", "").strip() or None,
        description=values.get("description", "").strip() or None,
        metadata=metadata,
    )
    try:
        if faults:
            raise Invalid.of(faults)
        version = service.create_version(work, actor, group, name, new)
    except (Invalid, NameTaken) as error:
        return _create_page(work, actor, group, name, values, errors_by_field(error.errors), error.status)
    return Redirect(href_of_version(version.model, version.version) + "?done=version")


@router.get(BASE + "/{version}")
@door.reads("model.read")
def show_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """Where does it stand, and what next?"""
    return Page.of(VersionContext(**_facts(work, actor, group, name, version)))


@router.get(BASE + "/{version}/artifacts")
@door.reads("model.read")
def show_artifacts(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """The files of a version: send more, fetch one, check its digest."""
    facts = _facts(work, actor, group, name, version)
    return Page.of(ArtifactsContext(**facts | {"tab": "artifacts"}, upload_limit_bytes=work.parts.limits.upload_bytes))


@router.post(BASE + "/{version}/artifacts/{path:path}/links")
@door.posts("artifact.link")
def download(work: Work, actor: Actor, group: str, name: str, version: str, path: str, form: FormData) -> Redirect:
    """Make a link and follow it at once."""
    link = downloads.mint_link(work, actor, group, name, version, path, purpose=text_of(form, "purpose"))
    return Redirect(link.path)


def _facts(work: Work, actor: Actor, group: str, name: str, version: str) -> dict[str, Any]:
    model = model_queries.get_model(work, actor, group, name)
    found = queries.get_version(work, actor, group, name, version)
    relations = model_queries.relations_of(actor, model)
    return {
        "model": model,
        "version": found,
        "artifacts": artifact_queries.list_artifacts(work, actor, found, limit=FILES_SHOWN).items,
        "moves": queries.list_moves(actor, found, relations),
        "relations": relations,
        "tab": "overview",
    }


def _create_page(
    work: Work, actor: Actor, group: str, name: str, values: Mapping[str, str], errors: Mapping[str, str], status: int
) -> Page:
    model = model_queries.get_model(work, actor, group, name)
    newest = queries.list_versions(work, actor, group, name, limit=1).items
    context = CreateVersionContext(
        model=model,
        relations=model_queries.relations_of(actor, model),
        newest=newest[0] if newest else None,
        values=values,
        errors=errors,
    )
    return Page.of(context, status)


def _read_metadata(values: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldError]]:
    """The metadata that the form's controls spell, and the controls whose JSON cannot be read."""
    metadata: dict[str, Any] = {}
    faults = []
    for row in FIELDS:
        try:
            value = _read_control(values, row)
        except ValueError as error:
            faults.append(FieldError(f"metadata.{row.path}", f"This is not JSON: {error}."))
            continue
        if value is not None:
            holder = metadata.setdefault("card", {}) if row.card else metadata
            holder[row.key] = value
    return metadata, faults


def _read_control(values: Mapping[str, str], row: Field) -> Any:
    control = f"metadata.{row.path}"
    if row.kind in _PARTS_OF:
        parts = {part: values.get(f"{control}.{part}", "").strip() for part in _PARTS_OF[row.kind]}
        return {part: text for part, text in parts.items() if text} or None
    text = values.get(control, "").strip()
    if not text:
        return None
    return json.loads(text) if row.kind in (Kind.SCHEMA, Kind.OBJECT) else text
