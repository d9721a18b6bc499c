"""Reading the log, for those who may."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select

from modelkeep_server.db.tables import audit_events, audit_labels, audit_people, audit_texts
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.audit.views import Checkpoint, Event, EventActor, EventObject, Proof
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import merkle
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.events import Outcome

_COMMITMENT = "hmac-sha256:"


@dataclass(frozen=True)
class EventFilter:
    """
    What somebody asks of the log. `person` is an e-mail or a pseudonym; `object` an id or an address, or its start.
    """

    action: str = ""
    person: str = ""
    object: str = ""
    outcome: str = ""
    request_id: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


def list_events(
    work: Work, actor: Actor, asked: EventFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Event]:
    """Events, newest first. Five statements. Raises CursorRefused."""
    access.require(work, actor, "audit.read")
    filters = {"list": "events", **asdict(asked)}
    conditions = _conditions(asked)
    statement = select(audit_events).where(*conditions).order_by(audit_events.c.sequence.desc())
    if cursor:
        (before,) = work.parts.cursors.read(cursor, filters)
        statement = statement.where(audit_events.c.sequence < before)
    rows = work.all(statement.limit(limit + 1))
    shown = rows[:limit]
    following = work.parts.cursors.make([shown[-1].sequence], filters) if len(rows) > limit else None
    total = work.scalar(select(func.count()).select_from(audit_events).where(*conditions))
    return Page(_to_events(work, shown), following, total)


def get_event(work: Work, actor: Actor, sequence: int) -> Event:
    """One event. Raises NotFound. Four statements."""
    access.require(work, actor, "audit.read")
    row = work.first(select(audit_events).where(audit_events.c.sequence == sequence))
    if row is None:
        raise NotFound(f"There is no event {sequence}.")
    return _to_events(work, [row])[0]


def get_proof(work: Work, actor: Actor, sequence: int) -> Proof:
    """
    The proof of an event's place in the log as it is now. Raises NotFound.

    The first one of a process reads every leaf hash; those after it a few hundred, and what came since.
    """
    access.require(work, actor, "audit.read")
    frontier = head.read_frontier(work)
    if not 0 <= sequence < frontier.size:
        raise NotFound(f"There is no event {sequence}.")
    leaves = partial(head.read_leaves, work)
    path = merkle.inclusion_proof(leaves, sequence, frontier.size, work.parts.witness.blocks)
    (leaf,) = leaves(sequence, sequence + 1)
    return Proof(leaf.hex(), sequence, frontier.size, tuple(node.hex() for node in path), frontier.root().hex())


def find_checkpoint(work: Work, actor: Actor) -> Checkpoint | None:
    """The newest signed head, or None where none was signed yet. One statement."""
    access.require(work, actor, "audit.read")
    return head.find_newest(work)


def _conditions(asked: EventFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.action:
        conditions.append(audit_events.c.action == asked.action)
    if asked.outcome:
        if asked.outcome not in list(Outcome):
            raise Invalid.of([FieldError("outcome", f"Choose one of {', '.join(Outcome)}.")])
        conditions.append(audit_events.c.outcome == asked.outcome)
    if asked.request_id:
        conditions.append(audit_events.c.request_id == asked.request_id)
    if asked.person:
        known = select(audit_people.c.pseudonym).where(audit_people.c.email_key == asked.person.casefold())
        conditions.append(or_(audit_events.c.actor == asked.person, audit_events.c.actor.in_(known)))
    if asked.object:
        wanted, label = asked.object.lower(), func.lower(audit_labels.c.label)
        below = [func.substr(label, 1, len(wanted) + 1) == f"{wanted}{separator}" for separator in ":/"]
        under = select(audit_labels.c.object_id).where(or_(label == wanted, *below))
        conditions.append(or_(audit_events.c.object_id == asked.object, audit_events.c.object_id.in_(under)))
    if asked.from_at:
        conditions.append(audit_events.c.at >= asked.from_at)
    if asked.to_at:
        conditions.append(audit_events.c.at <= asked.to_at)
    return conditions


def _to_events(work: Work, rows: Sequence[Row[Any]]) -> tuple[Event, ...]:
    bodies = [json.loads(row.body) for row in rows]
    people = {
        row.pseudonym: row
        for row in work.all(select(audit_people).where(audit_people.c.pseudonym.in_(sorted(_pseudonyms_in(bodies)))))
    }
    labels = {
        row.object_id: row.label
        for row in work.all(
            select(audit_labels).where(audit_labels.c.object_id.in_(sorted({b["object"]["id"] for b in bodies})))
        )
    }
    texts = {
        row.commitment: row.value
        for row in work.all(select(audit_texts).where(audit_texts.c.commitment.in_(sorted(_commitments_in(bodies)))))
    }
    known = _Known({key: row.email for key, row in people.items()}, texts)
    return tuple(_to_event(row, body, people, labels, known) for row, body in zip(rows, bodies, strict=True))


@dataclass(frozen=True)
class _Known:
    """What may be put back in place of pseudonyms and commitments."""

    emails: Mapping[str, str]
    texts: Mapping[str, str]

    def restore(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.texts.get(value.removeprefix(_COMMITMENT), self.emails.get(value, value))
        if isinstance(value, dict):
            return {key: self.restore(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.restore(inner) for inner in value]
        return value


def _to_event(
    row: Row[Any], body: Mapping[str, Any], people: Mapping[str, Row[Any]], labels: Mapping[str, str], known: _Known
) -> Event:
    who = people.get(body["actor"]["id"])
    return Event(
        sequence=row.sequence,
        id=body["id"],
        at=row.at,
        action=body["action"],
        actor=EventActor(body["actor"]["id"], who.name if who else None, who.email if who else None),
        role=body.get("role"),
        object=EventObject(body["object"]["kind"], body["object"]["id"], labels.get(body["object"]["id"])),
        outcome=Outcome(body["outcome"]),
        rule=body.get("rule"),
        before=known.restore(body.get("before")),
        after=known.restore(body.get("after")),
        reason=known.restore(body.get("reason")),
        auth=body["auth"],
        request_id=body["requestId"],
        raw=row.body,
    )


def _strings_in(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(_strings_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(_strings_in, value))
    return set()


def _pseudonyms_in(bodies: Sequence[Mapping[str, Any]]) -> set[str]:
    named = set().union(*(_strings_in([b.get("before"), b.get("after")]) for b in bodies))
    return {b["actor"]["id"] for b in bodies} | {text for text in named if text.startswith("p_")}


def _commitments_in(bodies: Sequence[Mapping[str, Any]]) -> set[str]:
    texts = set().union(*(_strings_in([b.get("before"), b.get("after"), b.get("reason")]) for b in bodies))
    return {text.removeprefix(_COMMITMENT) for text in texts if text.startswith(_COMMITMENT)}
