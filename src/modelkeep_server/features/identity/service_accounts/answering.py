"""Who answers, or ever answered, for which program."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Select, bindparam, select, union

from modelkeep_server.db.tables import audit_events, people, service_accounts, service_sponsors, tokens
from modelkeep_server.db.work import Work
from modelkeep_server.rules.events import Outcome


def programs_of(work: Work, person_id: int) -> frozenset[int]:
    """
    The programs that somebody answers, or ever answered, for, by inside id: as sponsor, or as an Admin who made a token
    of one and so could act as it. One statement.
    """
    return frozenset(row.person_id for row in work.all(_select_programs(), {"person": person_id}))


@cache
def _select_programs() -> CompoundSelect[Any]:
    return union(*selects_of_programs(bindparam("person", type_=BigInteger)))


def selects_of_programs(person: ColumnElement[int]) -> tuple[Select[Any], Select[Any]]:
    """The same, to be asked as part of more."""
    sponsored = (
        select(service_accounts.c.person_id)
        .join(service_sponsors, service_sponsors.c.service_account_id == service_accounts.c.id)
        .where(service_sponsors.c.person_id == person)
    )
    # Who made a token is told by the log alone.
    lent = (
        _tokens_of_programs()
        .with_only_columns(service_accounts.c.person_id)
        .where(audit_events.c.actor == select(people.c.pseudonym).where(people.c.id == person).scalar_subquery())
    )
    return sponsored, lent


def select_answering() -> Select[Any]:
    """A statement of who answers, or ever answered, for which program, as `programs_of` says: two inside ids."""
    sponsored = select(
        service_sponsors.c.person_id.label("person_id"), service_accounts.c.person_id.label("program_id")
    ).join(service_accounts, service_accounts.c.id == service_sponsors.c.service_account_id)
    lent = (
        _tokens_of_programs()
        .join(people, people.c.pseudonym == audit_events.c.actor)
        .with_only_columns(people.c.id, service_accounts.c.person_id)
    )
    found = union(sponsored, lent).subquery()
    return select(found.c.person_id, found.c.program_id)


def _tokens_of_programs() -> Select[Any]:
    """Programs, each as often as a token of it was made, with the event that says by whom."""
    return (
        select(service_accounts.c.person_id, audit_events.c.actor)
        .join(tokens, tokens.c.person_id == service_accounts.c.person_id)
        .join(audit_events, audit_events.c.object_id == tokens.c.public_id)
        .where(audit_events.c.action == "token.create", audit_events.c.outcome == Outcome.ALLOWED.value)
    )
