"""Letting people into a model, on its Settings tab."""

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, sharing
from modelkeep_server.interfaces.query_strings import read_moment
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import text_of
from modelkeep_server.interfaces.web.model_settings import redraw_form
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid

router = make_router()

PATH = "/models/{group}/{name}/collaborators"


@router.post(PATH)
@door.posts("collaborator.add")
def share_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Page | Redirect:
    """Let somebody in, or change what they were let in for; or show the tab again with what is wrong."""
    model = queries.get_model(work, actor, group, name)
    access.require(work, actor, "collaborator.add", queries.relations_of(actor, model), owners=model.owners)
    values = {control: text_of(form, control).strip() for control in ("email", "access", "until")}
    try:
        until = read_moment("until", values["until"], end=True) if values["until"] else None
        sharing.share_model(work, actor, group, name, values["email"], given=values["access"], until=until)
    except Invalid as error:
        return redraw_form(work, actor, group, name, "sharing", values, error)
    return Redirect(f"/models/{group}/{name}/settings?done=shared#sharing")


@router.post(PATH + "/end")
@door.posts("collaborator.end")
def unshare_model(work: Work, actor: Actor, group: str, name: str, form: FormData) -> Redirect:
    """End what somebody was let in for."""
    sharing.end_sharing(work, actor, group, name, text_of(form, "email"))
    return Redirect(f"/models/{group}/{name}/settings?done=unshared#sharing")
