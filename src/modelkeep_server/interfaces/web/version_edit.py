"""Editing a version: the form it was created with, on what is there now."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import suggestions
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries, service
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.versions import EditVersionContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.version_forms import CONTROLS, JSON_CONTROLS, read_changes, write_controls
from modelkeep_server.rules.errors import Invalid, NameTaken, Stale

router = make_router()

PATH = "/models/{group}/{name}/versions/{version}/edit"


@router.get(PATH)
@door.reads("model.read")
def show_edit(work: Work, actor: Actor, group: str, name: str, version: str) -> Page:
    """How do I change what is known of it?"""
    found = queries.get_version(work, actor, group, name, version)
    return _edit_page(work, actor, found, _open_form(found))


@router.post(PATH)
@door.posts("version.update")
def update_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Change what was changed in the form, or show it again: with what is wrong, or with what others changed since."""
    edit = read_edit(form, CONTROLS, as_json=JSON_CONTROLS)
    changes, unreadable = read_changes(edit)
    reason = text_of(form, "reason").strip()
    try:
        updated = service.update_version(
            work, actor, group, name, version, changes,
            expected={edit.revision}, reason=reason, unreadable=unreadable,
        )  # fmt: skip
    except (Invalid, NameTaken, Stale) as error:
        found = queries.get_version(work, actor, group, name, version)
        return _edit_page(work, actor, found, redraw(form, edit, _open_form(found), error), error.status)
    return Redirect(href_of_version(updated.model, updated.version) + "?done=edited")


@router.post(PATH + "/fill")
@door.posts("version.update")
def fill_version(work: Work, actor: Actor, group: str, name: str, version: str, form: FormData) -> Page | Redirect:
    """Take over what the files tell: one field, or every empty one."""
    field = text_of(form, "field")
    try:
        suggestions.use_suggestions(work, actor, group, name, version, [field] if field else None)
    except Invalid:
        # Somebody filled it meanwhile; the page shows with what.
        return Redirect(href_of_version(f"{group}/{name}", version) + "/edit")
    return Redirect(href_of_version(f"{group}/{name}", version) + "/edit?done=filled")


def _open_form(version: Version) -> FormState:
    values = write_controls(version)
    return FormState(values, Base.of(values, CONTROLS, version.revision, as_json=JSON_CONTROLS))


def _edit_page(work: Work, actor: Actor, version: Version, state: FormState, status: int = 200) -> Page:
    group, _, name = version.model.partition("/")
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    told = suggestions.suggest_metadata(work, actor, version)
    context = EditVersionContext(model=model, version=version, relations=relations, told=told, **vars(state))
    return Page.of(context, status)
