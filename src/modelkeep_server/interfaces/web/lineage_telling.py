"""Telling the owners of what a change reaches: who they are, what each is written, and sending it."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.impact import telling
from modelkeep_server.interfaces.web.contexts.lineage_picture import href_of_lineage
from modelkeep_server.interfaces.web.contexts.lineage_telling import TellOwnersContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import inside, text_of
from modelkeep_server.interfaces.web.lineage import NODE_CHARS
from modelkeep_server.interfaces.web.refusals import FormOf, Refusal
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import RegistryError

router = make_router()

_TELL = FormOf("tell", {"message": "Message"})

Text = Annotated[str, Query(max_length=NODE_CHARS)]


@router.get("/lineage/tell")
@door.reads("lineage.tell")
def show_tell(work: Work, actor: Actor, node: Text = "", back: Text = "") -> Page:
    """Who is told of a change, and what is written to them?"""
    return Page.of(_find_context(work, actor, node, back))


def _show_again(work: Work, actor: Actor, *, error: RegistryError, form: FormData) -> Page:
    context = _find_context(work, actor, text_of(form, "node"), text_of(form, "back"), _TELL.refuse(form, error))
    return Page.of(context, error.status)


@router.post("/lineage/tell")
@door.posts("lineage.tell", again=_show_again)
def tell_owners(work: Work, actor: Actor, form: FormData) -> Redirect:
    """Tell the owners of all that a change reaches. Controls: node, message, back."""
    node, back = text_of(form, "node").strip(), text_of(form, "back")
    telling.tell_owners(work, actor, node, text_of(form, "message").strip())
    place = inside(back) if back else href_of_lineage(node)
    return Redirect(f"{place}{'&' if '?' in place else '?'}done=owners-told")


def _find_context(work: Work, actor: Actor, node: str, back: str, refused: Refusal | None = None) -> TellOwnersContext:
    found = telling.preview(work, actor, node.strip())
    typed = refused.typed.get("message", "").strip() if refused else ""
    letter = telling.write_letter(work, actor, found, typed[: telling.MESSAGE_CHARS] or telling.YOUR_MESSAGE)
    return TellOwnersContext(preview=found, letter=letter, back=inside(back) if back else "", refused=refused)
