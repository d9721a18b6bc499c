"""Marking what one was told as read, and choosing how one is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, update

from modelkeep_server.db.tables import notice_settings, notices
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.inbox import queries
from modelkeep_server.features.inbox.views import Notice, Settings, Wanted
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotPermitted
from modelkeep_server.rules.notices import EVERY_KIND, KINDS, READ_AT_ONCE, find_fault

_CHANGED = Conflict("You chose something else a moment ago.", remedy="Load it again.")


def mark_read(work: Work, actor: Actor, public_id: str) -> Notice:
    """Note that one notice was read; one that was stays as it is. Raises NotFound. Three statements."""
    access.require(work, actor, "notice.read")
    found = queries.get_notice(work, actor, public_id)
    if found.read_at is None:
        here = update(notices).where(notices.c.id == found.key, notices.c.read_at.is_(None))
        work.keep(notices, here.values(read_at=work.now))
    return queries.get_notice(work, actor, public_id)


def mark_all_read(work: Work, actor: Actor) -> int:
    """
    Note that all was read that the actor was told and sees still, the newest 10,000 of it, and give how much that is.
    One statement.
    """
    access.require(work, actor, "notice.read")
    newest = queries.select_unread(actor).order_by(notices.c.id.desc()).limit(READ_AT_ONCE)
    here = update(notices).where(notices.c.id.in_(newest), notices.c.read_at.is_(None))
    return work.keep(notices, here.values(read_at=work.now))


def choose(work: Work, actor: Actor, wanted: Sequence[Wanted], *, quiet: bool | None = None) -> Settings:
    """
    Choose how one is told of some kinds; kinds that are not named stay as they are. Nothing to change: nothing is kept.

    Args:
        quiet: Whether no mail is sent at all; None leaves it.
    Raises:
        NotPermitted: a program is told nothing. Invalid: a kind is unknown, named twice, or waits for one's decision.
        Conflict: two choices at once.
    """
    access.require(work, actor, "notice.set")
    if actor.is_service:
        raise NotPermitted("A service account is told nothing.", remedy="Its sponsor chooses for themselves.")
    _demand_sound(wanted)
    if quiet is not None:
        wanted = [*wanted, Wanted(EVERY_KIND, in_app=True, by_mail=not quiet)]
    kept = {row.kind: row for row in queries.list_settings(work, actor)}
    changed = [one for one in wanted if _differs(one, kept.get(one.kind))]
    for one in changed:
        _keep(work, actor, one, kept.get(one.kind))
    if changed:
        access.record(
            work, actor, "notice.set", object_id=lookups.get_person(work, actor).id,
            before={one.kind: _say(kept.get(one.kind)) for one in changed},
            after={one.kind: {"inApp": one.in_app, "byMail": one.by_mail} for one in changed},
        )  # fmt: skip
    return queries.get_settings(work, actor)


def _demand_sound(wanted: Sequence[Wanted]) -> None:
    faults, seen = [], set()
    for place, one in enumerate(wanted):
        fault = find_fault(one.kind, in_app=one.in_app)
        if one.kind in seen:
            fault = f"{one.kind} is named twice."
        if fault:
            faults.append(FieldError(f"items.{place}", fault))
        seen.add(one.kind)
    if faults:
        raise Invalid.of(faults)


def _differs(wanted: Wanted, kept: Row[Any] | None) -> bool:
    if kept is not None:
        return (bool(kept.in_app), bool(kept.by_mail)) != (wanted.in_app, wanted.by_mail)
    rule = (True, True) if wanted.kind == EVERY_KIND else (KINDS[wanted.kind].in_app, KINDS[wanted.kind].by_mail)
    return rule != (wanted.in_app, wanted.by_mail)


def _keep(work: Work, actor: Actor, wanted: Wanted, kept: Row[Any] | None) -> None:
    values = {"in_app": wanted.in_app, "by_mail": wanted.by_mail, "updated_at": work.now}
    if kept is None:
        work.insert(notice_settings, {"person_id": actor.user_id, "kind": wanted.kind, **values}, taken=_CHANGED)
        return
    try:
        work.change(notice_settings, kept.id, values, expect={"in_app": kept.in_app, "by_mail": kept.by_mail})
    except NoSuchRow as error:
        raise _CHANGED from error


def _say(kept: Row[Any] | None) -> Mapping[str, bool] | None:
    return None if kept is None else {"inApp": bool(kept.in_app), "byMail": bool(kept.by_mail)}
