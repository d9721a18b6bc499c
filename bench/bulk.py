"""Many rows at once, as fast as each database takes them, past everything that keeps a registry's own writes honest."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, select, text


def fill(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows into a table: by COPY into PostgreSQL, by one statement into SQLite. All name the same columns."""
    pending = iter(rows)
    first = next(pending, None)
    if first is None:
        return
    names = list(first)
    binders = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]

    def bound() -> Iterable[tuple[Any, ...]]:
        for row in _with(first, pending):
            yield tuple(
                bind(row[name]) if bind else row[name] for name, bind in zip(names, binders, strict=True)
            )  # fmt: skip

    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(names))
        cursor.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", bound())  # type: ignore[arg-type]
    else:
        with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for values in bound():
                copy.write_row(values)
    cursor.close()


def _with(first: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    yield first
    yield from others


def next_key(connection: Connection, table: Table) -> int:
    """The id that no row has yet."""
    return int(connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0) + 1


def settle_keys(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number on from the ids that `fill` gave; SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
            {"name": table.name, "last": next_key(connection, table) - 1},
        )
