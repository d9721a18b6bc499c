"""The keys that stored files are under, as a page."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.keys import queries, service
from modelkeep_server.interfaces.web.contexts.keys import KeysContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid

router = make_router()


@router.get("/admin/keys")
@door.reads("key.read")
def show_keys(work: Work, actor: Actor) -> Page:
    """Are the keys safe?"""
    return _draw(work, actor, {}, {})


@router.post("/admin/keys/escrow")
@door.posts("key.confirm")
def confirm_escrow(work: Work, actor: Actor, form: FormData, request: Request) -> Page | Redirect:
    """Confirm that a copy of the keys is kept elsewhere."""
    typed = text_of(form, "fingerprint")
    try:
        service.confirm_escrow(work, actor, typed)
    except Invalid as error:
        return _draw(work, actor, {"fingerprint": typed}, errors_by_field(error.errors))
    request.app.state.door.board.doubt()
    return Redirect("/admin/keys?done=keys-confirmed")


def _draw(work: Work, actor: Actor, values: Mapping[str, str], errors: Mapping[str, str]) -> Page:
    context = KeysContext(standing=queries.get_standing(work, actor), values=values, errors=errors)
    return Page.of(context, 422 if errors else 200)
