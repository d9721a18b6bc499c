"""
Whether rows are still those that the log recorded: asked of the few rows that an act leans on, before it goes on.

`verify.py` asks it of everything. Here the index `row_writers` says where to look, and the event itself, whose text
must still have its leaf hash, says what the row was.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, select, tuple_

from modelkeep_server.db.tables import GOVERNED, audit_events, audit_leaves, row_writers
from modelkeep_server.db.work import Work, as_stored, digest_row
from modelkeep_server.kit.merkle import leaf_hash
from modelkeep_server.rules.errors import IntegrityBroken

_BY_NAME = {table.name: table for table in GOVERNED}
_CHUNK = 400
_REMEDY = "Nothing was changed. Tell an Admin and an Auditor, and have the log verified: `modelkeep audit verify`."


def demand_sound(work: Work, objects: Collection[str], rows: Mapping[str, Collection[int]]) -> None:
    """
    Go on only where these rows are as the log has them. About two statements, and one a table.

    Args:
        objects: Public ids; every row that events about them wrote last is looked at, also whether it is still there.
        rows: More rows, by table and inside id: also those that nobody recorded are noticed.
    Raises:
        IntegrityBroken: Names the first row that was changed, added or removed by hand.
    """
    wanted = {(table, key) for table, keys in rows.items() for key in keys}
    writers = _find_writers(work, objects, wanted)
    digests = _read_digests(work, writers)
    expected = wanted | set(writers)
    stored = _read_rows(work, expected)
    for table, key in sorted(expected):
        place = f"row {key} of {table}"
        if (table, key) not in writers:
            raise IntegrityBroken(f"No event of the log wrote {place}: it was added by hand.", remedy=_REMEDY)
        recorded = digests.get((table, key))
        if recorded is None:
            at = writers[(table, key)]
            raise IntegrityBroken(f"Event {at}, which wrote {place}, was changed by hand.", remedy=_REMEDY)
        if (table, key) not in stored:
            raise IntegrityBroken(f"The {place} was removed by hand.", remedy=_REMEDY)
        if stored[(table, key)] != recorded:
            raise IntegrityBroken(f"The {place} was changed by hand since it was recorded.", remedy=_REMEDY)


def _find_writers(
    work: Work, objects: Collection[str], wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], int]:
    columns = (row_writers.c.table_name, row_writers.c.row_key, row_writers.c.sequence)
    found = list(work.all(select(*columns).where(row_writers.c.object_id.in_(sorted(objects)))))
    for part in _chunks(sorted(wanted)):
        named = tuple_(row_writers.c.table_name, row_writers.c.row_key).in_(part)
        found += work.all(select(*columns).where(named))
    return {(row.table_name, row.row_key): row.sequence for row in found}


def _read_digests(work: Work, writers: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], str]:
    """What each row was when its last event was recorded; left out where that event is not as it was recorded."""
    bodies: dict[int, dict[tuple[str, int], str]] = {}
    for part in _chunks(sorted(set(writers.values()))):
        statement = (
            select(audit_events.c.sequence, audit_events.c.body, audit_leaves.c.hash)
            .join(audit_leaves, audit_leaves.c.sequence == audit_events.c.sequence)
            .where(audit_events.c.sequence.in_(part))
        )
        for row in work.all(statement):
            if leaf_hash(row.body.encode("utf-8", "surrogatepass")) == row.hash:
                bodies[row.sequence] = {(name, key): digest for name, key, digest in json.loads(row.body)["rows"]}
    found = {row: bodies.get(sequence, {}).get(row) for row, sequence in writers.items()}
    return {row: digest for row, digest in found.items() if digest is not None}


def _read_rows(work: Work, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], str | None]:
    by_table: dict[str, list[int]] = {}
    for name, key in sorted(wanted):
        by_table.setdefault(name, []).append(key)
    found: dict[tuple[str, int], str | None] = {}
    for name, keys in by_table.items():
        table = _BY_NAME[name]
        for part in _chunks(keys):
            for row in work.all(select(*as_stored(table)).where(table.c.id.in_(part))):
                found[(name, row.id)] = find_digest(table, row)
    return found


def find_digest(table: Table, row: Row[Any]) -> str | None:
    """The digest of a row as it is stored, or None where a value was spoilt so that it has none."""
    try:
        return digest_row(table, row)
    except ValueError:
        return None


def _chunks(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[begin : begin + _CHUNK] for begin in range(0, len(values), _CHUNK)]
