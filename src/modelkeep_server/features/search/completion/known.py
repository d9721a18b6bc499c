"""
Which values and models there are that begin with, or hold, what somebody types: among the models that they see.

Whether a value is there for them is asked of each value by itself, until enough are found; nothing is counted.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    all_,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import (
    LEXEMES,
    models,
    people,
    search_entries,
    search_index,
    search_models,
    search_texts,
    search_values,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by
from modelkeep_server.features.search.compiling.postgresql import PostgresCompiler
from modelkeep_server.features.search.compiling.sqlite import SqliteCompiler
from modelkeep_server.features.search.conditions import behind, holding, is_seen, select_lately
from modelkeep_server.features.search.indexing.codes import read_code, split_codes
from modelkeep_server.features.search.language.fields import FIELDS, Field
from modelkeep_server.features.search.language.tree import Place
from modelkeep_server.kit.likeness import find_like
from modelkeep_server.kit.words import fold_value, split_words
from modelkeep_server.rules.errors import TookTooLong

#: Of so many models that changed last the values are put first, those of most of them before others.
_LATELY = 400
_RANKED_MOST = 100
#: So many of the newest are looked through for words before the index is asked.
_WALKED = 2_000
#: Values that may be meant: so alike, so many letters more or fewer, looked for among so many.
_LIKENESS, _LENGTHS, _ALIKE_MOST = 0.72, 3, 400
_KEY_MOST, _SECONDS_MAX = 200, 0.5
_BY_LETTER = {field.letter: field.name for field in FIELDS.values() if field.letter}


@dataclass(frozen=True)
class KnownValue:
    """A value that a model has, as it was first spelled; of an owner with their name, where they have one here."""

    shown: str
    key: str
    person: str = ""


@dataclass(frozen=True)
class KnownModel:
    """A model to go to."""

    address: str
    name: str
    description: str


def find_values(work: Work, actor: Actor, field: Field, text: str, *, limit: int) -> tuple[KnownValue, ...]:
    """
    Values of a field that begin with a text, then those that hold it. What models have that changed lately comes first.
    Owners are found by their names as well. Three statements at most.
    """
    key = fold_value(text)
    counts = _count_lately(work, actor, field.letter)
    asked = {
        **_asked(actor, key), "field": field.letter, "most": limit,
        "keys": [number for number, _ in counts.most_common(_RANKED_MOST)],
    }  # fmt: skip
    rows = [row for row in work.all(_select_values(sight_of(actor)), asked) if row.key.startswith(key)]
    rows.sort(key=lambda row: (row.key != key, -counts[row.id], row.key))
    found = {row.id: row for row in rows}
    if len(found) < limit and (key or field.name == "owner"):
        within = work.all(_select_within(sight_of(actor), work.dialect, field.name == "owner"), asked)
        found |= {row.id: row for row in within}
    return tuple(KnownValue(row.shown, row.key, getattr(row, "person", None) or "") for row in found.values())[:limit]


def find_values_soon(work: Work, actor: Actor, field: Field, text: str, *, limit: int) -> tuple[KnownValue, ...]:
    """The same; none where that takes too long, or the text is no value at all."""
    if "\0" not in text and len(text) <= _KEY_MOST:
        with suppress(TookTooLong), work.hurried(_SECONDS_MAX, apart=True):
            return find_values(work, actor, field, text, limit=limit)
    return ()


def find_named_values(
    work: Work, actor: Actor, fields: Sequence[str], text: str, *, limit: int
) -> tuple[tuple[str, KnownValue], ...]:
    """Values of several fields that begin with a text, each with the name of its field. One statement."""
    statement = _select_of_several(sight_of(actor), tuple(FIELDS[name].letter for name in fields))
    rows = work.all(statement, {**_asked(actor, fold_value(text)), "most": limit})
    return tuple((_BY_LETTER[row.field], KnownValue(row.shown, row.key)) for row in rows)


def find_models(work: Work, actor: Actor, text: str, *, limit: int) -> tuple[KnownModel, ...]:
    """
    Models whose name or address begins with a text, then those with a word in their name that does, changed last first.
    Two statements at most.
    """
    words = split_words(text)
    if not words:
        return ()
    asked = {
        **values_of(actor), "most": limit, "name": " ".join(words), "name_end": behind(" ".join(words)),
        "path": text.strip().lower(), "path_end": behind(text.strip().lower()),
    }  # fmt: skip
    rows = list(work.all(_select_begun(sight_of(actor)), asked))
    if len({row.id for row in rows}) < limit:
        asked |= _match(work.dialect, words)
        rows += work.all(_select_by_words(sight_of(actor), work.dialect), asked)
    found = {row.id: KnownModel(f"{row.group_name}/{row.name}", row.name, row.description) for row in rows}
    return tuple(found.values())[:limit]


def nearest_values(work: Work, actor: Actor, field: Field, text: str, *, limit: int = 1) -> tuple[KnownValue, ...]:
    """
    Values of a field that somebody may have meant by one that no model has: those that go on from it, and those that
    are spelled much like it, the likest first; none where that takes too long. One statement.
    """
    key = fold_value(text)
    if not key or "\0" in key or len(key) > _KEY_MOST or not actor.is_known:
        return ()
    # A letter or two that are wrong leave one of three parts as it is.
    third = max(1, len(key) // 3)
    asked = {
        **_asked(actor, key), "field": field.letter, "shortest": len(key) - _LENGTHS, "longest": len(key) + _LENGTHS,
        "first": holding(key[:third])[1:], "middle": holding(key[third : 2 * third]),
        "last": holding(key[-third:])[:-1],
    }  # fmt: skip
    rows: dict[str, KnownValue] = {}
    with suppress(TookTooLong), work.hurried(_SECONDS_MAX, apart=True):
        rows = {row.key: KnownValue(row.shown, row.key) for row in work.all(_select_alike(sight_of(actor)), asked)}
    alike = find_like(key, rows, most=limit, likeness=_LIKENESS)
    longer = sorted((found for found in rows if found.startswith(key) and found not in alike), key=len)
    return tuple(rows[found] for found in [*alike, *longer] if found != key)[:limit]


def _asked(actor: Actor, key: str) -> dict[str, Any]:
    return {**values_of(actor), "key": key, "key_end": behind(key), "within": holding(key)}


def _count_lately(work: Work, actor: Actor, letter: str) -> Counter[int]:
    """How many of the models that changed last have which value of a field, by its number. One statement."""
    rows = work.all(select_lately(sight_of(actor), _LATELY), values_of(actor))
    codes = (code for row in rows for code in split_codes(row.facets) if code[0] == letter)
    return Counter(read_code(code)[1] for code in codes)


def _values_begun(sight: Sight, letter: Any) -> Select[Any]:
    key = search_values.c.key
    return (
        select(search_values)
        .where(search_values.c.field == letter, key >= bindparam("key"), key < bindparam("key_end"), is_seen(sight))
        .order_by(key)
        .limit(bindparam("most"))
    )


@cache
def _select_values(sight: Sight) -> Select[Any]:
    lately = select(search_values).where(in_keys(search_values.c.id, "keys"))
    return select(union_all(lately, select(_values_begun(sight, bindparam("field")).subquery())).subquery())


@cache
def _select_of_several(sight: Sight, letters: tuple[str, ...]) -> Select[Any]:
    return select(union_all(*(select(_values_begun(sight, letter).subquery()) for letter in letters)).subquery())


@cache
def _select_within(sight: Sight, dialect: str, is_owner: bool) -> Select[Any]:
    key = search_values.c.key
    holds: ColumnElement[bool] = key.like(bindparam("within"), escape="/")
    if is_owner:
        # PostgreSQL compares texts of two collations only where it is told by which of them.
        emails = people.c.email_key.collate("C") if dialect == "postgresql" else people.c.email_key
        named = select(emails).where(func.lower(people.c.name).like(bindparam("within"), escape="/"))
        holds = or_(holds, key.in_(named))
    found = select(search_values).where(search_values.c.field == bindparam("field"), holds, is_seen(sight))
    found = found.order_by(key).limit(bindparam("most"))
    return _with_people(found, dialect) if is_owner else found


def _with_people(found: Select[Any], dialect: str) -> Select[Any]:
    """Values that are e-mails, with the names of those who have them."""
    values = found.subquery()
    key = values.c.key.collate("default") if dialect == "postgresql" else values.c.key
    return (
        select(values, people.c.name.label("person"))
        .outerjoin(people, people.c.email_key == key)
        .order_by(values.c.key)
    )  # fmt: skip


@cache
def _select_alike(sight: Sight) -> Select[Any]:
    key = search_values.c.key
    parts = or_(*(key.like(bindparam(name), escape="/") for name in ("first", "middle", "last")))
    is_alike = and_(parts, func.length(key).between(bindparam("shortest"), bindparam("longest")))
    is_longer = and_(key >= bindparam("key"), key < bindparam("key_end"))
    return (
        select(search_values)
        .where(search_values.c.field == bindparam("field"), or_(is_alike, is_longer), is_seen(sight))
        .limit(_ALIKE_MOST)
    )


@cache
def _select_begun(sight: Sight) -> Select[Any]:
    parts = []
    for column, name in ((search_models.c.name_key, "name"), (search_models.c.path_key, "path")):
        begins = (column >= bindparam(name), column < bindparam(f"{name}_end"))
        part = select(search_models.c.model_id, column.label("by")).where(*begins, visible_by(sight, search_models))
        parts.append(select(part.order_by(column).limit(bindparam("most")).subquery()))
    found = union_all(*parts).subquery()
    return _models_of(found.c.model_id).order_by(found.c.by, models.c.path_key)


@cache
def _select_by_words(sight: Sight, dialect: str) -> Select[Any]:
    if dialect == "sqlite":
        fits = literal_column("search_index").op("MATCH")(bindparam("match"))
        parts = [select(search_index.c.rowid.label("doc")).where(fits)]
    else:
        parts = _words_on_postgresql()
    # The second part is not begun where the first gave enough.
    found = union_all(*(select(_newest_of(sight, part).subquery()) for part in parts))
    newest = found.limit(bindparam("most")).subquery()
    return _models_of(newest.c.model_id).order_by(newest.c.by.desc())


def _words_on_postgresql() -> list[Select[Any]]:
    """
    Documents with these words: of those that changed last, which are walked through, and of all before out of the
    index, whose hits come in no order: there are few of them where few were among the last.
    """
    last = select(search_texts.c.doc, search_texts.c.name).order_by(search_texts.c.doc.desc()).limit(_WALKED)
    walked = last.subquery()
    first = select(func.min(last.subquery().c.doc)).scalar_subquery()
    spaced = literal(" ") + walked.c.name + literal(" ")
    near = select(walked.c.doc).where(spaced.like(all_(bindparam("within", type_=ARRAY(Text)))))
    fits = LEXEMES.op("@@")(bindparam("match", type_=TSQUERY))
    before = select(search_entries.c.doc).where(fits).offset(literal_column("0")).subquery()
    return [near, select(before.c.doc).where(before.c.doc < first)]


def _newest_of(sight: Sight, found: Select[Any]) -> Select[Any]:
    doc = found.subquery().c.doc
    return (
        select(search_models.c.model_id, doc.label("by"))
        .join(search_models, search_models.c.doc == doc)
        .where(visible_by(sight, search_models))
        .order_by(doc.desc())
        .limit(bindparam("most"))
    )


def _models_of(key: ColumnElement[int]) -> Select[Any]:
    told = (models.c.id, models.c.group_name, models.c.name, models.c.description)
    return select(*told).join(key.table, key == models.c.id)


def _match(dialect: str, words: Sequence[str]) -> dict[str, Any]:
    """Every word in the name, the last of them begun. Words hold letters and digits alone: no operator slips in."""
    if dialect == "sqlite":
        mark = SqliteCompiler.marks[Place.NAME]
        return {"match": " AND ".join(f'"{mark}{word}"' for word in words) + "*"}
    within = [*(f"% {word} %" for word in words[:-1]), f"% {words[-1]}%"]
    mark = PostgresCompiler.marks[Place.NAME]
    return {"match": " & ".join(f"'{mark}{word}'" for word in words) + ":*", "within": within}
