"""Counting the statements that a piece of work costs, on either database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

#: What opens, ends or prepares a transaction is no statement of the work in it.
_AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent to any database of this process while the block runs, in order."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_AROUND):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
