"""What queries ask of files, said once: which verdict counts, which damage is open, which waiver holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, exists

from modelkeep_server.db.tables import damages, scans, waivers


def is_current_scan(blob_key: ColumnElement[Any] | int) -> ColumnElement[bool]:
    """Of rows of `scans`, the one whose verdict counts for stored bytes, where there is one."""
    return (scans.c.blob_id == blob_key) & scans.c.superseded_at.is_(None)


def is_open_damage(blob_key: ColumnElement[Any] | int) -> ColumnElement[bool]:
    """Of rows of `damages`, the one that tells of stored bytes and was not mended, where there is one."""
    return (damages.c.blob_id == blob_key) & damages.c.mended_at.is_(None)


def is_damaged(blob_key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether stored bytes were found to be others than those that were sent, and were not mended."""
    return exists().where(is_open_damage(blob_key))


def is_waiver_held(
    artifact_key: ColumnElement[Any], now: datetime | BindParameter[Any], table: FromClause = waivers
) -> ColumnElement[bool]:
    """Of rows of `waivers`, or an alias of it, those of a file that hold now: of one kind there is one at most."""
    row = table.c
    return (row.artifact_id == artifact_key) & row.ended_at.is_(None) & (row.expires_at > now)
