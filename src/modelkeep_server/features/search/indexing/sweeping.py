"""
Taking out of the catalogue's index what belongs to no model any more: documents, values, e-mails among them, and words.

Documents are looked for in transactions that only read, since that may take a while; all is taken out a little at a
time.
"""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.exc import DatabaseError

from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import (
    LEXEMES,
    search_entries,
    search_index,
    search_models,
    search_pairs,
    search_postings,
    search_renewals,
    search_texts,
    search_values,
    search_whole,
    search_words,
)
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.jobs.views import Handler, Schedule, Task
from modelkeep_server.features.search.indexing import works
from modelkeep_server.features.search.indexing.codes import RENEWALS_MAX
from modelkeep_server.features.search.indexing.documents import BORDER
from modelkeep_server.features.search.indexing.texts import remove_texts, renew_whole, select_whole
from modelkeep_server.features.search.indexing.values import TURN

SWEEP = "sweep-search"
SCHEDULES = (Schedule(SWEEP, timedelta(days=7)),)
_VALUES_A_TIME = 20
_WORDS_A_TIME = 1_000
_STRAYS_A_TIME = 5_000


def make_sweep_handler(database: Database, parts: Parts) -> Handler:
    """What takes out, week after week, the values and words that models do not have any more, and old renewals."""

    def call(task: Task) -> None:
        del task
        _sweep_values(database, parts)
        _sweep_words(database, parts)
        _sweep_renewals(database, parts)

    return Handler(call)


def sweep(database: Database, parts: Parts) -> None:
    """Take out what belongs to no model, and mend the full-text index, should it hold other words."""
    _sweep_texts(database, parts)
    _sweep_values(database, parts)
    mend_full_text(database, parts)
    _sweep_words(database, parts)


def mend_full_text(database: Database, parts: Parts) -> None:
    """Make the full-text index hold what the documents do, where it does not."""
    if database.is_sqlite:
        _mend_fts5(database, parts)
    else:
        _mend_whole(database, parts)


def is_full_text_sound(work: Work) -> bool:
    """Whether the full-text index holds what the documents do. On FTS5 it writes: sqlite.org/fts5.html, 6.4."""
    if work.dialect != "sqlite":
        return not work.all(_OTHERWISE, {"most": 1})
    return all(_is_sound(work, table) for table in (search_index, search_pairs))


