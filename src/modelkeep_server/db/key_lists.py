"""Many inside ids as one parameter: thousands of them neither make a statement long nor have it compiled anew."""

import json
from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _KeyList(TypeDecorator[Collection[int]]):
    """Inside ids as JSON for SQLite, as an array for PostgreSQL, which plans by how many they are."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger()))

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        keys = list(value or ())
        return json.dumps(keys) if dialect.name == "sqlite" else keys


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
    return f"({column} = ANY ({keys}))"


def in_keys(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column of inside ids is among those of the parameter with this name, a collection of them."""
    return _InKeys(column, bindparam(name, type_=_KeyList))
