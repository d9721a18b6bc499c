"""What an Admin does to a whole model, on its Settings tab: give it to other owners, and retire it."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import ownership
from modelkeep_server.features.promotion.ending import retiring
from modelkeep_server.interfaces.web.contexts.models import TransferContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import split_entries, text_of
from modelkeep_server.interfaces.web.model_settings import redraw_form
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid

router = make_router()


@router.post("/models/{group}/{name}/transfer")
@door.posts("model.transfer")
def transfer_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Say who would lose and who would gain the model; once that is confirmed, transfer it."""
    values = {control: text_of(form, control).strip() for control in ("owners", "reason")}
    owners = split_entries(values["owners"])
    try:
        if text_of(form, "confirm") != "yes":
            plan = ownership.plan_transfer(work, actor, group, name, owners, values["reason"])
            return Page.of(TransferContext(model=plan.model, plan=plan, values=values))
        ownership.transfer_model(work, actor, group, name, owners, reason=values["reason"])
    except Invalid as error:
        return redraw_form(work, actor, group, name, "transfer", values, error)
    return Redirect(f"/models/{group}/{name}/activity?done=transferred")


@router.post("/models/{group}/{name}/retire")
@door.posts("model.retire")
def retire_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Retire the model, once its name was typed as it is."""
    values = {control: text_of(form, control).strip() for control in ("reason", "confirm")}
    try:
        model = retiring.plan_retirement(work, actor, group, name)
        if values["confirm"] != model.name:
            raise Invalid.of([FieldError("confirm", f"Type {model.name}, as it stands above.")])
        retiring.retire_model(work, actor, group, name, reason=values["reason"])
    except Invalid as error:
        return redraw_form(work, actor, group, name, "retire", values, error)
    return Redirect(f"/models/{group}/{name}?done=retired")
