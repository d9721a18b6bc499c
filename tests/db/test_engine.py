"""What the databases are opened with, and what that gives: durable commits, one writer, snapshots for readers."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from modelkeep_server.db.engine import open_database, open_sqlite
from modelkeep_server.features.audit import verify
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.rules.errors import Conflict, Unavailable
from modelkeep_server.rules.permissions import Role
from tests.support.registries import Registries, Registry


@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_a_sqlite_commit_is_durable(registries: Registries, name: str, value: object) -> None:
    """The writer keeps a write-ahead log, syncs at every commit, and holds foreign keys."""
    database = registries.shared("sqlite").house.database

    with database.writer.connect() as connection:
        pragma = connection.execute(text(f"PRAGMA {name}")).scalar()

    assert pragma == value


@pytest.mark.parametrize(("name", "value"), [("query_only", 1), ("wal_autocheckpoint", 0)])
def test_sqlite_readers_neither_write_nor_checkpoint(registries: Registries, name: str, value: object) -> None:
    """The one writer is the only one that touches the files."""
    database = registries.shared("sqlite").house.database

    with database._readers.connect() as connection:
        pragma = connection.execute(text(f"PRAGMA {name}")).scalar()

    assert pragma == value


def test_closing_folds_the_write_ahead_log_into_the_file(tmp_path: Path) -> None:
    """A data folder that nobody has open is one database file."""
    database = open_sqlite(tmp_path / "a.db", connections=4)
    with database.writer.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    with database._readers.connect() as connection:
        connection.execute(text("SELECT * FROM t"))

    database.close()

    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize("url", ["mysql://a/b", "sqlite://", "oracle://x"])
def test_other_databases_are_refused_in_words(url: str) -> None:
    """The sentence says what the setting may hold."""
    with pytest.raises(ValueError, match=r"sqlite:///"):
        open_database(url, connections=2)


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """What the system says becomes the registry's own error, which names the file."""
    with pytest.raises(Unavailable, match=r"nowhere.a\.db cannot be opened: No such file"):
        open_sqlite(tmp_path / "nowhere" / "a.db", connections=2)


def test_a_reader_sees_one_snapshot(registry: Registry) -> None:
    """What commits while a work reads does not show in it."""
    query = text("SELECT count(*) FROM audit_events")

    with registry.reading() as work:
        before = work.scalar(query)
        with registry.writing() as writing:
            invitations.invite_by_operator(writing, host="test", email="snapshot@example.com", roles=[])
        after = work.scalar(query)

    assert before == after
    with registry.reading() as work:
        assert work.scalar(query) == after + 1


def test_many_writers_keep_the_log_whole(fresh_registry: Registry) -> None:
    """Four threads with 25 acts each: every event has its place, none twice, and everything verifies."""
    before = fresh_registry.event_count

    def write(thread: int) -> None:
        for number in range(25):
            with fresh_registry.writing() as work:
                email = f"writer-{thread}-{number}@example.com"
                invitations.invite_by_operator(work, host="test", email=email, roles=[Role.MRC])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    with fresh_registry.reading() as work:
        verdict = verify.verify_log(work)
    assert (verdict.size, verdict.findings) == (before + 100, ())


def test_making_one_person_twice_at_once_has_one_winner(registry: Registry) -> None:
    """A race for a unique name ends with one row, and clear refusals for the others."""
    email = f"race-{secrets.token_hex(5)}@example.com"

    def write(_: int) -> str:
        try:
            with registry.writing() as work:
                tokens.create_token_by_operator(work, host="test", email=email, roles=[Role.SRE])
        except Conflict:
            return "refused"
        return "made"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(write, range(6)))

    assert "made" in outcomes
    assert len(registry.look("SELECT 1 FROM people WHERE email = :email", email=email)) == 1
