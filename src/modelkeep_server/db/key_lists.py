"""Many inside ids as one parameter: thousands of them neither make a statement long nor have it compiled anew."""

from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class _KeyList(TypeDecorator[Collection[int]]):
    """Inside ids as the text of a list: JSON for SQLite, an array for PostgreSQL, whose driver is slow at lists."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> str:
        text = ",".join(map(str, value or ()))
        return f"[{text}]" if dialect.name == "sqlite" else f"{{{text}}}"


class _InKeys(FunctionElement[bool]):
    name = "in_keys"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:
        # SQLite would be asked for `... = 1`, and then reads the whole table.
        return self


@compiles(_InKeys, "sqlite")
def _on_sqlite(element: _InKeys, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({keys})))"  # noqa: S608 - both are compiled


@compiles(_InKeys, "postgresql")
def _on_postgresql(element: _InKeys, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    # Not `= ANY`: where a plan reads the whole table, it would go through all keys for each row.
    return f"({column} IN (SELECT unnest(CAST({keys} AS bigint[]))))"


def in_keys(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column of inside ids is among those of the parameter with this name, a collection of them."""
    return _InKeys(column, bindparam(name, type_=_KeyList))
