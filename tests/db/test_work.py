"""One request, one transaction: no governed write without its event, and no event without its write."""

import secrets
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import (
    GOVERNED,
    HOUSEKEEPING,
    audit_events,
    idempotency_answers,
    invitations,
    metadata,
    rate_counters,
    search_entries,
    search_index,
    search_pairs,
    search_whole,
)
from modelkeep_server.db.work import NoSuchRow, UnrecordedWrite, Work
from modelkeep_server.features.audit import verify
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import TookTooLong
from tests.conftest import BOTH
from tests.support.make import Make
from tests.support.registries import Registries, Registry


def link_row() -> dict[str, Any]:
    """The values of an invitation, a governed row like any other."""
    now = clock.utc_now()
    return {
        "public_id": ids.uuid7(clock.to_us(now)), "kind": "INVITATION", "email": "ada@example.com", "roles": [],
        "secret_hash": ids.ulid(clock.to_us(now)), "created_by": "test", "created_at": now,
        "expires_at": now + timedelta(days=7),
    }  # fmt: skip


def note(work: Work, object_id: str, **facts: Any) -> None:
    """An event about an invitation."""
    recording.record(work, "invitation.create", actor="modelkeep", auth="host", object_id=object_id, after=facts)


def stored(registry: Registry, public_id: str) -> list[Any]:
    """The invitation as the database has it."""
    return registry.look("SELECT * FROM invitations WHERE public_id = :id", id=public_id)


def test_every_table_is_governed_housekeeping_or_the_log() -> None:
    """No table stands outside the rule."""
    log = {name for name in metadata.tables if name.startswith("audit_")}
    governed = {table.name for table in GOVERNED}

    apart = {table.name for table in (search_index, search_pairs, search_whole, search_entries)}
    assert governed | HOUSEKEEPING | log == {*metadata.tables, *apart}
    assert governed.isdisjoint(HOUSEKEEPING | log)


def test_a_governed_write_without_its_event_cannot_commit(registry: Registry) -> None:
    """Leaving a transaction that wrote and recorded nothing raises, and nothing was written."""
    row = link_row()

    with pytest.raises(UnrecordedWrite), registry.writing() as work:
        work.insert(invitations, row)

    assert stored(registry, row["public_id"]) == []