def _is_sound(work: Work, table: Table) -> bool:
    try:
        work.keep(table, text(f"INSERT INTO {table.name} ({table.name}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608
    except DatabaseError:
        return False
    return True


def _sweep_texts(database: Database, parts: Parts) -> None:
    while True:
        with works.reading(database, parts) as work:
            found = work.all(_STRAY_TEXTS)
        if not found:
            return
        with works.writing(database, parts) as work:
            remove_texts(work, [(row.doc,) for row in found])


def _mend_fts5(database: Database, parts: Parts) -> None:
    with works.writing(database, parts) as work:
        for table in (search_index, search_pairs):
            if not _is_sound(work, table):
                work.keep(table, text(f"INSERT INTO {table.name} ({table.name}) VALUES ('rebuild')"))  # noqa: S608


def _mend_whole(database: Database, parts: Parts) -> None:
    while True:
        with works.reading(database, parts) as work:
            found = work.all(_OTHERWISE, {"most": _STRAYS_A_TIME})
        if not found:
            return
        with works.writing(database, parts) as work:
            renew_whole(work, [(row.doc,) for row in found])


def _sweep_values(database: Database, parts: Parts) -> None:
    """Postings of documents or values that there are not, then values without postings."""
    after = 0
    while True:
        with works.reading(database, parts) as work:
            upto = work.scalar(_LAST_OF_NEXT, {"after": after})
            asked = {"after": after, "upto": upto if upto is not None else 2**62}
            is_any = work.first(_stray_postings(select(search_postings.c.doc)).limit(1), asked) is not None
            is_any |= work.first(_stray_values(select(search_values.c.id)).limit(1), asked) is not None
        if is_any:
            with works.writing(database, parts) as work:
                work.take_turn(TURN)
                work.keep(search_postings, _stray_postings(delete(search_postings)), asked)
                work.keep(search_values, _stray_values(delete(search_values)), asked)
        if upto is None:
            return
        after = upto


def _sweep_words(database: Database, parts: Parts) -> None:
    after = ""
    while True:
        with works.reading(database, parts) as work:
            words = [row.word for row in work.all(_NEXT_WORDS, {"after": after})]
        if not words:
            return
        asked = {"first": words[0], "last": words[-1]}
        with works.writing(database, parts) as work:
            work.take_turn(TURN)
            work.keep(search_words, _remove_unused(work.dialect), asked)
        after = words[-1]


def _sweep_renewals(database: Database, parts: Parts) -> None:
    with works.writing(database, parts) as work:
        work.take_turn(TURN)
        work.keep(search_renewals, _OLD_RENEWALS)


def _stray_postings(statement: Any) -> Any:
    posting = search_postings.c
    is_of_a_model = select(search_models.c.doc).where(search_models.c.doc == posting.doc).exists()
    is_of_a_value = select(search_values.c.id).where(search_values.c.id == posting.value_id).exists()
    return statement.where(_in_span(posting.value_id), ~(is_of_a_model & is_of_a_value))


def _stray_values(statement: Any) -> Any:
    is_had = select(search_postings.c.doc).where(search_postings.c.value_id == search_values.c.id).exists()
    return statement.where(_in_span(search_values.c.id), ~is_had)


def _in_span(column: ColumnElement[int]) -> ColumnElement[bool]:
    return (column > bindparam("after", type_=BigInteger)) & (column <= bindparam("upto", type_=BigInteger))


@cache
def _remove_unused(dialect: str) -> Delete:
    word = search_words.c.word
    if dialect == "sqlite":
        asked = literal('"') + word + literal('"')
        holds = select(search_index.c.rowid).where(literal_column(search_index.name).op("MATCH")(asked))
    else:
        asked = cast(literal("'") + word + literal("'"), TSQUERY)
        holds = select(search_entries.c.doc).where(LEXEMES.op("@@")(asked))
    return delete(search_words).where(word >= bindparam("first"), word <= bindparam("last"), ~holds.exists())


def _select_otherwise() -> Select[Any]:
    """PostgreSQL alone: documents that the full-text index has otherwise, or not at all, or alone."""
    told, held = select_whole().subquery(), select(search_entries.c.doc).where(LEXEMES.op("@@")(_ALWAYS)).subquery()
    same = and_(
        *(told.c[column.name] == column for column in search_whole.c),
        *(told.c[column.name] == column for column in search_entries.c),
        held.c.doc == told.c.doc,
    )
    joined = (
        told.join(search_whole, told.c.doc == search_whole.c.doc, full=True)
        .join(search_entries, func.coalesce(told.c.doc, search_whole.c.doc) == search_entries.c.doc, full=True)
        .outerjoin(held, held.c.doc == search_entries.c.doc)
    )
    doc = func.coalesce(told.c.doc, search_whole.c.doc, search_entries.c.doc).label("doc")
    return select(doc).select_from(joined).where(same.is_not(True)).limit(bindparam("most"))


#: The lexeme that each entry has.
_ALWAYS: ColumnElement[Any] = literal_column(f"CAST('{BORDER}' AS tsquery)")
_STRAY_TEXTS = (
    select(search_texts.c.doc)
    .where(~select(search_models.c.doc).where(search_models.c.doc == search_texts.c.doc).exists())
    .limit(_STRAYS_A_TIME)
)
_OTHERWISE = _select_otherwise()
_NEXT_VALUES = (
    select(search_values.c.id)
    .where(search_values.c.id > bindparam("after", type_=BigInteger))
    .order_by(search_values.c.id)
    .limit(_VALUES_A_TIME)
    .subquery()
)
_LAST_OF_NEXT = select(func.max(_NEXT_VALUES.c.id))
_NEXT_WORDS = (
    select(search_words.c.word)
    .where(search_words.c.word > bindparam("after"))
    .order_by(search_words.c.word)
    .limit(_WORDS_A_TIME)
)
_LAST_RENEWAL = select(func.max(search_renewals.c.id)).scalar_subquery()
_OLD_RENEWALS = delete(search_renewals).where(search_renewals.c.id <= _LAST_RENEWAL - RENEWALS_MAX)
