"""Reading what one was told. A notice of a model that one no longer sees is not there."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import models, notice_settings, notices
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.inbox.views import Notice, Settings, choice_of
from modelkeep_server.features.models.visibility import Sight, sight_of, visible_to
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.notices import EVERY_KIND, KINDS, say


def list_notices(
    work: Work, actor: Actor, *, unread: bool = False, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Notice]:
    """What the actor was told, the newest first; `unread` leaves out what was read. One statement. CursorRefused."""
    statement = _select(actor)
    if unread:
        statement = statement.where(notices.c.read_at.is_(None))
    filters = {"notices_of": str(actor.user_id), "unread": str(unread)}
    rows, following = read_rows(
        work, statement, notices.c.id, filters=filters, limit=limit, cursor=cursor, descending=True
    )
    return Page(tuple(_to_notice(row) for row in rows), following)


def get_notice(work: Work, actor: Actor, public_id: str) -> Notice:
    """One of the actor's own notices. Raises NotFound. One statement."""
    row = work.first(_select(actor).where(notices.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such notice of yours.")
    return _to_notice(row)


def with_seen(work: Work, actor: Actor) -> Actor:
    """
    The actor with no more unread than what they see still. No statement; one where some of it is about RESTRICTED
    models and they see only those shared with them.
    """
    if actor.unread_restricted == 0 or sight_of(actor) is Sight.EVERYTHING:
        return actor
    few = select_unread(actor).limit(actor.unread)
    return replace(actor, unread=int(work.scalar(select(func.count()).select_from(few.subquery()))))


def select_unread(actor: Actor) -> Select[Any]:
    """The inside ids of what the actor was told, sees still and did not read."""
    return _select(actor).with_only_columns(notices.c.id).where(notices.c.read_at.is_(None))


def get_settings(work: Work, actor: Actor) -> Settings:
    """How the actor is told. One statement."""
    kept = {row.kind: (bool(row.in_app), bool(row.by_mail)) for row in list_settings(work, actor)}
    every = kept.get(EVERY_KIND)
    return Settings(
        quiet=every is not None and not every[1],
        choices=tuple(choice_of(kind, kept.get(kind)) for kind in KINDS),
        sends_mail=work.parts.sends_mail,
    )


def list_settings(work: Work, actor: Actor) -> tuple[Row[Any], ...]:
    """What the actor chose otherwise than the rule, as it is stored. One statement."""
    return tuple(work.all(select(notice_settings).where(notice_settings.c.person_id == actor.user_id)))


def mine(actor: Actor) -> ColumnElement[bool]:
    """Notices of the actor that they may see still, in a statement that joins their models."""
    return (notices.c.person_id == actor.user_id) & or_(notices.c.model_id.is_(None), visible_to(actor))


def _select(actor: Actor) -> Select[Any]:
    return select(notices).outerjoin(models, models.c.id == notices.c.model_id).where(mine(actor))


def _to_notice(row: Row[Any]) -> Notice:
    facts = row.facts
    return Notice(
        key=row.id,
        id=row.public_id,
        kind=row.kind,
        says=say(row.kind, facts),
        quote=facts.get("text"),
        by=facts.get("by"),
        href=row.href,
        at=row.at,
        read_at=row.read_at,
    )
