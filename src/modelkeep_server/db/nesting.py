"""The few rows that belong to a row, read with it: one column that holds them all costs less than a statement more."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, TypeDecorator
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


class WholeRows:
    """
    All rows of a read as one value, and how they are read from it: where rows have many columns, taking each of these
    from the database costs more than the read. Columns have names.
    """

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        self.told = RowsAsJson(*columns)
        self._row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        types = [(place, column.type) for place, column in enumerate(columns)]
        self._typed = [(place, type_) for place, type_ in types if isinstance(type_, TypeDecorator)]

    def read(self, told: Sequence[list[Any]]) -> Iterator[Any]:
        """The rows, each with its columns by their names."""
        for values in told:
            for place, type_ in self._typed:
                values[place] = type_.process_result_value(values[place], None)  # type: ignore[arg-type]
            yield self._row._make(values)


@compiles(RowsAsJson, "sqlite")
def _on_sqlite(element: RowsAsJson, compiler: SQLCompiler, **options: Any) -> str:
    told = ((one.type, compiler.process(one, **options)) for one in element.clauses)
    # Rows within rows would else be a text in them.
    columns = ", ".join(f"json({sql})" if isinstance(type_, JSON) else sql for type_, sql in told)
    return f"json_group_array(json_array({columns}))"


@compiles(RowsAsJson, "postgresql")
def _on_postgresql(element: RowsAsJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **options)})), '[]')"
