"""Works in which the registry itself acts, and no person: while the index is filled, checked and swept."""

from collections.abc import Iterator
from contextlib import contextmanager

from modelkeep_server.db.engine import Database
from modelkeep_server.db.work import Circumstances, Parts, Work


@contextmanager
def reading(database: Database, parts: Parts) -> Iterator[Work]:
    """A work that reads."""
    with database.reading(parts, Circumstances.of_the_house()) as work:
        yield work


@contextmanager
def writing(database: Database, parts: Parts) -> Iterator[Work]:
    """A work that writes, committed when the block ends."""
    with database.writing(parts, Circumstances.of_the_house()) as work:
        yield work
