"""Creating a version, from nothing or from an earlier one."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import carrying
from modelkeep_server.features.artifacts.downloading import rights
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries, service
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.numbering import suggest_number
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.query_strings import read_version
from modelkeep_server.interfaces.web.contexts.versions import CreateVersionContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.version_forms import read_metadata, write_controls
from modelkeep_server.rules.errors import Invalid, NameTaken

router = make_router()

PATH = "/models/{group}/{name}/versions/new"
#: The newest so many versions are offered to begin from.
OFFERED = 50

From = Annotated[str, Query(alias="from", max_length=200)]


@router.get(PATH)
@door.reads("model.read")
def show_create(work: Work, actor: Actor, group: str, name: str, origin: From = "") -> Page:
    """How do I add a version? Filled from an earlier one where the address names it."""
    base = _find_base(work, actor, group, name, origin)
    if base is None:
        return _create_page(work, actor, group, name, {}, {}, 200)
    values = write_controls(base) | {"version": suggest_number(work, base)}
    values |= {"commitSha": "", "trainingJobId": "", "description": ""}
    return _create_page(work, actor, group, name, values, {}, 200, base=base)


@router.post(PATH)
@door.posts("version.create")
def create_version(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Add a version as a draft, or show the form again with what is wrong beside each field."""
    values = {key: text_of(form, key) for key in form if key not in ("csrf_token", "take")}
    metadata, unreadable = read_metadata(values)
    new = NewVersion(
        version=values.get("version", "").strip(),
        commit_sha=values.get("commitSha", "").strip() or None,
        training_job_id=values.get("trainingJobId", "").strip() or None,
        description=values.get("description", "").strip() or None,
        metadata=metadata,
    )
    taken = [path for path in form.getlist("take") if isinstance(path, str)]
    base = _find_base(work, actor, group, name, values.get("from", ""))
    try:
        if base is None:
            version = service.create_version(work, actor, group, name, new, unreadable=unreadable)
        else:
            kept = {"custom": base.metadata["custom"]} if "custom" in base.metadata else {}
            version = carrying.create_version_from(
                work, actor, group, name, new_with(new, kept), base=base.version, paths=taken, is_patch=False,
                unreadable=unreadable,
            )  # fmt: skip
    except (Invalid, NameTaken) as error:
        errors = errors_by_field(error.errors)
        return _create_page(work, actor, group, name, values, errors, error.status, base=base, taken=frozenset(taken))
    return Redirect(href_of_version(version.model, version.version) + "?done=version")


def new_with(new: NewVersion, kept: Mapping[str, object]) -> NewVersion:
    """With what the form has no control for, taken over from the version it begins from."""
    return NewVersion(new.version, new.commit_sha, new.training_job_id, new.description, {**new.metadata, **kept})


def _find_base(work: Work, actor: Actor, group: str, name: str, origin: str) -> Version | None:
    """The version that the address or the form names. Raises NotFound where there is none of that number."""
    number = read_version(origin)
    return None if number is None else queries.get_version(work, actor, group, name, number)


def _create_page(
    work: Work, actor: Actor, group: str, name: str, values: Mapping[str, str], errors: Mapping[str, str], status: int,
    *, base: Version | None = None, taken: frozenset[str] | None = None,
) -> Page:  # fmt: skip
    model = model_queries.get_model(work, actor, group, name)
    offered = queries.list_versions(work, actor, group, name, limit=OFFERED).items
    carriable = () if base is None else carrying.list_carriable(work, base)
    refusal = None if base is None or not carriable else rights.judge(work, actor, model, base).refusal
    ticked = frozenset(entry.artifact.path for entry in carriable if entry.why_not is None) if taken is None else taken
    context = CreateVersionContext(
        model=model,
        relations=model_queries.relations_of(actor, model),
        newest=offered[0] if offered else None,
        values=values,
        errors=errors,
        base_version=base,
        carriable=carriable,
        taken=frozenset() if refusal else ticked,
        offered=offered,
        carry_refusal=refusal,
    )
    return Page.of(context, status)