def test_a_failing_transaction_leaves_neither_row_nor_event(registry: Registry, make: Make) -> None:
    """What happens after the event still takes both back."""
    row = link_row()

    def fail_late() -> None:
        with registry.writing() as work:
            work.insert(invitations, row)
            note(work, row["public_id"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()

    assert stored(registry, row["public_id"]) == []
    assert make.events(row["public_id"]) == []


def test_a_row_and_its_event_commit_together(registry: Registry, make: Make) -> None:
    """One transaction writes both, and the event holds the digest of the row after it."""
    row = link_row()
    with registry.writing() as work:
        work.insert(invitations, row)
        note(work, row["public_id"])

    (event,) = make.events(row["public_id"])
    assert event.action == "invitation.create"
    assert len(stored(registry, row["public_id"])) == 1
    assert '"rows":[["invitations",' in event.raw


def test_a_work_that_reads_cannot_write(registry: Registry) -> None:
    """None of the ways to write is open to it."""
    row = link_row()
    with registry.reading() as work:
        counter = insert(rate_counters).values(key="k", window=0, count=1)

        for attempt in (
            lambda: work.keep(rate_counters, counter),
            lambda: note(work, "x"),
            lambda: work.pseudonym_of("new@example.com"),
            lambda: work.insert(invitations, row),
        ):
            with pytest.raises(UnrecordedWrite):
                attempt()

    assert stored(registry, row["public_id"]) == []


def test_the_database_itself_refuses_a_readers_write(registry: Registry) -> None:
    """Readers are read-only below the program too."""
    with registry.house.database._readers.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        connection.execute(text("DELETE FROM rate_counters"))


@pytest.mark.parametrize("table", [*GOVERNED, audit_events], ids=lambda table: table.name)
def test_keep_refuses_every_table_but_housekeeping(registries: Any, table: Any) -> None:
    """No governed row and no event can be written as housekeeping."""
    with pytest.raises(ValueError, match=table.name), registries.shared("sqlite").writing() as work:
        work.keep(table, update(table).values())


def test_keep_refuses_a_statement_for_another_table(registry: Registry) -> None:
    """Naming a housekeeping table does not open another one."""
    with pytest.raises(ValueError, match="invitations"), registry.writing() as work:
        work.keep(rate_counters, update(invitations).values(kind="FIRST_START"))


def test_the_log_is_never_written_as_rows(registry: Registry) -> None:
    """Only appending reaches the log's tables; the attempt is refused before a statement is sent."""
    with registry.writing() as work:
        with pytest.raises(UnrecordedWrite):
            work.insert(audit_events, {"sequence": 10**9, "body": "{}"})
        with pytest.raises(UnrecordedWrite):
            work.change(audit_events, 0, {"body": "{}"})

    assert registry.look("SELECT 1 FROM audit_events WHERE body = '{}'") == []


def test_compare_and_set_has_one_winner(registry: Registry) -> None:
    """A change made on a row as it no longer is raises, and nothing was changed."""
    row = link_row()
    with registry.writing() as work:
        key = work.insert(invitations, row)
        note(work, row["public_id"])
    with registry.writing() as work:
        work.change(invitations, key, {"used_at": work.now}, expect={"used_at": None})
        note(work, row["public_id"])

    with pytest.raises(NoSuchRow), registry.writing() as work:
        work.change(invitations, key, {"kind": "FIRST_START"}, expect={"used_at": None})

    assert [found.kind for found in stored(registry, row["public_id"])] == ["INVITATION"]


def test_a_change_of_no_row_raises(registry: Registry) -> None:
    """There is no silent update of nothing."""
    with pytest.raises(NoSuchRow), registry.writing() as work:
        work.change(invitations, 10**9, {"kind": "FIRST_START"})


def test_a_taken_name_raises_what_the_act_says(registry: Registry) -> None:
    """A unique rule becomes the act's own error, and the transaction is undone."""
    row = link_row()
    with registry.writing() as work:
        work.insert(invitations, row)
        note(work, row["public_id"])

    with pytest.raises(KeyError, match="taken"), registry.writing() as work:
        work.insert(invitations, {**row, "public_id": "other"}, taken=KeyError("taken"))

    assert stored(registry, "other") == []


def test_events_of_one_transaction_stand_in_order_and_the_last_digest_counts(registry: Registry, make: Make) -> None:
    """A row written twice in one transaction is digested once, as the later event left it."""
    row = link_row()
    with registry.writing() as work:
        key = work.insert(invitations, row)
        note(work, row["public_id"], step=1)
        work.change(invitations, key, {"used_at": work.now})
        note(work, row["public_id"], step=2)

    first, second = make.events(row["public_id"])
    assert (first.after, second.after) == ({"step": 1}, {"step": 2})
    assert second.sequence == first.sequence + 1
    assert ('"rows"' in first.raw, '"rows"' in second.raw) == (False, True)


def test_what_is_long_stands_as_digest_and_size(registry: Registry, make: Make) -> None:
    """A value over 4 KiB does not swell the log."""
    with registry.writing() as work:
        note(work, "long-value", ids=["x" * 100] * 100)

    event = make.events("long-value")[-1]
    assert event.after is not None
    assert set(event.after["ids"]) == {"sha256", "bytes"}
    assert event.after["ids"]["bytes"] > 10_000


def test_an_event_over_32_kib_is_refused_with_its_write(registry: Registry) -> None:
    """Nothing commits under an event that the log does not take."""
    row = link_row()

    def swell() -> None:
        with registry.writing() as work:
            work.insert(invitations, row)
            note(work, row["public_id"], **{f"fact{n}": "x" * 4000 for n in range(10)})

    with pytest.raises(ValueError, match="32768"):
        swell()

    assert stored(registry, row["public_id"]) == []


def test_an_action_without_a_row_cannot_be_recorded(registry: Registry) -> None:
    """The log holds only kinds of events that the table knows."""
    with pytest.raises(KeyError), registry.writing() as work:
        recording.record(work, "model.devour", actor="modelkeep", auth="host", object_id="x")


def test_json_text_holds_what_jsonb_refuses_on_both_databases(registry: Registry) -> None:
    """NUL inside JSON, and one spelling whatever the order of keys."""
    headers = {"z": "\x00", "a": [1.0, "é"]}
    key = secrets.token_hex(8)
    with registry.writing() as work:
        statement = insert(idempotency_answers).values(
            key=key, body_digest="d", status=200, headers=headers, answer=b"\x00",
            expires_at=work.now,
        )  # fmt: skip
        work.keep(idempotency_answers, statement)

    spelled = registry.look(f"SELECT headers FROM idempotency_answers WHERE key = '{key}'")
    assert spelled[0].headers == '{"a":[1,"é"],"z":"\\u0000"}'


def test_a_text_with_half_characters_can_be_veiled(registry: Registry, make: Make) -> None:
    """Text that is no well-formed Unicode never stops the log: its commitment is taken all the same."""
    with registry.writing() as work:
        note(work, "veiled-value", email=Veiled("\u00e9\u2028"))

    with registry.reading() as work:
        verdict = verify.verify_log(work)
    assert make.events("veiled-value")[-1].after == {"email": "\u00e9\u2028"}
    assert verdict.findings == ()


@pytest.mark.postgres
def test_what_is_asked_behind_a_hurried_block_has_the_usual_time(registries: Registries) -> None:
    """And the usual plans, in the same transaction; within a block it has what is left of that."""
    registry = registries.shared("postgresql")
    asked = text("SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'enable_seqscan')")

    for opened in (registry.reading, registry.writing):
        with opened() as work:
            usual = dict(map(tuple, work.all(asked)))
            with work.hurried(9):
                with work.hurried(4):
                    inner = dict(map(tuple, work.all(asked)))
                outer = dict(map(tuple, work.all(asked)))
            after = dict(map(tuple, work.all(asked)))

        assert (inner["enable_seqscan"], outer["enable_seqscan"], after) == ("off", "off", usual)
        assert int(inner["statement_timeout"]) <= 4_000 < int(outer["statement_timeout"]) <= 9_000


@pytest.mark.parametrize("kind", BOTH)
def test_what_is_asked_behind_a_block_within_a_hurried_one_is_stopped_too(kind: str, registries: Registries) -> None:
    """The limit of the outer block holds to its end, while a statement runs and not only before it."""
    counted = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000)"
    began = time.monotonic()

    with registries.shared(kind).reading() as work, suppress(TookTooLong), work.hurried(0.4, apart=True):
        with work.hurried(0.2, apart=True):
            work.scalar(text("SELECT 1"))
        work.scalar(text(f"{counted} SELECT max(i) FROM n"))

    assert time.monotonic() - began < 2
