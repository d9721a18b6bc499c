"""
Opening the database: SQLite with one writer, or PostgreSQL with a pool.

On SQLite one process owns the data folder, one connection writes and is the only one that checkpoints (a WAL fault
below SQLite 3.51.3 can corrupt a database that two connections write), and `synchronous=FULL` makes a commit durable.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, PoolProxiedConnection, QueuePool

from modelkeep_server.db.contention import explain
from modelkeep_server.db.work import Circumstances, Parts, Projection, Work
from modelkeep_server.rules.errors import Malformed, Unavailable

WAIT_SECONDS = 10
_BUSY = "The database is busy."
#: As much of a SQLite database as readers see in the memory of the system, where they would copy it page by page.
_MAPPED_BYTES = 1 << 30
#: The text of an error goes into the log: it may hold the statement, never the values.
_DISCREET: dict[str, Any] = {"hide_parameters": True}


@dataclass(frozen=True)
class Usage:
    """Database connections: how many there may be, and how many are in use now."""

    most: int
    in_use: int


class Database:
    """Where works come from. `connections` is how many may be open at once, so how many threads may work."""

    def __init__(
        self,
        readers: Engine,
        writer: Engine,
        connections: int,
        *,
        glancer: Engine | None = None,
        pool: ConnectionPool | None = None,
    ) -> None:
        self._readers = readers
        self._writer = writer
        self._glancer = glancer
        self._pool = pool
        self.connections = connections
        self.projections: Sequence[Projection] = ()

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, false on PostgreSQL."""
        return self._writer.dialect.name == "sqlite"

    @property
    def writer(self) -> Engine:
        """The engine that migrations run on."""
        return self._writer

    @contextmanager
    def reading(self, parts: Parts, circumstances: Circumstances) -> Iterator[Work]:
        """A work that sees one snapshot and cannot write. Raises Unavailable where no connection comes free in time."""
        with _answering(), self._readers.connect() as connection, connection.begin():
            yield Work(connection, parts, circumstances, writes=False)

    @property
    def can_glance(self) -> bool:
        """Whether `glancing` is there: where reading never waits for anybody, which is SQLite in WAL mode."""
        return self._glancer is not None

    @contextmanager
    def glancing(self, parts: Parts, circumstances: Circumstances) -> Iterator[Work]:
        """
        A work for reading a few rows by index on the event loop itself, over a connection that is the loop's own.

        Nothing in it waits: neither for a connection, nor for a writer, nor for a server elsewhere.
        """
        assert self._glancer is not None
        with _answering(), self._glancer.connect() as connection, connection.begin():
            yield Work(connection, parts, circumstances, writes=False)

    @contextmanager
    def writing(self, parts: Parts, circumstances: Circumstances) -> Iterator[Work]:
        """A work that writes, committed when the block ends and rolled back when it raises. Raises Unavailable."""
        with _answering(), self._writer.connect() as connection, connection.begin():
            work = Work(connection, parts, circumstances, writes=True, projections=self.projections)
            yield work
            work.settle()
        work.tell_committed()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """SQLite alone: its own connection, in a transaction that sees what was committed when the block begins."""
        with _answering(), self._readers.connect() as connection, connection.begin():
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            yield source

    def usage(self) -> Usage:
        """How many connections there are and may be, for requests and the event loop's own."""
        if self._pool is not None:
            stats = self._pool.get_stats()
            size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
            return Usage(most=self._pool.max_size, in_use=size - free)
        pools = [engine.pool for engine in (self._readers, self._writer, self._glancer) if engine is not None]
        return Usage(
            most=sum(pool.size() for pool in pools if isinstance(pool, QueuePool)),
            in_use=sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool)),
        )

    def ping(self) -> None:
        """Raises Unavailable where the database does not answer."""
        with _answering(), self._readers.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give every connection back; on SQLite this also folds the write-ahead log into the file."""
        self._readers.dispose()
        if self._glancer is not None:
            self._glancer.dispose()
        self._writer.dispose()
        if self._pool is not None:
            self._pool.close()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(_BUSY, retry_after_seconds=2) from error
    except OperationalError as error:
        raise explain(error) from error
    except DataError as error:
        # What PostgreSQL refuses in a value whatever the column: a NUL character above all.
        raise Malformed("A value holds a character or a number that cannot be kept.") from error


def open_sqlite(path: Path, *, connections: int) -> Database:
    """Open, or make, a SQLite database. `connections` counts the readers and the one writer."""
    url = f"sqlite:///{path}"
    options: dict[str, Any] = {"poolclass": QueuePool, "max_overflow": 0, "pool_timeout": WAIT_SECONDS, **_DISCREET}
    # SQLite would let everybody on this machine read it; its side files take the mode of the database.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise Unavailable(f"The database {path} cannot be opened: {error.strerror}.") from error
    writer = create_engine(url, pool_size=1, connect_args={"check_same_thread": False}, **options)
    # The connection that was given back last is taken first: its cache is the warmest.
    readers = create_engine(
        url, pool_size=max(1, connections - 1), pool_use_lifo=True, connect_args={"check_same_thread": False}, **options
    )
    glancer = create_engine(url, pool_size=1, connect_args={"check_same_thread": False}, **options)
    event.listen(writer, "connect", _prepare_writer)
    _begin_with(writer, "BEGIN IMMEDIATE")
    for engine in (readers, glancer):
        event.listen(engine, "connect", _prepare_reader)
        _begin_with(engine, "BEGIN")
    return Database(readers, writer, max(2, connections), glancer=glancer)


def _begin_with(engine: Engine, begin: str) -> None:
    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(begin)

    # As a statement of SQLAlchemy's own, from its "begin" event, it would cost as much as a read.
    engine.dialect.do_begin = do_begin  # type: ignore[method-assign]


def _prepare_writer(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "mmap_size=0"):
        dbapi_connection.execute(f"PRAGMA {pragma}")
    _teach(dbapi_connection)


def _prepare_reader(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    for pragma in (
        "busy_timeout=5000",
        "wal_autocheckpoint=0",
        "query_only=ON",
        f"mmap_size={_MAPPED_BYTES}",
        "cache_size=-2000",
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")
    _teach(dbapi_connection)


def _teach(dbapi_connection: Any) -> None:
    """For searches: `holds_shape(pattern, text)`, since SQLite has no regular expressions."""
    dbapi_connection.create_function("holds_shape", 2, _holds_shape, deterministic=True)


def _holds_shape(pattern: str, within: str) -> bool:
    return re.search(pattern, within) is not None


def open_postgresql(url: str, *, connections: int) -> Database:
    """Open a PostgreSQL database through a psycopg pool of exactly `connections`."""
    parsed = make_url(url).set(drivername="postgresql")
    pool = ConnectionPool(
        parsed.render_as_string(hide_password=False),
        min_size=1,
        max_size=connections,
        timeout=WAIT_SECONDS,
        open=False,
        close_returns=True,
        kwargs={"options": "-c lock_timeout=3s -c statement_timeout=30s -c timezone=UTC"},
    )
    pool.open()
    engine = create_engine("postgresql+psycopg://", creator=pool.getconn, poolclass=NullPool, **_DISCREET)
    readers = engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    return Database(readers, engine, connections, pool=pool)


def open_database(url: str, *, connections: int) -> Database:
    """Open `sqlite:///path` or `postgresql://...`. Raises ValueError for any other scheme."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        if not parsed.database:
            raise ValueError("A SQLite database needs a file: sqlite:///path/to/file.")
        return open_sqlite(Path(parsed.database), connections=connections)
    if parsed.drivername.startswith(("postgresql", "postgres")):
        return open_postgresql(url, connections=connections)
    raise ValueError(f"MODELKEEP_DATABASE_URL must begin with sqlite:/// or postgresql://, not {parsed.drivername}.")
