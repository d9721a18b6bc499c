"""What one was told, and how one wants to be told, as pages."""

from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.inbox import queries, service
from modelkeep_server.features.inbox.views import Wanted
from modelkeep_server.interfaces.web.contexts.notices import NoticesContext, NoticeSettingsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.notices import KINDS

router = make_router()

Show = Annotated[str, Query(max_length=20)]


@router.get("/notices")
@door.reads("notice.read")
def show_notices(work: Work, actor: Actor, show: Show = "", cursor: Cursor = "") -> Page:
    """What was I told?"""
    unread_only = show == "unread"
    rows = queries.list_notices(work, actor, unread=unread_only, cursor=cursor or None)
    return Page.of(NoticesContext(notices=rows, unread_only=unread_only, cursor=cursor or None))


@router.post("/notices/read")
@door.posts("notice.read")
def mark_all_read(work: Work, actor: Actor, form: FormData) -> Redirect:
    """Mark everything as read."""
    service.mark_all_read(work, actor)
    return Redirect("/notices?done=notices-read")


@router.post("/notices/{id}/open")
@door.posts("notice.read")
def open_notice(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Go to what a notice is about; it is read from then on."""
    return Redirect(service.mark_read(work, actor, id).href)


@router.get("/profile/notices")
@door.reads("notice.read")
def show_notice_settings(work: Work, actor: Actor) -> Page:
    """How am I told?"""
    return Page.of(NoticeSettingsContext(settings=queries.get_settings(work, actor)))


@router.post("/profile/notices")
@door.posts("notice.set")
def choose_notices(work: Work, actor: Actor, form: FormData) -> Redirect:
    """Choose how I am told."""
    wanted = [
        Wanted(kind.id, kind.waits or f"{kind.id}.in_app" in form, f"{kind.id}.by_mail" in form)
        for kind in KINDS.values()
    ]
    service.choose(work, actor, wanted, quiet="quiet" in form)
    return Redirect("/profile/notices?done=notices-chosen")
