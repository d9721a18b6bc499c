"""Conditions as SQL that a statement written by hand takes in, with its values bound by their names."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, TextClause, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite

#: How a list that is bound stands in what SQLAlchemy compiles.
_LISTS = re.compile(r"\(?__\[POSTCOMPILE_(\w+)\]\)?")
#: How PostgreSQL is told the type of what is bound. `:name` before a colon is no name to SQLAlchemy.
_CASTS = re.compile(r"(:\w+)::([A-Z]+)")
_DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}


@dataclass(frozen=True)
class Said:
    """SQL with `:names`. `values` are those that it brings along; of the names in `lists` each takes a list."""

    sql: str
    values: dict[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()


def say(condition: ColumnElement[Any], dialect: str) -> Said:
    """A condition as text. Names of its own must be unlike those of whoever takes it in: they end in `_1` and so on."""
    compiled = condition.compile(dialect=_DIALECTS[dialect])
    told = str(compiled)
    values = {name: value for name, value in compiled.params.items() if value is not None}
    return Said(_CASTS.sub(r"CAST(\1 AS \2)", _LISTS.sub(r":\1", told)), values, frozenset(_LISTS.findall(told)))


@lru_cache(maxsize=500)
def as_statement(sql: str, lists: frozenset[str]) -> TextClause:
    """A statement written by hand. The same text gives the same statement, so that it is compiled once."""
    return text(sql).bindparams(*(bindparam(name, expanding=True) for name in sorted(lists) if f":{name}" in sql))
