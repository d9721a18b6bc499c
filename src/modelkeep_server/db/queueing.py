"""
Enqueuing work to be done after the commit: in the transaction of what asks for it, so that neither happens alone.

A job may run twice (a worker can die after the work and before noting it), so what does it must bear that. What it is
told is sealed: it may hold a one-time link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep_server.db import sealing
from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Work
from modelkeep_server.kit import canonical, clock

WAITING = "WAITING"
MAIL = "mail"


@dataclass(frozen=True)
class Mail:
    """A mail as it is asked for: see `enqueue_mail`, whose arguments it has."""

    to: str
    template: str
    facts: Mapping[str, Any]
    key: str | None = None


def enqueue(
    work: Work, kind: str, facts: Mapping[str, Any], *, key: str | None = None, due_at: datetime | None = None
) -> None:
    """
    Have `kind` of work done with these facts (JSON), from `due_at` on or at once. One statement.

    With a `key`, nothing is added where a job of that key is there already, done or not.
    """
    _add(work, [_to_row(work, kind, facts, key, due_at)])


def enqueue_mail(work: Work, to: str, template: str, facts: Mapping[str, Any], *, key: str | None = None) -> None:
    """
    Have a mail sent to one address after the commit. Nothing is done where no mail server is set up.

    Args:
        template: A name of `features/notify/letters.py: LETTERS`, which says the facts that it needs.
        facts: JSON, and moments, which the letter shows in UTC.
        key: Names a mail that goes out once only, however often it is asked for.
    """
    enqueue_mails(work, [Mail(to, template, facts, key)])


def enqueue_mails(work: Work, mails: Sequence[Mail]) -> None:
    """Have several mails sent. One statement. See `enqueue_mail`."""
    if work.parts.sends_mail and mails:
        _add(work, [_to_row(work, MAIL, _to_facts(mail), mail.key, None) for mail in mails])


def seal(work: Work, kind: str, facts: Mapping[str, Any]) -> bytes:
    """The facts of a job as they are stored."""
    return sealing.seal(work, "jobs", canonical.dumps(facts).encode(), place=kind)


def unseal(work: Work, kind: str, payload: bytes) -> dict[str, Any]:
    """The facts of a job again. Raises sealing's SealBroken where they were changed or are another kind's."""
    facts: dict[str, Any] = canonical.loads(sealing.unseal(work, "jobs", payload, place=kind).decode())
    return facts


def _add(work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
    work.keep(jobs, work.upsert(jobs).on_conflict_do_nothing(), rows)
    work.after_commit(work.parts.bell.ring)


def _to_row(
    work: Work, kind: str, facts: Mapping[str, Any], key: str | None, due_at: datetime | None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "key": key,
        "payload": seal(work, kind, facts),
        "status": WAITING,
        "created_at": work.now,
        "due_at": due_at or work.now,
        "attempts": 0,
    }


def _to_facts(mail: Mail) -> dict[str, Any]:
    told = {name: clock.iso_seconds(v) if isinstance(v, datetime) else v for name, v in mail.facts.items()}
    return {"to": mail.to, "template": mail.template, "facts": told}
