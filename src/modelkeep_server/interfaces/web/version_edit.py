"""Editing a version: the form it was created with, on what is there now."""

from collections.abc import Sequence

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import suggestions
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries, service
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web import filling
from modelkeep_server.interfaces.web.contexts.versions import EditVersionContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.filling import Fill
from modelkeep_server.interfaces.web.forms import href_of_version, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.version_forms import CONTROLS, JSON_CONTROLS, read_changes, write_controls
from modelkeep_server.rules.errors import Invalid, NameTaken, Stale

router = make_router()

PATH = "/models/{group}/{name}/versions/{version}/edit"


@router.get(PATH)
@door.reads("model.read")
def show_edit(work: Work, actor: Actor, group: str, name: str, version: str, fill: Fill) -> Page:
    """How do I change what is known of it? With what files tell put in, where the address asks for it."""
    found = queries.get_version(work, actor, group, name, version)
    return _edit_page(work, actor, found, _open_form(found), fill=fill)


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


def _open_form(version: Version) -> FormState:
    values = write_controls(version)
    return FormState(values, Base.of(values, CONTROLS, version.revision, as_json=JSON_CONTROLS))


def _edit_page(
    work: Work, actor: Actor, version: Version, state: FormState, status: int = 200, *, fill: Sequence[str] = ()
) -> Page:
    group, _, name = version.model.partition("/")
    model = model_queries.get_model(work, actor, group, name)
    relations = model_queries.relations_of(actor, model)
    told = suggestions.suggest_metadata(work, actor, version)
    values = {**state.values, **filling.fill_in(told, fill)}
    href = f"{href_of_version(version.model, version.version)}/edit"
    context = EditVersionContext(
        **{**vars(state), "values": values},
        model=model,
        version=version,
        relations=relations,
        filling=filling.offer(told, href, fill, values),
    )
    return Page.of(context, status)
