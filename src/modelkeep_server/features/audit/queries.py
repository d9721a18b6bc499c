"""Reading the log, for those who may."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import Column, Row, select

from modelkeep_server.db.ledger import COMMITMENT
from modelkeep_server.db.tables import audit_events, audit_head, audit_labels, audit_people, audit_texts
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head
from modelkeep_server.features.audit.filters import EventFilter, fits_person, trimmed
from modelkeep_server.features.audit.narrowing import Narrowed, Position, narrow
from modelkeep_server.features.audit.views import Checkpoint, Event, EventActor, EventObject, LogExtent, LogState
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import clock
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role

#: Beyond this many, the events of a filter are not counted.
COUNT_CAP = 10_000
PEOPLE_SUGGESTED = 20
VALUES_A_STATEMENT = 5000


def list_events(
    work: Work, actor: Actor, asked: EventFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Event]:
    """
    Events, newest first; those of a span of time by their moments. Six statements at most, and two to eight more to
    understand a filter of persons, objects, or several things.

    `total` is None where more than COUNT_CAP events fit a filter. Raises CursorRefused, Invalid.
    """
    access.require(work, actor, "audit.read")
    asked = trimmed(asked)
    asked_as = {"list": "events", **asdict(asked)}
    after = None
    if cursor:
        at, sequence = work.parts.cursors.read(cursor, asked_as)
        after = Position(clock.from_us(int(at)), int(sequence))
    narrowed = narrow(work, asked)
    found = [row.sequence for row in work.all(narrowed.newest(limit + 1, after=after))]
    events = read_events(work, found[:limit])
    following = None
    if len(found) > limit:
        following = work.parts.cursors.make([clock.to_us(events[-1].at), events[-1].sequence], asked_as)
    return Page(events, following, _count(work, narrowed))


def _count(work: Work, narrowed: Narrowed) -> int | None:
    if narrowed.is_everything:
        return read_size(work)
    counted = int(work.scalar(narrowed.count(COUNT_CAP + 1)))
    return counted if counted <= COUNT_CAP else None


def read_size(work: Work) -> int:
    """How many events the log has. One statement."""
    return int(work.scalar(select(audit_head.c.size).where(audit_head.c.id == 1)))


def read_events(work: Work, sequences: Sequence[int]) -> tuple[Event, ...]:
    """These events in this order, with names and texts put back. Four statements; asks for no permission."""
    if not sequences:
        return ()
    rows = {row.sequence: row for row in work.all(select(audit_events).where(audit_events.c.sequence.in_(sequences)))}
    return _to_events(work, [rows[sequence] for sequence in sequences])


def list_people(work: Work, actor: Actor, typed: str = "") -> tuple[EventActor, ...]:
    """
    Some of the people that the log knows, for suggestions: those whose name or e-mail holds what was typed.

    PEOPLE_SUGGESTED at most. One statement.
    """
    access.require(work, actor, "audit.read")
    found = select(audit_people.c.pseudonym, audit_people.c.email, audit_people.c.name)
    if typed:
        found = found.where(fits_person(typed))
    rows = work.all(found.order_by(audit_people.c.name.is_(None), audit_people.c.email_key).limit(PEOPLE_SUGGESTED))
    return tuple(EventActor(row.pseudonym, row.name, row.email) for row in rows)


def get_extent(work: Work, actor: Actor) -> LogExtent:
    """How many events there are, and since when. One statement."""
    access.require(work, actor, "audit.read")
    began = select(audit_events.c.at).where(audit_events.c.sequence == 0).scalar_subquery()
    row = work.all(select(audit_head.c.size, began.label("began_at")).where(audit_head.c.id == 1))[0]
    return LogExtent(row.size, row.began_at)


def find_log_state(work: Work, actor: Actor) -> LogState | None:
    """
    How many events the log has, and its newest signed head, for those who watch over it as auditors; None for others.

    Two statements, none for others.
    """
    if Role.AUDITOR not in actor.roles or not access.may(actor, "audit.read"):
        return None
    return _read_state(work)


def is_head_signed(work: Work) -> bool:
    """Whether the newest checkpoint covers every event. Two statements; asks for no permission."""
    state = _read_state(work)
    return state.checkpoint is not None and state.unsigned == 0


def _read_state(work: Work) -> LogState:
    return LogState(head.read_frontier(work).size, head.find_newest(work))


def get_event(work: Work, actor: Actor, sequence: int) -> Event:
    """One event. Raises NotFound. Four statements."""
    access.require(work, actor, "audit.read")
    row = work.first(select(audit_events).where(audit_events.c.sequence == sequence))
    if row is None:
        raise NotFound(f"There is no event {sequence}.")
    return _to_events(work, [row])[0]


def find_checkpoint(work: Work, actor: Actor) -> Checkpoint | None:
    """The newest signed head, or None where none was signed yet. One statement."""
    access.require(work, actor, "audit.read")
    return head.find_newest(work)


def _to_events(work: Work, rows: Sequence[Row[Any]]) -> tuple[Event, ...]:
    bodies = [_body_of(row) for row in rows]
    people = {row.pseudonym: row for row in _among(work, audit_people.c.pseudonym, _pseudonyms_in(bodies))}
    objects = {body["object"]["id"] for body in bodies}
    labels = {row.object_id: row.label for row in _among(work, audit_labels.c.object_id, objects)}
    texts = {row.commitment: row.value for row in _among(work, audit_texts.c.commitment, _commitments_in(bodies))}
    known = _Known({key: row.email for key, row in people.items()}, texts)
    return tuple(_to_event(row, body, people, labels, known) for row, body in zip(rows, bodies, strict=True))


def _among(work: Work, column: Column[Any], values: Collection[str]) -> Iterator[Row[Any]]:
    """The rows whose column has one of these values, so many at a time as a statement can carry."""
    listed = sorted(values)
    for start in range(0, len(listed), VALUES_A_STATEMENT):
        some = listed[start : start + VALUES_A_STATEMENT]
        yield from work.all(select(column.table).where(column.in_(some)))


def _body_of(row: Row[Any]) -> Mapping[str, Any]:
    """The body as stored, or what the columns say where it was spoilt by hand: the log stays readable."""
    try:
        body = json.loads(row.body)
        if isinstance(body["actor"]["id"], str) and isinstance(body["object"]["id"], str) and _has_facts(body):
            return cast(Mapping[str, Any], body)
    except (ValueError, TypeError, KeyError):
        pass
    return {
        "id": row.id,
        "action": row.action,
        "actor": {"id": row.actor},
        "object": {"kind": row.object_kind, "id": row.object_id},
        "outcome": row.outcome if row.outcome in list(Outcome) else Outcome.REFUSED,
        "auth": "unreadable",
        "requestId": row.request_id,
        "role": row.role,
    }


def _has_facts(body: Mapping[str, Any]) -> bool:
    texts = [body["id"], body["action"], body["object"]["kind"], body["auth"], body["requestId"]]
    texts += [body[name] for name in ("role", "rule", "reason", "from") if body.get(name) is not None]
    facts = [body.get(name) or {} for name in ("before", "after")]
    whole = all(isinstance(text, str) for text in texts) and all(isinstance(fact, dict) for fact in facts)
    return whole and body["outcome"] in list(Outcome)


@dataclass(frozen=True)
class _Known:
    """What may be put back in place of pseudonyms and commitments."""

    emails: Mapping[str, str]
    texts: Mapping[str, str]

    def restore(self, value: Any) -> Any:
        if isinstance(value, str):
            if value.startswith(COMMITMENT):
                return self.texts.get(value.removeprefix(COMMITMENT), value)
            return self.emails.get(value, value)
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
        source=known.restore(body.get("from")),
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
    veiled = ("before", "after", "reason", "from")
    texts = set().union(*(_strings_in([body.get(name) for name in veiled]) for body in bodies))
    return {text.removeprefix(COMMITMENT) for text in texts if text.startswith(COMMITMENT)}
