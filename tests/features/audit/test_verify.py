"""Tamper-evidence: whatever is changed behind the registry's back is found, and the very event or row is named."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Table

from modelkeep_server.db.tables import GOVERNED
from modelkeep_server.features.audit import verify
from modelkeep_server.kit.merkle import Frontier
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.meddling import another, judge_after, judge_after_edits, judge_after_rewriting, messages
from tests.support.registries import Registry

#: Every so manyeth event is changed at once.
STRIDE = 6


def event_of(registry: Registry, action: str) -> Any:
    """The first event of an action, as stored."""
    return registry.look("SELECT * FROM audit_events WHERE action = :action ORDER BY sequence LIMIT 1", action=action)[
        0
    ]


def test_a_mixed_workload_verifies(filled: Registry) -> None:
    """Every event, the tree, the signed head and every governed row hold, and every table was written to."""
    verdict = judge_after(filled)

    rows = {table.name: filled.look(f"SELECT count(*) AS n FROM {table.name}")[0].n for table in GOVERNED}
    assert (verdict.ok, verdict.findings) == (True, ())
    assert (verdict.size, verdict.rows_checked) == (filled.event_count, sum(rows.values()))
    assert min(rows.values()) > 0


def newest_rows(registry: Registry) -> dict[Table, Any]:
    """The newest row of each governed table, as stored. That each table has one, the mixed workload says."""
    found = {table: registry.look(f"SELECT * FROM {table.name} ORDER BY id DESC LIMIT 1") for table in GOVERNED}
    return {table: rows[0] for table, rows in found.items() if rows}


def find_unnoticed(
    registry: Registry, rows: Mapping[Table, Any], changes: Mapping[Table, tuple[str, Any]]
) -> list[str]:
    """One column a table set to another value, all in one go: those whose row is not named afterwards."""
    verdict, refused = judge_after_edits(
        registry, {table.name: (column, value, rows[table].id) for table, (column, value) in changes.items()}
    )
    told = messages(verdict)
    return [
        f"{table.name}.{column}"
        for table, (column, _) in changes.items()
        if table.name not in refused
        and not any(message.startswith(f"{table.name} row {rows[table].id}: changed by hand") for message in told)
    ]


def test_any_edited_column_of_any_governed_row_is_found(filled: Registry) -> None:
    """One value changed by SQL, whichever it is: the row is named, or the database itself refused the change."""
    rows = newest_rows(filled)
    columns = {table: [column for column in table.c if column.name != "id"] for table in rows}
    unnoticed = []

    # The first column of every table, then the second of every table: each row is judged by itself.
    for place in range(max(map(len, columns.values()))):
        changed = {table: of_table[place] for table, of_table in columns.items() if place < len(of_table)}
        changes = {
            table: (column.name, another(column, rows[table]._mapping[column.name]))
            for table, column in changed.items()
        }
        unnoticed += find_unnoticed(filled, rows, changes)

    assert unnoticed == []


def test_values_that_cannot_even_be_read_are_found(filled: Registry) -> None:
    """Broken JSON and impossible times are named as changes; verifying does not stumble over them."""
    rows = newest_rows(filled)
    broken = {"JsonText": '{"broken', "UtcMicros": 2**62}
    columns = {table: [c.name for c in table.c if type(c.type).__name__ in broken] for table in rows}
    unnoticed = []

    for place in range(max(map(len, columns.values()))):
        changed = {table: of_table[place] for table, of_table in columns.items() if place < len(of_table)}
        changes = {table: (name, broken[type(table.c[name].type).__name__]) for table, name in changed.items()}
        unnoticed += find_unnoticed(filled, rows, changes)

    assert unnoticed == []


@pytest.mark.parametrize("name", ["role_grants", "links", "model_owners", "version_passages"])
def test_a_row_that_was_removed_or_added_by_hand_is_found(filled: Registry, name: str) -> None:
    """A role granted by SQL is as visible as one taken away."""
    row = filled.look(f"SELECT * FROM {name} ORDER BY id DESC LIMIT 1")[0]
    unique = {"public_id": "'x'", "handle_hash": "'y'", "position": "99"}
    columns = [column for column in row._mapping if column != "id"]
    values = ", ".join(unique.get(column, column) for column in columns)

    removed = judge_after(filled, f"DELETE FROM {name} WHERE id = :id", id=row.id)
    added = judge_after(
        filled,
        f"INSERT INTO {name} (id, {', '.join(columns)}) SELECT 999999, {values} FROM {name} WHERE id = :id",
        id=row.id,
    )

    assert [m for m in messages(removed) if f"{name} row {row.id}: removed by hand" in m]
    assert messages(added) == [f"{name} row 999999: no event wrote it; it was added by hand"]


def test_one_changed_character_of_one_body_names_the_event(filled: Registry) -> None:
    """Whichever event it is, exactly that one is named."""
    events = filled.look("SELECT sequence, body FROM audit_events ORDER BY sequence")
    # Neighbours are never changed together, and every event is changed once.
    for first in range(STRIDE):
        changes = {}
        for event in events[first::STRIDE]:
            at = event.body.index('"action":') + len('"action":"')
            changes[event.sequence] = event.body[:at] + ("0" if event.body[at] != "0" else "1") + event.body[at + 1 :]

        verdict = judge_after_rewriting(filled, changes)

        named = {finding.sequence for finding in verdict.findings if "it was changed" in finding.message}
        assert named == set(changes)
        assert {finding.sequence for finding in verdict.findings} <= {*changes, None}


def test_a_body_and_its_hash_changed_together_break_the_tree(filled: Registry) -> None:
    """Who recomputes the leaf still meets the head and the signed checkpoint."""
    event = event_of(filled, "model.create")
    body = event.body.replace('"riskTier":"LOW"', '"riskTier":"MID"')
    forged = verify.leaf_hash(body.encode())

    verdict = judge_after(
        filled,
        "UPDATE audit_events SET body = :body WHERE sequence = :n",
        "UPDATE audit_leaves SET hash = :forged WHERE sequence = :n",
        body=body, n=event.sequence, forged=forged,
    )  # fmt: skip

    told = "".join(messages(verdict))
    assert "head has another root" in told
    assert "HISTORY REWRITTEN" in told


def test_a_wholly_recomputed_tree_still_breaks_the_signature(filled: Registry) -> None:
    """Even with head and leaves made anew, the signed root does not hold: the key is not in the database."""
    event = event_of(filled, "model.create")
    body = event.body.replace('"riskTier":"LOW"', '"riskTier":"MID"')
    frontier = Frontier()
    for row in filled.look("SELECT sequence, body FROM audit_events ORDER BY sequence"):
        frontier = frontier.append(verify.leaf_hash((body if row.sequence == event.sequence else row.body).encode()))

    verdict = judge_after(
        filled,
        "UPDATE audit_events SET body = :body WHERE sequence = :n",
        "UPDATE audit_leaves SET hash = :forged WHERE sequence = :n",
        "UPDATE audit_head SET frontier = :frontier",
        body=body, n=event.sequence, forged=verify.leaf_hash(body.encode()), frontier=frontier.to_bytes(),
    )  # fmt: skip

    assert [message for message in messages(verdict) if "HISTORY REWRITTEN" in message]


def test_a_removed_event_is_named(filled: Registry) -> None:
    """Its text alone, its hash alone, or both."""
    n = event_of(filled, "version.create").sequence
    text_alone = judge_after(filled, "DELETE FROM audit_events WHERE sequence = :n", n=n)
    hash_alone = judge_after(filled, "DELETE FROM audit_leaves WHERE sequence = :n", n=n)
    both = judge_after(
        filled, "DELETE FROM audit_events WHERE sequence = :n", "DELETE FROM audit_leaves WHERE sequence = :n", n=n
    )

    assert f"event {n}: removed; its hash is there, its text is not" in messages(text_alone)
    assert [m for m in messages(hash_alone) if m.startswith(f"event {n}: its recorded hash was removed")]
    assert f"event {n}: removed; neither its text nor its hash is there" in messages(both)


def test_a_swapped_pair_names_both(filled: Registry) -> None:
    """Texts alone, or texts with their hashes: the order is part of what is proved."""
    n = event_of(filled, "version.create").sequence
    swap = (
        "UPDATE {0} SET sequence = -1 WHERE sequence = :n",
        "UPDATE {0} SET sequence = :n WHERE sequence = :m",
        "UPDATE {0} SET sequence = :m WHERE sequence = -1",
    )
    texts = [statement.format("audit_events") for statement in swap]
    hashes = [statement.format("audit_leaves") for statement in swap]

    alone = judge_after(filled, *texts, n=n, m=n - 1)
    together = judge_after(filled, *texts, *hashes, n=n, m=n - 1)

    assert {finding.sequence for finding in alone.findings} >= {n, n - 1}
    assert [m for m in messages(together) if "reordered" in m and m.startswith((f"event {n}:", f"event {n - 1}:"))]
    assert [m for m in messages(together) if "HISTORY REWRITTEN" in m]


@pytest.mark.parametrize("head_too", [False, True])
def test_a_log_that_was_cut_is_found(filled: Registry, head_too: bool) -> None:
    """Its last events removed, with the head put right or not: a checkpoint was signed over more."""
    keep = filled.event_count - 3
    frontier = Frontier()
    for row in filled.look("SELECT hash FROM audit_leaves ORDER BY sequence")[:keep]:
        frontier = frontier.append(bytes(row.hash))
    head = "UPDATE audit_head SET size = :keep, frontier = :frontier" if head_too else "SELECT 1"

    verdict = judge_after(
        filled,
        "DELETE FROM audit_events WHERE sequence >= :keep",
        "DELETE FROM audit_leaves WHERE sequence >= :keep",
        head, keep=keep, frontier=frontier.to_bytes(),
    )  # fmt: skip

    assert [message for message in messages(verdict) if message.startswith("LOG SHRANK")]
    assert any("head counts" in message for message in messages(verdict)) != head_too


@pytest.mark.parametrize(
    "column", ["id", "at", "action", "actor", "role", "object_kind", "object_id", "outcome", "request_id"]
)
def test_a_query_column_that_says_something_else_names_the_event(filled: Registry, column: str) -> None:
    """What lists are filtered by is what the text says, or it is found."""
    event = event_of(filled, "model.create")

    for value in (12_345, 2**62) if column == "at" else ("another",):
        verdict = judge_after(
            filled, f"UPDATE audit_events SET {column} = :value WHERE sequence = :n", value=value, n=event.sequence
        )
        assert messages(verdict) == [f"event {event.sequence}: its column {column} does not say what its text says"]


def test_an_event_added_by_hand_is_found(filled: Registry) -> None:
    """At the end of the log, with or without a hash."""
    n = filled.event_count
    columns = "at, action, actor, role, object_kind, object_id, outcome, request_id"
    added = (
        f"INSERT INTO audit_events (sequence, body, id, {columns})"
        f" SELECT :n, body, 'x', {columns} FROM audit_events WHERE sequence = 0"
    )
    hashed = "INSERT INTO audit_leaves (sequence, hash) SELECT :n, hash FROM audit_leaves WHERE sequence = 0"

    without, with_hash = judge_after(filled, added, n=n), judge_after(filled, added, hashed, n=n)

    assert [
        m
        for m in messages(without)
        if m.startswith(f"event {n}: its recorded hash was removed, or the event was added")
    ]
    assert [m for m in messages(with_hash) if m.startswith(f"event {n}: it was recorded as event 0")]


def test_a_checkpoint_that_was_forged_is_found(filled: Registry) -> None:
    """Its text, its signature, or a whole one made up."""
    for value in ("made up", "x\n1\ny\n\n— x AAAA\n"):
        verdict = judge_after(filled, "UPDATE audit_checkpoints SET note = :value", value=value)

        assert [message for message in messages(verdict) if "not signed by this registry" in message]


def test_without_any_checkpoint_the_head_still_tells(filled: Registry) -> None:
    """Removing every checkpoint does not hide a changed event."""
    event = event_of(filled, "model.create")

    verdict = judge_after(
        filled,
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_events SET body = '{}' WHERE sequence = :n",
        n=event.sequence,
    )

    assert event.sequence in {finding.sequence for finding in verdict.findings}


def test_the_api_tells_what_verification_found(fresh_registry: Registry, fresh_make: Make, fresh_api: Api) -> None:
    """An auditor asks and gets the verdict, before and after somebody meddled."""
    model = fresh_make.model()
    auditor = fresh_api.as_(fresh_make.person(Role.AUDITOR))
    before = auditor.get("/api/v1/audit/verify").json()

    fresh_registry.tamper("UPDATE models SET risk_tier = 'HIGH' WHERE public_id = :id", id=model.id)

    after = auditor.get("/api/v1/audit/verify").json()
    assert (before["ok"], before["findings"]) == (True, [])
    assert after["ok"] is False
    assert [finding["message"] for finding in after["findings"]] == [
        f"models row {model.key}: changed by hand since event {fresh_make.events(model.id)[0].sequence} wrote it"
    ]
