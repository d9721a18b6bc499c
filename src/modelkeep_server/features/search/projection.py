"""Keeping the catalogue's index in step with models, inside the transaction that changed them. Rebuilt by `reindex`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, insert, select

from modelkeep_server.db.tables import (
    model_owners,
    models,
    people,
    search_models,
    search_owners,
    search_tags,
    search_text,
)
from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock
from modelkeep_server.kit.words import split_words

_MODEL = (
    select(models, people.c.email_key.label("registrar_key"))
    .outerjoin(people, people.c.id == models.c.registrar_id)
    .where(models.c.id == bindparam("key"))
)
_OWNERS = select(model_owners.c.email_key).where(
    model_owners.c.model_id == bindparam("key"), model_owners.c.removed_at.is_(None)
)
_CLEAR = tuple(
    (column.table, delete(column.table).where(column == bindparam("key")))
    for column in (search_models.c.model_id, search_tags.c.model_id, search_owners.c.model_id, search_text.c.rowid)
)
_INSERT = {table: insert(table) for table in (search_models, search_tags, search_owners, search_text)}


def project(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """Bring the index up to date for the models among the rows just written."""
    for key in sorted({key for table, key in touched if table == models.name}):
        index_model(work, key)


def index_model(work: Work, key: int) -> None:
    """Write the index rows of one model anew."""
    row = work.first(_MODEL, {"key": key})
    if row is None:
        return
    for table, statement in _CLEAR:
        work.keep(table, statement, [{"key": key}])
    _insert_rows(work, row)


def _insert_rows(work: Work, row: Row[Any]) -> None:
    owners = work.all(_OWNERS, {"key": row.id})
    emails = {owner.email_key for owner in owners} | ({row.registrar_key} if row.registrar_key else set())
    text = " ".join([row.group_name, row.name, row.description, *row.tags])
    facts = {
        "model_id": row.id,
        "group_key": row.group_name.lower(),
        "path_key": row.path_key,
        "risk_tier": row.risk_tier,
        "visibility": row.visibility,
        "created_at": clock.to_us(row.created_at),
        "updated_at": clock.to_us(row.updated_at),
    }
    rows: dict[Table, list[dict[str, Any]]] = {
        search_models: [facts],
        search_tags: [{"tag_key": tag, "model_id": row.id} for tag in sorted({tag.casefold() for tag in row.tags})],
        search_owners: [{"email_key": email, "model_id": row.id} for email in sorted(emails)],
        search_text: [{"rowid": row.id, "words": " ".join(split_words(text))}],
    }
    for table, found in rows.items():
        if found:
            work.keep(table, _INSERT[table], found)


def reindex(work: Work) -> int:
    """Write the whole index anew. Gives back how many models it holds."""
    keys = [row.id for row in work.all(select(models.c.id))]
    for table in (search_models, search_tags, search_owners, search_text):
        work.keep(table, delete(table))
    for key in keys:
        index_model(work, key)
    return len(keys)
