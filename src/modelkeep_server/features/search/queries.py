"""The catalogue: models that match a filter and that the actor may see, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import (
    models,
    search_index,
    search_models,
    search_postings,
    search_texts,
    search_values,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.search.documents import key_of
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.views import CatalogueFilter, CatalogueRow, VersionMark
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.kit.words import split_words
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lifecycle import State

NEWEST_SHOWN = 2
WORDS_MAX = 32

#: Sort name → (column, descending). Each ends in id, so that pages are stable.
SORTS: dict[str, tuple[ColumnElement[object], bool]] = {
    "updated": (search_models.c.updated_at, True),
    "created": (search_models.c.created_at, True),
    "name": (search_models.c.path_key, False),
}


def list_models(
    work: Work, actor: Actor, asked: CatalogueFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[CatalogueRow]:
    """
    One page of the catalogue, found in the narrow index. Five statements. A model's id as its text finds that model.

    Raises:
        Invalid: An unknown sort, or more than 32 words.
        CursorRefused: The cursor is foreign, edited, or of another filter or sort.
    """
    if asked.sort not in SORTS:
        raise Invalid.of([FieldError("sort", f"Choose one of {', '.join(SORTS)}.")])
    column, descending = SORTS[asked.sort]
    key = search_models.c.model_id
    conditions = _conditions(work, actor, asked)
    filters = _as_mapping(asked)
    statement = select(key, column).where(*conditions)
    shown, following = read_rows(
        work, statement, column, key, filters=filters, limit=limit, cursor=cursor, descending=descending
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(search_models).where(*conditions))
    return Page(to_rows(work, _read_models(work, actor, [row.model_id for row in shown])), following, total)


def count_models(work: Work, actor: Actor) -> int:
    """How many models the actor can see. One statement."""
    return int(work.scalar(select(func.count()).select_from(models).where(visible_to(actor))))


def list_groups(work: Work, actor: Actor, *, limit: int = 100) -> tuple[tuple[str, int], ...]:
    """The groups the actor can see, with how many models each holds, the fullest first. One statement."""
    rows = work.all(
        select(models.c.group_name, func.count().label("models_count"))
        .where(visible_to(actor))
        .group_by(models.c.group_name)
        .order_by(func.count().desc(), models.c.group_name)
        .limit(limit)
    )
    return tuple((row.group_name, row.models_count) for row in rows)


def list_tags(work: Work, actor: Actor, *, limit: int = 30) -> tuple[str, ...]:
    """The most used tags among models the actor can see. One statement."""
    return _most_used(work, actor, "tag", limit)


def list_owners(work: Work, actor: Actor, *, limit: int = 30) -> tuple[str, ...]:
    """The e-mails that own the most models among those the actor can see. One statement."""
    return _most_used(work, actor, "owner", limit)


def _most_used(work: Work, actor: Actor, field: str, limit: int) -> tuple[str, ...]:
    value = search_values.c.key
    rows = work.all(
        select(value.label("value"))
        .join(search_postings, search_postings.c.value_id == search_values.c.id)
        .join(search_models, search_models.c.doc == search_postings.c.doc)
        .where(search_values.c.field == FIELDS[field].letter, visible_to(actor, search_models))
        .group_by(value)
        .order_by(func.count().desc(), value)
        .limit(limit)
    )
    return tuple(row.value for row in rows)


def _has(field: str, shown: str) -> ColumnElement[bool]:
    found = (
        select(search_postings.c.doc)
        .join(search_values, search_values.c.id == search_postings.c.value_id)
        .where(search_values.c.field == FIELDS[field].letter, search_values.c.key == key_of(shown))
    )
    return search_models.c.doc.in_(found)


def _read_models(work: Work, actor: Actor, keys: Sequence[int]) -> list[Row[Any]]:
    """The rows of these models, in the order of the keys. One statement, none for no keys."""
    if not keys:
        return []
    rows = work.all(model_queries.select_models().where(models.c.id.in_(keys), visible_to(actor)))
    by_key = {row.id: row for row in rows}
    return [by_key[key] for key in keys if key in by_key]


def _conditions(work: Work, actor: Actor, asked: CatalogueFilter) -> list[ColumnElement[bool]]:
    conditions = [visible_to(actor, search_models), *_text_conditions(work, asked.text)]
    if asked.group:
        conditions.append(_has("group", asked.group))
    if asked.risk_tier:
        conditions.append(_has("riskTier", _choice("riskTier", asked.risk_tier, list(RiskTier))))
    if asked.status:
        standing = models.c.status == _choice("status", asked.status, list(ModelStatus))
        conditions.append(search_models.c.model_id.in_(select(models.c.id).where(standing)))
    if asked.tag:
        conditions.append(_has("tag", asked.tag))
    if asked.owner:
        conditions.append(_has("owner", asked.owner.strip()))
    for column, earliest, latest in (
        (search_models.c.created_at, asked.created_from, asked.created_to),
        (search_models.c.updated_at, asked.updated_from, asked.updated_to),
    ):
        if earliest:
            conditions.append(column >= clock.to_us(earliest))
        if latest:
            conditions.append(column <= clock.to_us(latest))
    return conditions


def _choice(field: str, given: str, choices: Sequence[str]) -> str:
    if given not in choices:
        raise Invalid.of([FieldError(field, f"Choose one of {', '.join(choices)}.")])
    return given


def _text_conditions(work: Work, text: str) -> list[ColumnElement[bool]]:
    words = split_words(text)
    if len(words) > WORDS_MAX:
        raise Invalid.of([FieldError("q", f"At most {WORDS_MAX} words.")])
    if ids.is_uuid(text.strip()):
        meant = select(models.c.id).where(models.c.public_id == text.strip().lower())
        return [search_models.c.model_id.in_(meant)]
    if words:
        return [_text_condition(work, words)]
    return [false()] if text.strip() else []


def _text_condition(work: Work, words: Sequence[str]) -> ColumnElement[bool]:
    """Every word must begin a word of the model. Words hold letters and digits only, so no operator can slip in."""
    if work.dialect == "sqlite":
        query = " ".join(f'"{word}"*' for word in words)
        found = select(search_index.c.rowid).where(literal_column("search_index").op("MATCH")(query))
    else:
        query = " & ".join(f"'{word}':*" for word in words)
        found = select(search_texts.c.doc).where(literal_column("document").op("@@")(literal(query).cast(TSQUERY)))
    return search_models.c.doc.in_(found)


def to_rows(work: Work, rows: Sequence[Row[Any]]) -> tuple[CatalogueRow, ...]:
    """Views of these rows of `select_models`, each with its newest versions. Two statements."""
    marks, counts = _newest_versions(work, [row.id for row in rows])
    return tuple(
        CatalogueRow(model, marks.get(model.key, ()), counts.get(model.key, 0))
        for model in model_queries.to_models(work, rows)
    )


def _select_newest() -> Select[Any]:
    place = func.row_number().over(partition_by=versions.c.model_id, order_by=versions.c.number.desc()).label("place")
    count = func.count().over(partition_by=versions.c.model_id).label("versions_count")
    ranked = (
        select(versions.c.model_id, versions.c.version, versions.c.state, versions.c.id, place, count)
        .where(versions.c.model_id.in_(bindparam("model_keys", expanding=True)))
        .subquery()
    )
    flags = (has_flag(ranked.c.id, "CLOSED").label("closed"), has_flag(ranked.c.id, "HOLD").label("held"))
    shown = select(ranked, *flags).where(ranked.c.place <= NEWEST_SHOWN)
    return shown.order_by(ranked.c.model_id, ranked.c.place)


_NEWEST = _select_newest()


def _newest_versions(
    work: Work, model_keys: Sequence[int]
) -> tuple[dict[int, tuple[VersionMark, ...]], dict[int, int]]:
    if not model_keys:
        return {}, {}
    rows = work.all(_NEWEST, {"model_keys": list(model_keys)})
    marks: dict[int, tuple[VersionMark, ...]] = {}
    counts: dict[int, int] = {}
    for row in rows:
        marks[row.model_id] = (
            *marks.get(row.model_id, ()),
            VersionMark(row.version, State(row.state), bool(row.closed), bool(row.held)),
        )
        counts[row.model_id] = row.versions_count
    return marks, counts


def _as_mapping(asked: CatalogueFilter) -> Mapping[str, object]:
    return {"list": "models", **asdict(asked)}
