"""How long a database may work on what somebody asked, so that nobody's question holds up everybody else's."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from modelkeep_server.db.contention import explain
from modelkeep_server.db.planning import AS_BEFORE, PLANNED
from modelkeep_server.rules.errors import TookTooLong

#: How many steps of its machine SQLite takes between two looks at the clock: some tens of microseconds, and more where
#: it calls functions of ours.
_STEPS = 4_000
#: What is left of the time is told to PostgreSQL again after this part of it.
_TOLD_AGAIN = 0.1
_AS_BEFORE = text(AS_BEFORE)
_TOO_LONG = "The question took longer than the database may work on one."


@contextmanager
def set_apart(connection: Connection) -> Iterator[None]:
    """What takes too long in the block is told as that at once, and leaves the transaction around it as it was."""
    try:
        with connection.begin_nested():
            yield
    except OperationalError as error:
        raise explain(error) from error


class Patience:
    """So many seconds for all that is asked of one connection."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._until = time.monotonic() + seconds
        self._seconds = self._told = seconds

    @property
    def left(self) -> float:
        """How many seconds are left."""
        return self._until - time.monotonic()

    @contextmanager
    def kept(self, *, is_planned: bool) -> Iterator[None]:
        """
        While the block runs, the database stops what takes too long. It must run in a transaction. PostgreSQL does so
        from then on, and plans searches, unless it `is_planned` that it does.
        """
        if self._connection.dialect.name == "sqlite":
            with self._kept_by_sqlite():
                yield
            return
        limit = self._limit(self._seconds)
        self._connection.execute(text(limit if is_planned else f"{limit}; {PLANNED}"))
        yield

    @contextmanager
    def _kept_by_sqlite(self) -> Iterator[None]:
        self._have_sqlite_look()
        try:
            yield
        finally:
            self._driver().set_progress_handler(None, 0)

    def _have_sqlite_look(self) -> None:
        self._driver().set_progress_handler(lambda: self.left < 0, _STEPS)

    def _driver(self) -> sqlite3.Connection:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    def tell_again(self) -> None:
        """The database was told another limit meanwhile, or, where that is SQLite, none after it."""
        self._told = float("inf")
        if self._connection.dialect.name == "sqlite":
            self._have_sqlite_look()

    def look(self) -> None:
        """Before each statement: PostgreSQL counts anew for every one. Raises TookTooLong."""
        left = self.left
        if left <= 0:
            raise TookTooLong(_TOO_LONG)
        if self._connection.dialect.name != "sqlite" and self._told - left > self._seconds * _TOLD_AGAIN:
            self._told = left
            self._connection.execute(text(self._limit(left)))

    def _limit(self, seconds: float) -> str:
        return f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"


class Pace:
    """How a transaction is worked at: at leisure, or with the patience of the block that runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._patience: Patience | None = None
        #: Whether PostgreSQL still does what the last hurried block asked for.
        self._is_planned = False

    @contextmanager
    def hurried(self, seconds: float, *, apart: bool) -> Iterator[None]:
        """As `Work.hurried`."""
        outside, left = self._patience, seconds if self._patience is None else min(seconds, self._patience.left)
        was_planned = self._is_planned
        self._patience = Patience(self._connection, left)
        try:
            with set_apart(self._connection) if apart else nullcontext(), self._patience.kept(is_planned=was_planned):
                self._is_planned = self._connection.dialect.name != "sqlite"
                yield
        except TookTooLong:
            # What the block asked for is undone with it.
            self._is_planned = was_planned
            raise
        finally:
            self._patience = outside
            if outside is not None:
                outside.tell_again()

    def keep(self) -> None:
        """Before each statement. Nothing is said to PostgreSQL behind a block after which nothing is asked."""
        if self._patience is not None:
            self._patience.look()
        elif self._is_planned:
            self._connection.execute(_AS_BEFORE)
            self._is_planned = False
