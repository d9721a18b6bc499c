"""
Whole copies of a SQLite database: made while others write, and looked into without opening a registry.

A copy is SQLite's own online backup out of one read snapshot: everything committed before it began is in it, nothing
that came later, and writers never wait for it. Source: sqlite.org/backup.html.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import DatabaseError, NoResultFound
from sqlalchemy.pool import StaticPool

from modelkeep_server.db import schema
from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import audit_checkpoints, audit_head, blobs, registry
from modelkeep_server.kit.merkle import Frontier

PAGES_A_STEP = 2048


class CopyUnreadable(Exception):
    """The file is no database of a registry, or a damaged one. The text says what was found."""


@dataclass(frozen=True)
class StoredBlob:
    """A sealed file that a database names. `parts` is as in the table: number, attempt, plain size, sealed size."""

    public_id: str
    key_id: str
    parts: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Contents:
    """What a copy says of itself. `checkpoint` is the newest signed note, None where no head was ever signed."""

    registry_id: str
    schema: str
    log_size: int
    log_root: str
    checkpoint: str | None


def copy_database(database: Database, path: Path, tell: Callable[[int, int], None]) -> None:
    """
    Copy a SQLite database to a new file, which is not yet synced, and which nobody else on the machine can read.

    Args:
        tell: Called after each step with the pages copied and the pages there are. What it raises ends the copy.
    Raises:
        OSError: The file cannot be written; ENOSPC where there is no room.
    """

    def step(_: int, remaining: int, total: int) -> None:
        tell(total - remaining, total)

    # SQLite itself would make it as the umask says, and copying takes a while.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with database.snapshot() as source, closing(sqlite3.connect(path)) as target:
        # The file is thrown away where this does not end well, so that a journal of its own would be of no use.
        target.execute("PRAGMA journal_mode=OFF")
        target.execute("PRAGMA synchronous=OFF")
        try:
            source.backup(target, pages=PAGES_A_STEP, progress=step)
        except sqlite3.OperationalError as error:
            raise OSError(_errno_of(error), str(error), str(path)) from error


def _errno_of(error: sqlite3.Error) -> int:
    return 28 if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL else 5


class Copy:
    """A copy that is open for looking. Nothing is written, not even beside it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read_contents(self) -> Contents:
        """What the copy says of itself. Raises CopyUnreadable."""
        with _translated():
            named = self._connection.execute(select(registry.c.registry_id)).scalar_one()
            number = self._connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            head = self._connection.execute(select(audit_head.c.frontier)).scalar_one()
            newest = select(audit_checkpoints.c.note).order_by(audit_checkpoints.c.size.desc()).limit(1)
            frontier = Frontier.from_bytes(head)
            note = self._connection.execute(newest).scalar()
        return Contents(named, number, frontier.size, frontier.root().hex(), note)

    def list_blobs(self) -> Iterator[StoredBlob]:
        """Every sealed file that the copy names. Raises CopyUnreadable."""
        statement = select(blobs.c.public_id, blobs.c.key_id, blobs.c.parts).order_by(blobs.c.id)
        with _translated():
            for row in self._connection.execute(statement, execution_options={"yield_per": 1000}):
                yield StoredBlob(row.public_id, row.key_id, tuple((a, b, c, d) for a, b, c, d in row.parts))


@contextmanager
def looking_into(path: Path) -> Iterator[Copy]:
    """Open a copy that nobody writes to. Raises CopyUnreadable."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=StaticPool, hide_parameters=True
    )
    try:
        with _translated():
            connection = engine.connect()
        with connection:
            yield Copy(connection)
    finally:
        engine.dispose()


def is_of_a_later_release(contents: Contents) -> bool:
    """Whether this program is too old for the schema of a copy."""
    return contents.schema > schema.NEWEST


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError, NoResultFound, ValueError, TypeError) as error:
        raise CopyUnreadable(f"It cannot be read as the database of a registry ({type(error).__name__}).") from error
