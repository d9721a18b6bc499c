"""Many rows as one parameter of a statement: neither is it sent row by row, nor is it compiled for as many as come."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Subquery, Text, bindparam, cast, column, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _RowList(TypeDecorator[Sequence[Sequence[Any]]]):
    """Rows as a list of lists in JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Sequence[Any]] | None, dialect: Dialect) -> str:
        return json.dumps(value or (), separators=(",", ":"))


class _Elements(FunctionElement[Any]):
    """The elements of a list in JSON, a row each."""

    name = "elements"
    inherit_cache = True


class _At(FunctionElement[Any]):
    """What stands at a place of a list in JSON, as text or number."""

    name = "at"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_on_sqlite(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Elements, "postgresql")
def _elements_on_postgresql(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_At, "sqlite")
def _at_on_sqlite(element: _At, compiler: SQLCompiler, **options: Any) -> str:
    value, place = (compiler.process(part, **options) for part in element.clauses)
    return f"json_extract({value}, '$[{place}]')"


@compiles(_At, "postgresql")
def _at_on_postgresql(element: _At, compiler: SQLCompiler, **options: Any) -> str:
    value, place = (compiler.process(part, **options) for part in element.clauses)
    return f"({value} ->> {place})"


def given_rows(**columns: TypeEngine[Any]) -> Subquery:
    """The rows of the parameter `rows`, a sequence of sequences with a value for each of these columns, in order."""
    elements = _Elements(bindparam("rows", type_=_RowList)).table_valued(column("value"), name="elements")
    places = enumerate(columns.items())
    taken = (cast(_At(elements.c.value, literal_column(str(n))), type_).label(name) for n, (name, type_) in places)
    return select(*taken).select_from(elements).subquery("given")
