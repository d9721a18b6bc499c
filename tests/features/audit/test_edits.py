"""Edits of the database by SQL, chosen at random among all there are: verification names the event or the row."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Column, Table
from sqlalchemy.exc import IntegrityError

from modelkeep_server.db.tables import (
    GOVERNED,
    HOUSEKEEPING,
    audit_checkpoints,
    audit_events,
    audit_head,
    audit_labels,
    audit_leaves,
    audit_people,
    audit_texts,
    metadata,
)
from modelkeep_server.features.audit.views import Verdict
from tests.support.endurance import Figures, sizes
from tests.support.meddling import another, judge_after, messages
from tests.support.registries import Registry

#: What each table of the log is, the column that a row is found by, and those that stand for something verifiable.
#: A name beside the log may come late, and when a head was signed is in no signature.
OF_THE_LOG: dict[Table, tuple[str, tuple[str, ...]]] = {
    audit_events: ("sequence", tuple(column.name for column in audit_events.c)),
    audit_leaves: ("sequence", ("sequence", "hash")),
    audit_head: ("id", ("size", "frontier")),
    audit_checkpoints: ("size", ("size", "root", "note")),
    audit_texts: ("commitment", ("commitment", "salt", "value")),
    audit_people: ("pseudonym", ("email", "email_key")),
    audit_labels: ("object_id", ("kind", "label")),
}


@dataclass(frozen=True)
class Edit:
    """One value of one row that somebody changes by hand."""

    table: Table
    key: Any
    column: Column[Any]
    value: Any

    def judged(self, registry: Registry) -> Verdict | None:
        """What verification says of it; None where the database itself refuses the change."""
        by = "id" if self.table in GOVERNED else OF_THE_LOG[self.table][0]
        change = f"UPDATE {self.table.name} SET {self.column.name} = :value WHERE {by} = :key"
        try:
            return judge_after(registry, change, value=self.value, key=self.key)
        except IntegrityError:
            return None

    def is_named_by(self, verdict: Verdict) -> bool:
        """A finding names the event, or the row, or what of the log does not hold."""
        told = messages(verdict)
        if self.table in GOVERNED:
            return f"{self.table.name} row {self.key}: changed by hand" in "".join(told)
        if self.table in (audit_events, audit_leaves):
            return self.key in {finding.sequence for finding in verdict.findings}
        if self.table is audit_texts:
            return any("kept beside it" in message or message.startswith("audit_texts ") for message in told)
        words = {audit_head: "the log's head", audit_checkpoints: "checkpoint"}.get(self.table, str(self.key))
        return any(words in message for message in told)


def possible_edits(registry: Registry) -> Iterator[Edit]:
    """Every column of every governed row, and of every row of the log that says something verifiable."""
    for table in GOVERNED:
        for row in registry.look(f"SELECT * FROM {table.name}"):
            for column in table.c:
                if column.name != "id":
                    yield Edit(table, row.id, column, another(column, row._mapping[column.name]))
    for table, (by, columns) in OF_THE_LOG.items():
        for row in registry.look(f"SELECT * FROM {table.name}"):
            values = row._mapping
            for name in columns:
                if is_tied(registry, table, values[by]):
                    yield Edit(table, values[by], table.c[name], another(table.c[name], values[name]))


def is_tied(registry: Registry, table: Table, key: Any) -> bool:
    """People who own a model and have no account, and what is no model, version or file, are tied to no row."""
    if table is audit_people:
        return bool(registry.look("SELECT id FROM people WHERE pseudonym = :key", key=key))
    if table is audit_labels:
        tables = ("models", "versions", "artifacts")
        return any(registry.look(f"SELECT id FROM {name} WHERE public_id = :key", key=key) for name in tables)
    return True


@pytest.mark.parametrize("edits", sizes(small=60, full=300))
def test_edits_by_sql_are_named(filled: Registry, edits: int, figures: Figures) -> None:
    """One value changed by SQL, anywhere in a governed row or in the log: verification names it."""
    every = list(possible_edits(filled))
    chosen = random.Random(7).sample(every, len(every))
    judged = refused = 0
    unnamed = []

    for edit in chosen:
        if judged == edits:
            break
        verdict = edit.judged(filled)
        if verdict is None:
            refused += 1
            continue
        judged += 1
        if not edit.is_named_by(verdict):
            unnamed.append((edit.table.name, edit.key, edit.column.name, messages(verdict)))

    figures.tell("edits by SQL", judged, at_least=edits)
    figures.tell("edits that audit verify does not name", len(unnamed), at_most=0)
    figures.tell("further edits that the database refused", refused)
    assert unnamed == []
    assert judged == edits


def test_every_table_is_verified_or_housekeeping() -> None:
    """No table stands between the two: a new one is found by its absence here."""
    tables = {table.name for table in metadata.sorted_tables}

    known = {table.name for table in (*GOVERNED, *OF_THE_LOG)}

    assert tables - known <= set(HOUSEKEEPING)


def test_each_column_of_the_log_is_verified(filled: Registry) -> None:
    """Not by chance: each of the columns that say something is changed once, in the newest row."""
    newest = {(edit.table.name, edit.column.name): edit for edit in possible_edits(filled) if edit.table in OF_THE_LOG}

    verdicts = {name: (edit, edit.judged(filled)) for name, edit in newest.items()}

    unnamed = [name for name, (edit, verdict) in verdicts.items() if verdict and not edit.is_named_by(verdict)]
    assert unnamed == []
    assert len(verdicts) == sum(len(columns) for _, columns in OF_THE_LOG.values())


def test_a_text_that_was_edited_names_the_event_it_belongs_to(filled: Registry) -> None:
    """A description that says something else on the audit page is found, though no event was touched."""
    (text,) = [row for row in filled.look("SELECT * FROM audit_texts") if row.value == "Known."]
    made = filled.look("SELECT sequence, body FROM audit_events WHERE action = 'model.create'")
    (event,) = [row for row in made if text.commitment in row.body]

    verdict = judge_after(
        filled, "UPDATE audit_texts SET value = 'Unknown.' WHERE commitment = :key", key=text.commitment
    )

    assert [(finding.sequence, finding.message) for finding in verdict.findings] == [
        (event.sequence, f"event {event.sequence}: a text kept beside it is not the one that was committed to")
    ]
