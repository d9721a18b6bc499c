"""Creating a version, a version's page, and its files."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import downloads
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.search import activity
from modelkeep_server.features.versions import checks, queries, service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.versions import (
    ArtifactsContext,
    CreateVersionContext,
    VersionActivityContext,
    VersionContext,
)
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken
from modelkeep_server.rules.fields import FIELDS, JSON_DEPTH, Field, Kind

router = make_router()

BASE = "/models/{group}/{name}/versions"
FILES_SHOWN = 200
ACTIVITY_ROWS = 50
_PARTS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.DATASET: ("name", "version", "uri"),
    Kind.BASE_MODEL: ("model", "version", "uri"),
}


@router.get(BASE + "/new")
@door.reads("model.read")
def show_create(work: Work, actor: Actor, group: str, name: str) -> Page:
    """How do I add a version?"""
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
            model = model_queries.get_model(work, actor, group, name)
            access.require(work, actor, "version.create", model_queries.relations_of(actor, model))
            raise Invalid.of([*checks.find_faults(new), *faults])
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


@router.get(BASE + "/{version}/activity")
@door.reads("model.read")
def show_activity(
    work: Work, actor: Actor, group: str, name: str, version: str, cursor: Annotated[str, Query(max_length=1000)] = ""
) -> Page:
    """Who did what to the version and its files, newest first."""
    facts = _facts(work, actor, group, name, version) | {"tab": "activity"}
    found: Version = facts["version"]
    rows = activity.list_activity_of_version(work, actor, found, limit=ACTIVITY_ROWS, cursor=cursor or None)
    href = f"{href_of_version(found.model, found.version)}/activity"
    return Page.of(VersionActivityContext(**facts, timeline=Timeline(rows, href, cursor or None)))


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
    """The metadata that the form's controls spell, and the controls that cannot be read or stand half filled."""
    metadata: dict[str, Any] = {}
    faults = []
    for row in FIELDS:
        try:
            value = _read_control(values, row)
        except _Unreadable as unreadable:
            faults.append(unreadable.fault)
            continue
        if value is not None:
            holder = metadata.setdefault("card", {}) if row.card else metadata
            holder[row.key] = value
    return metadata, faults


class _Unreadable(Exception):
    def __init__(self, control: str, message: str) -> None:
        super().__init__(message)
        self.fault = FieldError(control, message)


def _read_control(values: Mapping[str, str], row: Field) -> Any:
    control = f"metadata.{row.path}"
    if row.kind in _PARTS_OF:
        return _read_parts(values, control, _PARTS_OF[row.kind], row.kind)
    text = values.get(control, "").strip()
    if not text:
        return None
    if row.kind not in (Kind.SCHEMA, Kind.OBJECT):
        return text
    try:
        return canonical.loads(text)
    except RecursionError:
        raise _Unreadable(control, f"At most {JSON_DEPTH} levels deep.") from None
    except ValueError as error:
        raise _Unreadable(control, f"This is not JSON: {error}.") from None


def _read_parts(values: Mapping[str, str], control: str, names: tuple[str, ...], kind: Kind) -> dict[str, str] | None:
    """The filled parts of a dataset or base model; a name and a version go together."""
    typed = {name: values.get(f"{control}.{name}", "").strip() for name in names}
    parts = {name: text for name, text in typed.items() if text}
    what, version, uri = names
    if not parts or (kind is Kind.BASE_MODEL and set(parts) == {uri}):
        return parts or None
    if kind is Kind.BASE_MODEL and uri in parts:
        raise _Unreadable(f"{control}.{uri}", "Name a model and its version, or give a URI; not both.")
    for name in (what, version):
        if name not in parts:
            raise _Unreadable(f"{control}.{name}", f"The {name} is needed as well.")
    return parts
