"""Writing many rows of one table by one statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Delete, Executable, Insert, Subquery, Table, delete, insert, select

from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.work import Work

BIG = BigInteger()


def keep(work: Work, table: Table, statement: Executable, rows: Sequence[Sequence[Any]]) -> None:
    """Tell the statement of these rows; without any it is not asked."""
    if rows:
        work.keep(table, statement, {"rows": rows})


def add_rows(table: Table, given: Subquery) -> Insert:
    """Add the rows that are given."""
    return insert(table).from_select(given.c.keys(), select(given))


def remove_docs(table: Table) -> Delete:
    """Remove the rows of the documents that are given."""
    return delete(table).where(table.c.doc.in_(select(given_rows(doc=BIG))))
