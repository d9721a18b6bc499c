"""What queries ask of versions, said once."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from modelkeep_server.db.tables import models, version_flags, versions


def versions_of(table: Any) -> Select[Any]:
    """Rows of a table about versions, joined with these and their models."""
    return (
        select(table)
        .join(versions, versions.c.id == table.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
    )


def has_flag(version_key: ColumnElement[Any], kind: str) -> ColumnElement[bool]:
    """Whether a flag of a kind, CLOSED or HOLD, stands beside a version: it was set and not lifted."""
    flag = version_flags.c
    return exists().where(flag.version_id == version_key, flag.kind == kind, flag.lifted_at.is_(None))
