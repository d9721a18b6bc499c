"""What queries ask of versions, said once."""

from typing import Any

from sqlalchemy import ColumnElement, exists

from modelkeep_server.db.tables import version_flags


def has_flag(version_key: ColumnElement[Any], kind: str) -> ColumnElement[bool]:
    """Whether a flag of a kind, CLOSED or HOLD, stands beside a version: it was set and not lifted."""
    flag = version_flags.c
    return exists().where(flag.version_id == version_key, flag.kind == kind, flag.lifted_at.is_(None))
