"""The few rows that belong to a row, read with it: one column that holds them all costs less than a statement more."""

from typing import Any

from sqlalchemy import JSON, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class RowsAsJson(FunctionElement[Any]):
    """
    An aggregate: all rows as a list of lists, in no order, each value as it is stored. No row gives an empty list.

    Give a key as the first column, and sort by it what is read.
    """

    name = "rows_as_json"
    type = JSON()
    inherit_cache = True

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        super().__init__(*columns)


@compiles(RowsAsJson, "sqlite")
def _on_sqlite(element: RowsAsJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(RowsAsJson, "postgresql")
def _on_postgresql(element: RowsAsJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **options)})), '[]')"
