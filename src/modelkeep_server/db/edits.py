"""What edits changed, read from the log: of one object since a revision, which a stale edit is told; of one event."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import audit_events, audit_people
from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import FieldError, Stale
from modelkeep_server.rules.events import Outcome

CHANGES_READ = 100
#: The key under which the event of an edit says which revision it made.
REVISION = "revision"


@dataclass(frozen=True)
class Change:
    """One edit: by whom (an e-mail, or a pseudonym where none is kept), when, and the JSON names of its fields."""

    by: str
    at: datetime
    fields: tuple[str, ...]


def demand_fresh(
    work: Work,
    address: str,
    object_id: str,
    actions: tuple[str, ...],
    *,
    expected: Collection[int] | None,
    present: int,
    key: str = REVISION,
) -> None:
    """
    Go on only where the revision that an edit was made on is still the present one. One statement where it is not.

    Args:
        actions: What makes a new revision of such an object, as its events name it.
        expected: The revisions that would do, or None where the caller does not ask.
        key: Under which its events say which revision they made.
    Raises:
        Stale: Names who changed which fields since, and when.
    """
    if expected is None or present in expected:
        return
    changes = _list_changes(work, object_id, actions, key, since=max(expected, default=0))
    by_field = {field: change for change in changes for field in change.fields}
    last = f"{changes[-1].by} edited it last, on {clock.say_moment(changes[-1].at)}." if changes else ""
    error = Stale(
        f"{address} was changed since you read it. {last}".strip(),
        errors=[
            FieldError(field, f"Changed by {change.by} on {clock.say_moment(change.at)}.")
            for field, change in by_field.items()
        ],
    )
    error.revision = present
    raise error


def find_last_change(work: Work, object_id: str, actions: tuple[str, ...]) -> Change | None:
    """The last of these edits of an object. One statement."""
    changes = _list_changes(work, object_id, actions, REVISION, since=-1, limit=1)
    return changes[-1] if changes else None


def fields_of(body: Mapping[str, Any], key: str = REVISION) -> tuple[str, ...]:
    """
    The fields that an edit changed, by their JSON names, in the order of its event's body. Never what they held.

    Empty for what is no edit. The revision is left out: every edit changes it, so that it tells nobody anything.
    """
    before, after = body.get("before"), body.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    names = dict.fromkeys([*before, *after])
    return tuple(name for name in names if name != key and before.get(name) != after.get(name))


def _list_changes(
    work: Work, object_id: str, actions: tuple[str, ...], key: str, *, since: int, limit: int = CHANGES_READ
) -> list[Change]:
    """The edits after a revision, oldest first, at most the last `limit`."""
    rows = work.all(
        select(audit_events.c.body, audit_events.c.at, audit_events.c.actor, audit_people.c.email)
        .outerjoin(audit_people, audit_people.c.pseudonym == audit_events.c.actor)
        .where(
            audit_events.c.object_id == object_id,
            audit_events.c.action.in_(sorted(actions)),
            audit_events.c.outcome == Outcome.ALLOWED,
        )
        .order_by(audit_events.c.sequence.desc())
        .limit(limit)
    )
    changes = []
    for row in reversed(rows):
        body = json.loads(row.body)
        after = body.get("after") or {}
        if after.get(key, 0) > since:
            changes.append(Change(row.email or row.actor, row.at, fields_of(body, key)))
    return changes
