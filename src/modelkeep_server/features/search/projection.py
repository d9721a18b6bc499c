"""Keeping the catalogue's index in step with models, inside the transaction that changed them. Rebuilt by `reindex`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select

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


def project(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """Bring the index up to date for the models among the rows just written."""
    for key in sorted({key for table, key in touched if table == models.name}):
        index_model(work, key)


def index_model(work: Work, key: int) -> None:
    """Write the index rows of one model anew."""
    row = work.first(
        select(models, people.c.email_key.label("registrar_key"))
        .outerjoin(people, people.c.id == models.c.registrar_id)
        .where(models.c.id == key)
    )
    if row is None:
        return
    for table, column in (
        (search_models, search_models.c.model_id),
        (search_tags, search_tags.c.model_id),
        (search_owners, search_owners.c.model_id),
        (search_text, search_text.c.rowid),
    ):
        work.keep(table, delete(table).where(column == key))
    _insert_rows(work, row)


def _insert_rows(work: Work, row: Row[Any]) -> None:
    owners = work.all(
        select(model_owners.c.email_key).where(model_owners.c.model_id == row.id, model_owners.c.removed_at.is_(None))
    )
    emails = {owner.email_key for owner in owners} | ({row.registrar_key} if row.registrar_key else set())
    text = " ".join([row.group_name, row.name, row.description, *row.tags])
    work.keep(
        search_models,
        insert(search_models).values(
            model_id=row.id,
            group_key=row.group_name.lower(),
            path_key=row.path_key,
            risk_tier=row.risk_tier,
            visibility=row.visibility,
            created_at=clock.to_us(row.created_at),
            updated_at=clock.to_us(row.updated_at),
        ),
    )
    tags = [{"tag_key": tag, "model_id": row.id} for tag in sorted({tag.casefold() for tag in row.tags})]
    if tags:
        work.keep(search_tags, insert(search_tags), tags)
    work.keep(search_owners, insert(search_owners), [{"email_key": e, "model_id": row.id} for e in sorted(emails)])
    work.keep(search_text, insert(search_text).values(rowid=row.id, words=" ".join(split_words(text))))


def reindex(work: Work) -> int:
    """Write the whole index anew. Gives back how many models it holds."""
    keys = [row.id for row in work.all(select(models.c.id))]
    for table in (search_models, search_tags, search_owners, search_text):
        work.keep(table, delete(table))
    for key in keys:
        index_model(work, key)
    return len(keys)
