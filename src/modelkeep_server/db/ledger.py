"""
Appending to the audit log, inside the transaction that the event is about.

What an event says of people stands as pseudonyms, free text as salted commitments; names and texts go into side tables.
The head row is read last, so that PostgreSQL holds its lock only across the commit. Source: RFC 6962 (the tree).
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db import activity, row_writers
from modelkeep_server.db.tables.audit import (
    audit_events,
    audit_head,
    audit_labels,
    audit_leaves,
    audit_people,
    audit_texts,
)
from modelkeep_server.kit import canonical, clock
from modelkeep_server.kit.merkle import Frontier, leaf_hash

BODY_BYTES_MAX = 32 * 1024
VALUE_BYTES_MAX = 4 * 1024
#: What a commitment to a text begins with in an event's body.
COMMITMENT = "hmac-sha256:"
SOFTWARE = f"modelkeep/{version('modelkeep')}"


@dataclass(frozen=True)
class Veiled:
    """Free text in `before`, `after` or `reason`: the log holds its commitment, a side table the text."""

    text: str


def tell_filter(given: Mapping[str, Any], *, personal: Collection[str]) -> dict[str, Any]:
    """
    What a list was asked for, as an event tells it: filters that were left empty are not told, moments are told to the
    second. `personal` names those that may hold an e-mail or a name.
    """
    told: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, datetime):
            told[name] = clock.iso_seconds(value)
        elif value:
            told[name] = Veiled(value) if name in personal else value
    return told


@dataclass(frozen=True)
class PersonRef:
    """A person named in `before` or `after`: the log holds the pseudonym of this e-mail."""

    email: str


@dataclass(frozen=True)
class Entry:
    """An event before it has its place in the log. `actor` is a pseudonym; `source` the address a request came from."""

    id: str
    at: datetime
    action: str
    actor: str
    actor_kind: str
    auth: str
    object_kind: str
    object_id: str
    outcome: str
    request_id: str
    role: str | None = None
    object_label: str | None = None
    rule: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    source: str | None = None
    rows: tuple[tuple[str, int, str], ...] = ()


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT of the dialect at hand, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def find_or_make_pseudonyms(
    connection: Connection, emails: Iterable[str], names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    The pseudonym of each e-mail (keys as given), making those that are new. One statement, three where some are new,
    and one more for each of `names`.
    """
    wanted = {email: email.casefold() for email in emails}
    if not wanted:
        return {}

    def known() -> dict[str, str]:
        rows = connection.execute(_PSEUDONYMS, {"keys": sorted(set(wanted.values()))})
        return {row.email_key: row.pseudonym for row in rows}

    found = known()
    fresh = {key: email for email, key in wanted.items() if key not in found}
    if fresh:
        rows = [
            {
                "pseudonym": f"p_{secrets.token_hex(10)}",
                "email": email,
                "email_key": key,
                "name": (names or {}).get(email),
            }
            for key, email in sorted(fresh.items())
        ]
        connection.execute(_ADD_PEOPLE[connection.dialect.name], rows)
        found = known()
    for email, name in (names or {}).items():
        # Somebody invited, or named as an owner, is known by e-mail alone until they give their name.
        nameless = (audit_people.c.email_key == wanted[email]) & audit_people.c.name.is_(None)
        connection.execute(update(audit_people).where(nameless).values(name=name))
    return {email: found[key] for email, key in wanted.items()}


