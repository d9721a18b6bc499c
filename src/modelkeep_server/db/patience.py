"""How long a database may work on what somebody asked, so that nobody's question holds up everybody else's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

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
    def kept(self) -> Iterator[None]:
        """While the block runs, the database stops what takes too long. It must run in a transaction."""
        if self._connection.dialect.name == "sqlite":
            with self._kept_by_sqlite():
                yield
            return
        self._connection.execute(text(f"{self._limit(self._seconds)}; {PLANNED}"))
        yield
        # Where the block raised, the transaction ends and takes this with it.
        self._connection.execute(text(AS_BEFORE))

    @contextmanager
    def _kept_by_sqlite(self) -> Iterator[None]:
        driver = self._connection.connection.driver_connection
        driver.set_progress_handler(lambda: self.left < 0, _STEPS)  # type: ignore[union-attr]
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)  # type: ignore[union-attr]

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
