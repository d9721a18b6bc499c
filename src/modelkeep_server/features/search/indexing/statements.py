"""
The statements by which documents are written, each for as many rows as are bound as `rows`; `DOCUMENTS` and `VALUES`
find what is written already.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Delete,
    Insert,
    Select,
    Subquery,
    Table,
    Text,
    Update,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import (
    search_index,
    search_marked,
    search_models,
    search_pairs,
    search_postings,
    search_renewals,
    search_texts,
    search_values,
    search_whole,
    search_words,
)
from modelkeep_server.features.search.indexing.documents import BORDER

#: The columns of words.
PLACES = {"name": Text(), "keys": Text(), "description": Text()}
_BIG = BigInteger()


def _add(table: Table, given: Subquery) -> Insert:
    return insert(table).from_select(given.c.keys(), select(given))


def _find_pairs() -> Select[Any]:
    given = given_rows(field=Text(), key=Text())
    same = (search_values.c.field == given.c.field) & (search_values.c.key == given.c.key)
    return select(search_values).join(given, same)


def _spell_values() -> Update:
    given = given_rows(id=_BIG, shown=Text())
    return update(search_values).where(search_values.c.id == given.c.id).values(shown=given.c.shown)


def _change_models() -> Update:
    given = given_rows(**{column.name: column.type for column in search_models.c})
    values = {name: given.c[name] for name in given.c.keys() if name != "model_id"}  # noqa: SIM118
    return update(search_models).where(search_models.c.model_id == given.c.model_id).values(values)


def _renew() -> Insert:
    given = given_rows(doc=_BIG)
    last = select(func.coalesce(func.max(search_renewals.c.id), 0)).scalar_subquery()
    # Each number once and none left out: whoever has a turn at values is alone here until all that is committed.
    rows = select(last + func.row_number().over(), given.c.doc)
    return insert(search_renewals).from_select(search_renewals.c.keys(), rows)


def _remove(table: Table) -> Delete:
    return delete(table).where(table.c.doc.in_(select(given_rows(doc=_BIG))))


def _remove_postings() -> Delete:
    given = given_rows(value_id=_BIG, doc=_BIG)
    return delete(search_postings).where(
        tuple_(search_postings.c.value_id, search_postings.c.doc).in_(select(given.c.value_id, given.c.doc))
    )


def _move_postings() -> Update:
    given = given_rows(value_id=_BIG, old=_BIG, new=_BIG)
    return (
        update(search_postings)
        .where(search_postings.c.value_id == given.c.value_id, search_postings.c.doc == given.c.old)
        .values(doc=given.c.new)
    )


def _change_texts(**places: Text) -> Update:
    given = given_rows(old=_BIG, doc=_BIG, **places)
    values = {name: given.c[name] for name in ("doc", *places)}
    return update(search_texts).where(search_texts.c.doc == given.c.old).values(values)


def _index(table: Table, *, forgets: bool) -> Insert:
    """Enter rows of `search_marked` into FTS5, or take them out: it keeps no words, and has to be told them again."""
    given = given_rows(doc=_BIG)
    doc, *names = [column.name for column in table.c if column.name != table.name]
    told = [search_marked.c[name] for name in names]
    texts = select(search_marked.c.doc, *told).join(given, given.c.doc == search_marked.c.doc)
    if not forgets:
        return insert(table).from_select([doc, *names], texts)
    told_again = texts.add_columns(literal_column("'delete'"))
    return insert(table).from_select([doc, *names, table.name], told_again)


def select_whole() -> Select[Any]:
    """What PostgreSQL's full-text index should have of documents."""
    name, keys, description = (search_texts.c[name] for name in PLACES)
    head = " " + name + f" {BORDER} " + keys + " "
    made = {"headed": func.length(head), "words": head + f"{BORDER} " + description + " "}
    names = [column.name for column in search_whole.c]
    columns = [made[name].label(name) if name in made else search_models.c[name] for name in names]
    return select(*columns).join(search_texts, search_texts.c.doc == search_models.c.doc)


def _add_whole() -> Insert:
    given = given_rows(doc=_BIG)
    rows = select_whole().where(search_models.c.doc.in_(select(given.c.doc)))
    return insert(search_whole).from_select([column.name for column in search_whole.c], rows)


@cache
def add_words(dialect: str) -> Insert:
    """Words, and whether a name holds them; of one that is there already, that a name does now."""
    adding = sqlite.insert(search_words) if dialect == "sqlite" else postgresql.insert(search_words)
    given = given_rows(word=Text(), in_name=Boolean())
    # Without a condition SQLite would take what follows for part of the join.
    rows = select(given.c.word, given.c.in_name).where(given.c.word != "").order_by(given.c.word)
    is_new_in_names = adding.excluded.in_name & ~search_words.c.in_name
    return adding.from_select(["word", "in_name"], rows).on_conflict_do_update(
        index_elements=["word"], set_={"in_name": adding.excluded.in_name}, where=is_new_in_names
    )


DOCUMENTS = select(search_models.c.doc, search_models.c.facets).where(in_keys(search_models.c.model_id, "keys"))
VALUES = _find_pairs()
SPELL_VALUES = _spell_values()
ADD_VALUES = _add(search_values, given_rows(field=Text(), key=Text(), shown=Text()))
ADD_MODELS = _add(search_models, given_rows(**{column.name: column.type for column in search_models.c}))
CHANGE_MODELS = _change_models()
REMOVE_MODELS = _remove(search_models)
RENEW = _renew()
ADD_POSTINGS = _add(search_postings, given_rows(value_id=_BIG, doc=_BIG))
REMOVE_POSTINGS = _remove_postings()
MOVE_POSTINGS = _move_postings()
ADD_TEXTS = _add(search_texts, given_rows(doc=_BIG, **PLACES))
MOVE_TEXTS = _change_texts()
CHANGE_TEXTS = _change_texts(**PLACES)
REMOVE_TEXTS = _remove(search_texts)
#: PostgreSQL alone.
ADD_WHOLE = _add_whole()
REMOVE_WHOLE = _remove(search_whole)
#: SQLite alone: how documents are entered into each full-text index, and taken out of it.
INDEX = {table: _index(table, forgets=False) for table in (search_index, search_pairs)}
UNINDEX = {table: _index(table, forgets=True) for table in (search_index, search_pairs)}
