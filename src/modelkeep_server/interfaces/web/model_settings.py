"""Editing a model: the whole form on its Settings tab, and the small forms that edit one thing in place."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, service, sharing, tiers
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.promotion.findings import tier_raises
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.interfaces.hiding import find_naming
from modelkeep_server.interfaces.web.contexts.models import EditModelContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, split_entries, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.interfaces.web.standing import find_standing
from modelkeep_server.rules.errors import Invalid, RegistryError, Stale

router = make_router()

COLLABORATORS_SHOWN = 200

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
    return draw_settings(work, actor, model, open_form(model))


@router.post("/models/{group}/{name}/settings")
@door.posts("model.update", "model.lower_tier")
def update_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Change what was changed in the form, or show it again: with what is wrong, or with what others changed since."""
    edit = read_edit(form, CONTROLS)
    changes = {CONTROLS[control]: _read_control(control, edit.typed[control]) for control in edit.changed}
    reason = text_of(form, "reason").strip()
    own_form = "tier" if text_of(form, "form") == "tier" else ""
    try:
        updated = tier_raises.update_model(work, actor, group, name, changes, expected={edit.revision}, reason=reason)
    except (Invalid, Stale) as error:
        model = queries.get_model(work, actor, group, name)
        state = redraw(form, edit, open_form(model), error)
        return draw_settings(work, actor, model, state, error.status, own_form=own_form)
    return Redirect(f"/models/{updated.address}?done=edited")


def _read_control(control: str, text: str) -> Any:
    return split_entries(text) if control == "tags" else text.strip() or None


def redraw_form(
    work: Work, actor: Actor, group: str, name: str, own_form: str, values: Mapping[str, str], error: RegistryError
) -> Page:
    """The tab again, after one of its other forms was refused: what was typed stands, with what is wrong beside it."""
    model = queries.get_model(work, actor, group, name)
    state = open_form(model)
    state = FormState({**state.values, **values}, state.shown, errors=errors_by_field(error.errors))
    return draw_settings(work, actor, model, state, error.status, own_form=own_form)


def draw_settings(
    work: Work, actor: Actor, model: Model, state: FormState, status: int = 200, *, own_form: str = ""
) -> Page:
    """The Settings tab with all its forms."""
    relations = queries.relations_of(actor, model)
    context = EditModelContext(
        model=model,
        version_count=version_queries.count_versions(work, actor, model.group, model.name),
        relations=relations,
        standing=find_standing(work, actor, model, relations),
        sharing=sharing.list_collaborators(work, actor, model, limit=COLLABORATORS_SHOWN),
        may_lower=tiers.may_lower(work, actor, model),
        own_form=own_form,
        named_by=find_naming(work, actor, model) if access.may(actor, "model.update", relations) else None,
        **vars(state),
    )
    return Page.of(context, status)