class _Scribe:
    """Replaces people and texts in the entries of one transaction, gathering what goes into the side tables."""

    def __init__(self, connection: Connection, entries: Sequence[Entry]) -> None:
        emails: set[str] = set()
        for entry in entries:
            _gather_emails(entry.before, emails)
            _gather_emails(entry.after, emails)
        self._pseudonyms = find_or_make_pseudonyms(connection, emails)
        self.texts: list[dict[str, Any]] = []

    def commit_to(self, text: str) -> str:
        """The commitment to a text, whose salt and value are kept for the side table."""
        salt = secrets.token_bytes(32)
        commitment = hmac.new(salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        self.texts.append({"commitment": commitment, "salt": salt, "value": text})
        return f"{COMMITMENT}{commitment}"

    def veil(self, value: Any) -> Any:
        if isinstance(value, Veiled):
            return self.commit_to(value.text)
        if isinstance(value, PersonRef):
            return self._pseudonyms[value.email]
        if isinstance(value, Mapping):
            return {key: self.veil(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.veil(inner) for inner in value]
        return value

    def shorten(self, facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The facts with every value longer than 4 KiB replaced by its digest and size."""
        if facts is None:
            return None
        short = {}
        for key, value in self.veil(facts).items():
            text = canonical.dumps(value)
            size = len(text.encode())
            short[key] = value if size <= VALUE_BYTES_MAX else {"sha256": canonical.digest(value), "bytes": size}
        return short


def _gather_emails(value: Any, emails: set[str]) -> None:
    if isinstance(value, PersonRef):
        emails.add(value.email)
    elif isinstance(value, Mapping):
        for inner in value.values():
            _gather_emails(inner, emails)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _gather_emails(inner, emails)


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Append these events, in order, as the last act of their transaction. Raises ValueError over 32 KiB a body."""
    scribe = _Scribe(connection, entries)
    drafts = [_draft_body(scribe, entry) for entry in entries]
    if scribe.texts:
        connection.execute(_ADD_TEXTS, scribe.texts)
    _keep_labels(connection, entries)

    head = connection.execute(_HEAD).one()
    frontier = Frontier.from_bytes(head.frontier)
    events, leaves = [], []
    for entry, draft in zip(entries, drafts, strict=True):
        sequence = frontier.size
        body = canonical.dumps({**draft, "sequence": sequence})
        if len(body.encode()) > BODY_BYTES_MAX:
            raise ValueError(f"The event {entry.action} is larger than {BODY_BYTES_MAX} bytes.")
        leaf = leaf_hash(body.encode())
        frontier = frontier.append(leaf)
        events.append({"sequence": sequence, "body": body, **event_columns(draft)})
        leaves.append({"sequence": sequence, "hash": leaf})
    connection.execute(_ADD_EVENTS, events)
    connection.execute(_ADD_LEAVES, leaves)
    activity.note(connection, events)
    row_writers.note(connection, events, [entry.rows for entry in entries])
    connection.execute(_MOVE_HEAD, {"new_size": frontier.size, "new_frontier": frontier.to_bytes()})


def _keep_labels(connection: Connection, entries: Sequence[Entry]) -> None:
    """Keep the address of each object named. One that moved (a corrected version number) takes all below it along."""
    labels = {e.object_id: (e.object_kind, e.object_label) for e in entries if e.object_label is not None}
    if not labels:
        return
    for object_id, old in connection.execute(_LABELS, {"ids": sorted(labels)}).all():
        new = labels[object_id][1]
        if new == old:
            continue
        tail = func.substr(audit_labels.c.label, len(old) + 1)
        below = func.substr(audit_labels.c.label, 1, len(old) + 1) == f"{old}/"
        connection.execute(update(audit_labels).where(below).values(label=literal(new).concat(tail)))
    rows = [{"object_id": key, "kind": kind, "label": label} for key, (kind, label) in sorted(labels.items())]
    connection.execute(_KEEP_LABELS[connection.dialect.name], rows)


def event_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """The query columns of an event, read off its body. Verification calls this too, so the two cannot differ."""
    return {
        "id": body["id"],
        "at": datetime.fromisoformat(body["at"]),
        "action": body["action"],
        "actor": body["actor"]["id"],
        "role": body.get("role"),
        "object_kind": body["object"]["kind"],
        "object_id": body["object"]["id"],
        "outcome": body["outcome"],
        "request_id": body["requestId"],
    }


def _draft_body(scribe: _Scribe, entry: Entry) -> dict[str, Any]:
    body: dict[str, Any] = {
        "v": 1,
        "id": entry.id,
        "at": entry.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "action": entry.action,
        "actor": {"id": entry.actor, "kind": entry.actor_kind},
        "object": {"kind": entry.object_kind, "id": entry.object_id},
        "outcome": entry.outcome,
        "auth": entry.auth,
        "requestId": entry.request_id,
        "software": SOFTWARE,
    }
    optional = {
        "role": entry.role,
        "rule": entry.rule,
        "before": scribe.shorten(entry.before),
        "after": scribe.shorten(entry.after),
        "reason": scribe.commit_to(entry.reason) if entry.reason else None,
        "from": scribe.commit_to(entry.source) if entry.source else None,
        "rows": [list(row) for row in entry.rows] or None,
    }
    body.update({key: value for key, value in optional.items() if value is not None})
    return body


def _add_people(dialect: Any) -> Insert:
    adding: Insert = dialect.insert(audit_people).on_conflict_do_nothing()
    return adding


def _upsert_labels(dialect: Any) -> Insert:
    adding = dialect.insert(audit_labels)
    keeping: Insert = adding.on_conflict_do_update(index_elements=["object_id"], set_={"label": adding.excluded.label})
    return keeping


# Built once: every act runs them, and to build them takes longer than the database takes over them.
_PSEUDONYMS = select(audit_people.c.email_key, audit_people.c.pseudonym).where(
    audit_people.c.email_key.in_(bindparam("keys", expanding=True))
)
_ADD_PEOPLE = {"sqlite": _add_people(sqlite), "postgresql": _add_people(postgresql)}
_ADD_TEXTS, _ADD_EVENTS, _ADD_LEAVES = insert(audit_texts), insert(audit_events), insert(audit_leaves)
_LABELS = select(audit_labels.c.object_id, audit_labels.c.label).where(
    audit_labels.c.object_id.in_(bindparam("ids", expanding=True))
)
_KEEP_LABELS = {"sqlite": _upsert_labels(sqlite), "postgresql": _upsert_labels(postgresql)}
_HEAD = select(audit_head).where(audit_head.c.id == 1).with_for_update()
_MOVE_HEAD = (
    update(audit_head)
    .where(audit_head.c.id == 1)
    .values(size=bindparam("new_size"), frontier=bindparam("new_frontier"))
)
