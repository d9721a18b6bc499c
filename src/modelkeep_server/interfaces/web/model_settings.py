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
from modelkeep_server.interfaces.web.editing import Base, read_edit, rebase
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, split_entries, text_of
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


def base_of(model: Model) -> Base:
    """What a page with editing forms of this model carries."""
    return Base.of(write_controls(model), CONTROLS, model.revision)


@router.get("/models/{group}/{name}/settings")
@door.reads("model.read")
def show_settings(work: Work, actor: Actor, group: str, name: str) -> Page:
    """How do I change it?"""
    model = queries.get_model(work, actor, group, name)
    return _settings_page(work, actor, model, write_controls(model))


@router.post("/models/{group}/{name}/settings")
@door.posts("model.update")
def update_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Change what was changed in the form, or show it again: with what is wrong, or with what others changed since."""
    edit = read_edit(form, CONTROLS)
    changes = {CONTROLS[control]: _read_control(control, edit.typed[control]) for control in edit.changed}
    try:
        updated = service.update_model(
            work, actor, group, name, changes, expected={edit.revision}, reason=text_of(form, "reason").strip()
        )
    except Invalid as error:
        model = queries.get_model(work, actor, group, name)
        values = {**write_controls(model), **edit.typed, "reason": text_of(form, "reason")}
        return _settings_page(work, actor, model, values, errors_by_field(error.errors), status=error.status, form=form)
    except Stale as error:
        model = queries.get_model(work, actor, group, name)
        rebased = rebase(edit, form, write_controls(model), errors_by_field(error.errors))
        values = {**rebased.values, "reason": text_of(form, "reason")}
        return _settings_page(work, actor, model, values, notes=rebased.notes, status=error.status)
    return Redirect(f"/models/{updated.address}?done=edited")


def _read_control(control: str, text: str) -> Any:
    return split_entries(text) if control == "tags" else text.strip() or None


def _settings_page(
    work: Work,
    actor: Actor,
    model: Model,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    notes: Mapping[str, str] | None = None,
    status: int = 200,
    form: FormData | None = None,
) -> Page:
    """`form`: the one that is shown again as it was, so that it still knows on what it was made."""
    base = base_of(model)
    context = EditModelContext(
        model=model,
        version_count=version_queries.list_versions(work, actor, model.group, model.name, limit=1).total or 0,
        relations=queries.relations_of(actor, model),
        values=values,
        errors=errors or {},
        shown=base if form is None else base.as_sent(form),
        notes=notes or {},
        is_stale=status == Stale.status,
    )
    return Page.of(context, status)
