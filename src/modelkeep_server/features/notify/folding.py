"""Telling each person of something of their own that comes in many: one notice says how many, until it is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.queueing import Mail, enqueue_mails
from modelkeep_server.db.tables import notices
from modelkeep_server.db.work import Work
from modelkeep_server.features.notify.telling import read_people
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.notices import KINDS, say_subject


@dataclass(frozen=True)
class ToldModel:
    """One model that somebody is told of: its inside id and its address."""

    model_key: int
    address: str


@dataclass(frozen=True)
class News:
    """
    What one person is told. What is told of one `subject` stands in one notice until that is read: it names a model
    that is alone, and leads to it; of several it says how many, and leads to `href`.
    """

    person_key: int
    subject: str
    facts: Mapping[str, Any]
    found: Sequence[ToldModel]
    href: str


def tell_folded(work: Work, kind: str, news: Sequence[News]) -> None:
    """
    Tell people in the app, and by mail those who chose so: of one subject once in an hour. Five statements at most,
    however many are told. One at a time does so for a kind.

    Args:
        kind: A row of rules/notices.py: `KINDS`. Of its facts `found` is told here.
    """
    if not news:
        return
    persons = {one.id: one for one in read_people(work, None, kind, [one.person_key for one in news], ())}
    unread = _read_unread(work, kind, persons)
    rows, folded, mails = [], [], []
    for one in news:
        person = persons.get(one.person_key)
        if person is None:
            continue
        before = unread.get((one.person_key, one.subject))
        facts, href, model_key = _say(one, before)
        if person.in_app:
            folded += [before.id] if before is not None else []
            rows.append(
                {"public_id": ids.uuid7(clock.to_us(work.now)), "person_id": person.id, "kind": kind, "facts": facts,
                 "href": href, "model_id": model_key, "at": work.now}
            )  # fmt: skip
        if person.by_mail:
            name = f"{say_subject(kind, facts, work.now)}/{person.email.casefold()}"
            mails.append(Mail(person.email, KINDS[kind].letter, {"kind": kind, "href": href, **facts}, key=name))
    if folded:
        work.keep(notices, delete(notices).where(in_keys(notices.c.id, "folded")), [{"folded": folded}])
    if rows:
        work.keep(notices, insert(notices), rows)
    enqueue_mails(work, mails)


def _say(one: News, before: Row[Any] | None) -> tuple[dict[str, Any], str, int | None]:
    """The facts of a notice, where it leads, and the model that it is about where that is a single one."""
    count = len(one.found) + (before.facts["count"] if before is not None else 0)
    facts = {**one.facts, "subject": one.subject, "count": count}
    if count > 1:
        return {**facts, "found": f"{count:,} models"}, one.href, None
    alone = one.found[0]
    return {**facts, "found": alone.address}, f"/models/{alone.address}", alone.model_key


def _read_unread(work: Work, kind: str, persons: Collection[int]) -> dict[tuple[int, str], Row[Any]]:
    rows = work.all(
        select(notices.c.id, notices.c.person_id, notices.c.facts).where(
            in_keys(notices.c.person_id, "persons"), notices.c.read_at.is_(None), notices.c.kind == kind
        ),
        {"persons": persons},
    )
    return {(row.person_id, row.facts["subject"]): row for row in rows}
