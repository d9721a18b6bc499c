"""The words of documents, and the full-text index of either database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Executable,
    Insert,
    Select,
    Table,
    Text,
    Update,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db.row_lists import given_rows
from modelkeep_server.db.tables import (
    search_entries,
    search_index,
    search_marked,
    search_models,
    search_pairs,
    search_texts,
    search_whole,
    search_words,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.indexing.changes import Change
from modelkeep_server.features.search.indexing.documents import BORDER, write_texts
from modelkeep_server.features.search.indexing.row_writes import BIG, add_rows, keep, remove_docs

#: The columns of words.
PLACES = {"name": Text(), "keys": Text(), "description": Text()}


def keep_texts(work: Work, changes: Sequence[Change]) -> None:
    """Write the words of documents, and number those anew that moved. The full-text index is not told here."""
    moved = [(one.old.doc, one.doc) for one in changes if one.old and one.is_moved and not one.has_other_texts]
    rewritten = [(one, write_texts(one.model)) for one in changes if one.has_other_texts]
    added = [(one.doc, *texts.places) for one, texts in rewritten if one.old is None]
    changed = [(one.old.doc, one.doc, *texts.places) for one, texts in rewritten if one.old is not None]
    keep(work, search_texts, _MOVE_TEXTS, moved)
    keep(work, search_texts, _CHANGE_TEXTS, changed)
    keep(work, search_texts, _ADD_TEXTS, added)
    words: dict[str, bool] = {}
    for _, texts in rewritten:
        for word, in_name in texts.words:
            words[word] = in_name or words.get(word, False)
    keep(work, search_words, _add_words(work.dialect), sorted(words.items()))


def remove_texts(work: Work, docs: Sequence[tuple[int]]) -> None:
    """Take the words of documents out of the index."""
    unindex(work, docs)
    keep(work, search_texts, _REMOVE_TEXTS, docs)


def index(work: Work, docs: Sequence[tuple[int]]) -> None:
    """Enter documents into the full-text index, as they stand."""
    for table, statement in _INDEX[work.dialect].items():
        keep(work, table, statement, docs)


def unindex(work: Work, docs: Sequence[tuple[int]]) -> None:
    """Take documents out of the full-text index, while they still stand as they were entered."""
    for table, statement in _UNINDEX[work.dialect].items():
        keep(work, table, statement, docs)


def renew_whole(work: Work, docs: Sequence[tuple[int]]) -> None:
    """PostgreSQL alone: these documents anew in the full-text index."""
    unindex(work, docs)
    index(work, docs)


def select_whole() -> Select[Any]:
    """What PostgreSQL's full-text index should have of documents."""
    name, keys, description = (search_texts.c[name] for name in PLACES)
    head = " " + name + f" {BORDER} " + keys + " "
    made = {"headed": func.length(head), "words": head + f"{BORDER} " + description + " "}
    names = [column.name for column in search_whole.c]
    columns = [made[name].label(name) if name in made else search_models.c[name] for name in names]
    return select(*columns).join(search_texts, search_texts.c.doc == search_models.c.doc)


def _change_texts(**places: Text) -> Update:
    given = given_rows(old=BIG, doc=BIG, **places)
    values = {name: given.c[name] for name in ("doc", *places)}
    return update(search_texts).where(search_texts.c.doc == given.c.old).values(values)


@cache
def _add_words(dialect: str) -> Insert:
    adding = sqlite.insert(search_words) if dialect == "sqlite" else postgresql.insert(search_words)
    given = given_rows(word=Text(), in_name=Boolean())
    # Without a condition SQLite would take what follows for part of the join.
    rows = select(given.c.word, given.c.in_name).where(given.c.word != "").order_by(given.c.word)
    is_new_in_names = adding.excluded.in_name & ~search_words.c.in_name
    return adding.from_select(["word", "in_name"], rows).on_conflict_do_update(
        index_elements=["word"], set_={"in_name": adding.excluded.in_name}, where=is_new_in_names
    )


def _index(table: Table, *, forgets: bool) -> Insert:
    """Enter rows of `search_marked` into FTS5, or take them out: it keeps no words, and has to be told them again."""
    given = given_rows(doc=BIG)
    doc, *names = [column.name for column in table.c if column.name != table.name]
    told = [search_marked.c[name] for name in names]
    texts = select(search_marked.c.doc, *told).join(given, given.c.doc == search_marked.c.doc)
    if not forgets:
        return insert(table).from_select([doc, *names], texts)
    told_again = texts.add_columns(literal_column("'delete'"))
    return insert(table).from_select([doc, *names, table.name], told_again)


def _add_whole() -> Insert:
    given = given_rows(doc=BIG)
    rows = select_whole().where(search_models.c.doc.in_(select(given.c.doc)))
    # In their order, so that documents of like numbers lie on the same pages.
    return insert(search_whole).from_select([one.name for one in search_whole.c], rows.order_by(search_models.c.doc))


def _add_entries() -> Insert:
    given = given_rows(doc=BIG)
    names = [column.name for column in search_entries.c]
    rows = select(*(search_whole.c[name] for name in names)).where(search_whole.c.doc.in_(select(given.c.doc)))
    return insert(search_entries).from_select(names, rows.order_by(search_whole.c.doc))


_ADD_TEXTS = add_rows(search_texts, given_rows(doc=BIG, **PLACES))
_MOVE_TEXTS = _change_texts()
_CHANGE_TEXTS = _change_texts(**PLACES)
_REMOVE_TEXTS = remove_docs(search_texts)
_ON_SQLITE = (search_index, search_pairs)
#: What the full-text index of each database is told of documents, one after the other.
_INDEX: Mapping[str, Mapping[Table, Insert]] = {
    "sqlite": {table: _index(table, forgets=False) for table in _ON_SQLITE},
    "postgresql": {search_whole: _add_whole(), search_entries: _add_entries()},
}
_UNINDEX: Mapping[str, Mapping[Table, Executable]] = {
    "sqlite": {table: _index(table, forgets=True) for table in _ON_SQLITE},
    "postgresql": {search_whole: remove_docs(search_whole).add_cte(remove_docs(search_entries).cte("entries"))},
}
