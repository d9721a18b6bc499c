"""Creating a version, its page, and ending it."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.artifacts import queries as artifact_queries
from modelkeep_server.features.artifacts import suggestions
from modelkeep_server.features.artifacts.downloading import rights
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.promotion import moves
from modelkeep_server.features.versions import closing, queries, service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.versions import (
    CreateVersionContext,
    VersionActivityContext,
    VersionContext,
)
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.filling import count_fillable
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.interfaces.web.version_forms import read_metadata
from modelkeep_server.rules.errors import Invalid, NameTaken

router = make_router()

BASE = "/models/{group}/{name}/versions"
FILES_SHOWN = 200
ACTIVITY_ROWS = 50


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
    metadata, unreadable = read_metadata(values)
    new = NewVersion(
        version=values.get("version", "").strip(),
        commit_sha=values.get("commitSha", "").strip() or None,
        training_job_id=values.get("trainingJobId", "").strip() or None,
        description=values.get("description", "").strip() or None,
        metadata=metadata,
    )
    try:
        version = service.create_version(work, actor, group, name, new, unreadable=unreadable)
    except (Invalid, NameTaken) as error:
        return _create_page(work, actor, group, name, values, errors_by_field(error.errors), error.status)
    return Redirect(href_of_version(version.model, version.version) + "?done=version")


@router.get(BASE + "/{version}")
@door.reads("model.read")
def show_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """Where does it stand, and what next?"""
    facts = facts_of(work, actor, group, name, version)
    return Page.of(VersionContext(**facts, fillable=count_fillable_fields(work, actor, facts)))


@router.get(BASE + "/{version}/activity")
@door.reads("model.read")
def show_activity(work: Work, actor: Actor, group: str, name: str, version: str, cursor: Cursor = "") -> Page:
    """Who did what to the version and its files, newest first."""
    facts = facts_of(work, actor, group, name, version) | {"tab": "activity"}
    found: Version = facts["version"]
    rows = activity.list_activity_of_version(work, actor, found, limit=ACTIVITY_ROWS, cursor=cursor or None)
    href = f"{href_of_version(found.model, found.version)}/activity"
    return Page.of(VersionActivityContext(**facts, timeline=Timeline(rows, href, cursor or None)))


@router.post(BASE + "/{version}/close")
@door.posts("version.close")
def close_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """End a version that goes no further."""
    found = closing.close_version(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=closed")


@router.post(BASE + "/{version}/reopen")
@door.posts("version.reopen")
def reopen_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Redirect:
    """Let a closed version go on."""
    found = closing.reopen_version(work, actor, group, name, version, reason=text_of(form, "reason").strip())
    return Redirect(href_of_version(found.model, found.version) + "?done=reopened")


def facts_of(work: Work, actor: Actor, group: str, name: str, version: str, *, cursor: str = "") -> dict[str, Any]:
    """What every page of a version is drawn from, with one page of its files. Raises NotFound."""
    model = model_queries.get_model(work, actor, group, name)
    found = queries.get_version(work, actor, group, name, version)
    relations = model_queries.relations_of(actor, model)
    download = rights.judge(work, actor, model, found)
    files = artifact_queries.list_artifacts(work, actor, found, limit=FILES_SHOWN, cursor=cursor or None)
    return {
        "model": model,
        "version": found,
        "files": files,
        "moves": moves.list_moves(work, actor, model, found),
        "relations": relations,
        "standing": find_standing(work, actor, model, relations, may_download=not download.asks_access),
        "download": download,
        "tab": "overview",
    }


def count_fillable_fields(work: Work, actor: Actor, facts: Mapping[str, Any]) -> int:
    """How many fields could be filled from the files, by somebody who may edit the version now."""
    found: Version = facts["version"]
    if not found.is_editable or not facts["files"].items:
        return 0
    if access.why_not(actor, "version.update", facts["relations"]) is not None:
        return 0
    return count_fillable(suggestions.suggest_metadata(work, actor, found))


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
