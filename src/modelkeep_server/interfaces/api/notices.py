"""What one was told, and how one is told."""

from typing import Annotated

from fastapi import Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.inbox import queries, service
from modelkeep_server.features.inbox.views import Wanted
from modelkeep_server.interfaces.api.face import Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.notices import (
    NoticeOut,
    NoticeSettingsIn,
    NoticeSettingsOut,
    NoticesOut,
    ReadOut,
)

router = make_router("notices")

Unread = Annotated[bool, Query(description="Only what was not read yet.")]


@router.get("/notices", response_model=NoticesOut)
@door.reads("notice.read")
def list_notices(
    work: Work, actor: Actor, unread: Unread = False, limit: Limit = 50, cursor: Cursor = None
) -> NoticesOut:
    """What you were told, the newest first. Of a model that you no longer see you find nothing."""
    return NoticesOut.of(queries.list_notices(work, actor, unread=unread, limit=limit, cursor=cursor), NoticeOut.of)


@router.post("/notices/read", response_model=ReadOut)
@door.writes("notice.read")
def mark_all_read(work: Work, actor: Actor) -> ReadOut:
    """Mark all that you were told as read."""
    return ReadOut(read=service.mark_all_read(work, actor))


@router.post("/notices/{id}/read", response_model=NoticeOut)
@door.writes("notice.read")
def mark_read(work: Work, actor: Actor, id: str) -> NoticeOut:
    """Mark one notice as read."""
    return NoticeOut.of(service.mark_read(work, actor, id))


@router.get("/notices/settings", response_model=NoticeSettingsOut)
@door.reads("notice.read")
def get_notice_settings(work: Work, actor: Actor) -> NoticeSettingsOut:
    """How you are told of each kind of thing: in the app, and by mail."""
    return NoticeSettingsOut.of(queries.get_settings(work, actor))


@router.put("/notices/settings", response_model=NoticeSettingsOut)
@door.writes("notice.set")
def put_notice_settings(work: Work, actor: Actor, body: NoticeSettingsIn) -> NoticeSettingsOut:
    """Choose how you are told; kinds that you do not name stay as they are."""
    wanted = [Wanted(one.kind, one.in_app, one.by_mail) for one in body.items]
    return NoticeSettingsOut.of(service.choose(work, actor, wanted, quiet=body.quiet))
