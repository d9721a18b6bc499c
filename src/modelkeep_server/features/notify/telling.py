"""
Telling people of an act, in its own transaction: in the app, by mail, each as they chose.

Who is told of what stands in rules/notices.py; who that is in features/models/audiences.py, whose `tell_about` is what
acts on models call. Whoever did the act is never told of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Subquery, func, insert, literal, select, union_all

from modelkeep_server.db.queueing import Mail, enqueue_mails
from modelkeep_server.db.tables import notice_settings, notices, people, service_accounts, told
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.notify.webhooks.queueing import enqueue_for
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.notices import EVERY_KIND, KINDS, NOTICE, Kind, say, say_subject

#: People by inside id, or a statement of `person_id` and `mails`: 1 where they are also written to, else 0.
Who = Sequence[int] | Select[Any]

_of_kind = notice_settings.alias("of_kind")
_of_all = notice_settings.alias("of_all")


@dataclass(frozen=True)
class Person:
    """Somebody to be told, and how."""

    id: int
    email: str
    in_app: bool
    by_mail: bool


def tell(
    work: Work,
    actor: Actor | None,
    kind: str,
    facts: Mapping[str, Any],
    who: Who,
    *,
    href: str,
    model_key: int | None,
    addresses: Sequence[str] = (),
    once: str | None = None,
) -> bool:
    """
    Tell people of what was just done; the notice and the letters are there with the commit, or not at all.

    Three statements, however many are told; one more where mail is sent, and one where it is told `once`. Webhooks are
    told too (webhooks/queueing.py).

    Args:
        actor: Who did it, and so is not told; None for the registry itself.
        kind: A row of rules/notices.py: `KINDS`, whose sentence says the facts that it needs. `by` is the actor.
        facts: JSON and moments. `text`, where it is there, is quoted in the letter.
        href: Where it leads: an address of this registry that begins with `/`.
        model_key: The model that it is about: who does not see that any more does not find the notice either.
        addresses: E-mails to be told as well. One that belongs to no person (a team's) is written to alone.
        once: Names something that is told a single time, however often this is called.
    Returns:
        Whether it was told now: false where `once` was told already.
    """
    facts = {name: clock.iso_seconds(v) if isinstance(v, datetime) else v for name, v in facts.items()}
    if actor is not None:
        facts.setdefault("by", actor.email)
    say(kind, facts)
    if once is not None and not _is_first(work, once):
        return False
    found = read_people(work, actor, kind, who, addresses)
    rows = [
        {"public_id": ids.uuid7(clock.to_us(work.now)), "person_id": one.id, "kind": kind, "facts": facts,
         "href": href, "model_id": model_key, "at": work.now}
        for one in found
        if one.in_app
    ]  # fmt: skip
    if rows:
        work.keep(notices, insert(notices), rows)
    _write_to(work, actor, kind, facts, found, addresses, href=href, once=once)
    enqueue_for(work, kind, facts, model_key, href=href)
    return True


def _is_first(work: Work, once: str) -> bool:
    row = work.upsert(told).values(key=once, at=work.now).on_conflict_do_nothing()
    # psycopg's count of an INSERT is dropped unless it is asked for.
    return work.keep(told, row.execution_options(preserve_rowcount=True)) == 1


def read_people(work: Work, actor: Actor | None, kind: str, who: Who, addresses: Sequence[str]) -> list[Person]:
    """Those to be told, each as they chose. Programs and disabled people are told nothing. One statement."""
    asked = _select_asked(who, [address.casefold() for address in addresses])
    program = select(service_accounts.c.id).where(service_accounts.c.person_id == people.c.id).exists()
    rows = work.all(
        select(
            people.c.id, people.c.email, people.c.disabled, asked.c.mails, _of_kind.c.in_app, _of_kind.c.by_mail,
            _of_all.c.by_mail.label("all_mail"),
        )
        .join(asked, asked.c.person_id == people.c.id)
        .outerjoin(_of_kind, (_of_kind.c.person_id == people.c.id) & (_of_kind.c.kind == kind))
        .outerjoin(_of_all, (_of_all.c.person_id == people.c.id) & (_of_all.c.kind == EVERY_KIND))
        .where(~program)
        .order_by(people.c.id)
    )  # fmt: skip
    return [_to_person(row, KINDS[kind], actor) for row in rows]


def _select_asked(who: Who, email_keys: Sequence[str]) -> Subquery:
    """Everybody asked for, once: `person_id` and whether they are written to."""
    if not isinstance(who, Select):
        who = select(people.c.id.label("person_id"), literal(1).label("mails")).where(people.c.id.in_(who))
    by_email = select(people.c.id, literal(1)).where(people.c.email_key.in_(email_keys))
    everybody = union_all(who, by_email).subquery()
    person = everybody.c.person_id
    return select(person, func.max(everybody.c.mails).label("mails")).group_by(person).subquery()


def _to_person(row: Row[Any], kind: Kind, actor: Actor | None) -> Person:
    may_be_told = not row.disabled and (actor is None or row.id != actor.user_id)
    in_app = kind.in_app if row.in_app is None else bool(row.in_app)
    by_mail = kind.by_mail if row.by_mail is None else bool(row.by_mail)
    silent = row.all_mail is not None and not row.all_mail
    return Person(row.id, row.email, may_be_told and in_app, may_be_told and by_mail and not silent and row.mails == 1)


def _write_to(
    work: Work,
    actor: Actor | None,
    kind: str,
    facts: Mapping[str, Any],
    found: Sequence[Person],
    addresses: Sequence[str],
    *,
    href: str,
    once: str | None,
) -> None:
    """
    Write to people as they chose, and to addresses of nobody as the rule is; of a folded kind once in an hour about the
    same, whatever is done and undone meanwhile. One statement.
    """
    persons = {one.email.casefold() for one in found} | {actor.email.casefold() if actor else ""}
    others = [one for one in addresses if "@" in one and one.casefold() not in persons] if KINDS[kind].by_mail else []
    letter = KINDS[kind].letter
    told_with = facts if letter != NOTICE else {"kind": kind, "href": href, **facts}
    name = once or (say_subject(kind, facts, work.now) if KINDS[kind].folded else None)
    enqueue_mails(
        work,
        [
            Mail(to, letter, told_with, key=f"{name}/{to.casefold()}" if name else None)
            for to in dict.fromkeys([*(one.email for one in found if one.by_mail), *others])
        ],
    )
