"""Pages of a list that is walked by keyset: whatever is added meanwhile, no row is told twice and none is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_

from modelkeep_server.db.work import Work


def read_rows(
    work: Work,
    statement: Select[Any],
    *order: ColumnElement[Any],
    filters: Mapping[str, object],
    values: Mapping[str, Any] | None = None,
    limit: int,
    cursor: str | None,
    descending: bool = False,
) -> tuple[Sequence[Row[Any]], str | None]:
    """
    The rows of one page, and the cursor of the next, or None on the last. One statement.

    Args:
        order: Columns of integers or text, selected under their own names; the last of them is no two rows' alike.
        values: What the statement takes for its `bindparam`s.
        filters: What makes this list another than others: its name, and what was asked of it.
    Raises:
        CursorRefused: The cursor is of another list, or none of ours.
    """
    if cursor:
        statement = statement.where(_beyond(order, work.parts.cursors.read(cursor, filters), descending))
    by = [column.desc() for column in order] if descending else order
    found = work.all(statement.order_by(*by).limit(limit + 1), values)
    if len(found) <= limit:
        return found, None
    shown = found[:limit]
    return shown, work.parts.cursors.make([shown[-1]._mapping[column] for column in order], filters)


def _beyond(
    order: Sequence[ColumnElement[Any]], position: Sequence[int | str], descending: bool
) -> ColumnElement[bool]:
    column, value = order[0], position[0]
    further = column < value if descending else column > value
    if len(order) == 1:
        return further
    return or_(further, and_(column == value, _beyond(order[1:], position[1:], descending)))
