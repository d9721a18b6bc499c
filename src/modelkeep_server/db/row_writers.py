"""
Which event wrote each governed row last. Kept by the ledger in the transaction of the event, filled from the log where
it is missing: the log alone says what a row should be, this says where in the log to look.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Insert, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db.tables.audit import audit_events
from modelkeep_server.db.tables.housekeeping import row_writers

_BATCH = 1000


def note(connection: Connection, events: Iterable[Mapping[str, Any]], rows_of_each: Iterable[Iterable[Any]]) -> None:
    """Enter what these new events wrote: `rows_of_each` holds `(table, key, digest)` for each, in the same order."""
    found = [
        _row(table, key, event["sequence"], event["object_id"])
        for event, rows in zip(events, rows_of_each, strict=True)
        for table, key, _ in rows
    ]
    if found:
        _write(connection, found)


def rebuild(connection: Connection) -> None:
    """Write everything anew from the log. Reads each body once."""
    connection.execute(delete(row_writers))
    newest: dict[tuple[str, int], dict[str, Any]] = {}
    statement = select(audit_events.c.sequence, audit_events.c.object_id, audit_events.c.body)
    reading = connection.execute(statement.order_by(audit_events.c.sequence), execution_options={"yield_per": _BATCH})
    for event in reading:
        for table, key, _ in json.loads(event.body).get("rows", ()):
            newest[(table, key)] = _row(table, key, event.sequence, event.object_id)
    rows = list(newest.values())
    for begin in range(0, len(rows), _BATCH):
        _write(connection, rows[begin : begin + _BATCH])


def _row(table: str, key: int, sequence: int, object_id: str) -> dict[str, Any]:
    return {"table_name": table, "row_key": key, "sequence": sequence, "object_id": object_id}


def _write(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(_UPSERTS[connection.dialect.name], rows)


def _upsert(dialect: Any) -> Insert:
    statement = dialect.insert(row_writers)
    new = {name: statement.excluded[name] for name in ("sequence", "object_id")}
    upsert: Insert = statement.on_conflict_do_update(index_elements=["table_name", "row_key"], set_=new)
    return upsert


_UPSERTS = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
