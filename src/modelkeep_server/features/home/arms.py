"""What the statement of what waits is built from: one arm a sort of thing, all of the same columns."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
)

from modelkeep_server.db.tables import models, versions
from modelkeep_server.db.tables.base import UtcMicros
from modelkeep_server.features.home.views import Kind

#: So many of each sort are told of, those that are due first, or the oldest; all are counted.
SHOWN = 50
NO_TEXT: ColumnElement[Any] = cast(null(), Text)
_NO_NUMBER: ColumnElement[Any] = cast(null(), BigInteger)
ON_VERSION = {
    "group_name": models.c.group_name, "name": models.c.name, "risk_tier": models.c.risk_tier,
    "version": versions.c.version, "state": versions.c.state,
}  # fmt: skip
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "total": func.count().over(), "group_name": NO_TEXT, "name": NO_TEXT, "risk_tier": NO_TEXT,
    "version": NO_TEXT, "state": NO_TEXT, "since": _NO_NUMBER, "due": _NO_NUMBER, "who": NO_TEXT,
    "said": NO_TEXT, "word": NO_TEXT, "number": _NO_NUMBER, "ref": NO_TEXT,
}  # fmt: skip


def moment(name: str) -> BindParameter[datetime]:
    """A moment that the statement is given."""
    return bindparam(name, type_=UtcMicros)


def arm(kind: Kind, told: Any, columns: dict[str, ColumnElement[Any]]) -> Select[Any]:
    """One sort of things: those due first, then the oldest, cut to what is shown."""
    named = {**_COLUMNS, **columns}
    due, since = named["due"], named["since"]
    chosen = told.with_only_columns(
        literal(kind.value).label("kind"), *(col.label(name) for name, col in named.items())
    )
    cut = chosen.order_by(func.coalesce(due, since), since).limit(SHOWN).subquery()
    return select(*cut.c)


def us(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A moment as it is stored, in microseconds since 1970."""
    return type_coerce(column, BigInteger)
