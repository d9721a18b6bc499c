"""Editing a model: the whole form on its Settings tab, and the small forms that edit one thing in place."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, service
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.web.contexts.models import EditModelContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import split_entries, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, Stale

router = make_router()

#: The controls of the form and the fields that they edit.
CONTROLS: Mapping[str, str] = {json_name: field for field, json_name in service.EDITABLE_FIELDS.items()}


def write_controls(model: Model) -> dict[str, str]:
    """What the controls of the form hold for a model."""
    return {
        "description": model.description,
        "riskTier": model.risk_tier.value,
        "riskRationale": model.risk_rationale or "",
        "tags": ", ".join(model.tags),
        "documentationUrl": model.documentation_url or "",
        "repositoryUrl": model.repository_url or "",
        "visibility": model.visibility.value,
        "origin": model.origin.value,
    }


def open_form(model: Model) -> FormState:
    """The form as it opens, and what the small forms in place are made on."""
    values = write_controls(model)
    return FormState(values, Base.of(values, CONTROLS, model.revision))


@router.get("/models/{group}/{name}/settings")
@door.reads("model.read")
def show_settings(work: Work, actor: Actor, group: str, name: str) -> Page:
    """How do I change it?"""
    model = queries.get_model(work, actor, group, name)
    return _settings_page(work, actor, model, open_form(model))


@router.post("/models/{group}/{name}/settings")
@door.posts("model.update")
def update_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Change what was changed in the form, or show it again: with what is wrong, or with what others changed since."""
    edit = read_edit(form, CONTROLS)
    changes = {CONTROLS[control]: _read_control(control, edit.typed[control]) for control in edit.changed}
    reason = text_of(form, "reason").strip()
    try:
        updated = service.update_model(work, actor, group, name, changes, expected={edit.revision}, reason=reason)
    except (Invalid, Stale) as error:
        model = queries.get_model(work, actor, group, name)
        return _settings_page(work, actor, model, redraw(form, edit, open_form(model), error), error.status)
    return Redirect(f"/models/{updated.address}?done=edited")


def _read_control(control: str, text: str) -> Any:
    return split_entries(text) if control == "tags" else text.strip() or None


def _settings_page(work: Work, actor: Actor, model: Model, state: FormState, status: int = 200) -> Page:
    context = EditModelContext(
        model=model,
        version_count=version_queries.count_versions(work, actor, model.group, model.name),
        relations=queries.relations_of(actor, model),
        **vars(state),
    )
    return Page.of(context, status)
