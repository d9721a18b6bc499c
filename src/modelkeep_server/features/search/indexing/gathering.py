"""
The facts that documents are made of, in few statements, however many versions a model has: what counts of a version
stands in `search_versions`, and only those just written are read whole.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Text,
    bindparam,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.nesting import RowsAsJson
from modelkeep_server.db.tables import (
    artifacts,
    card_revisions,
    model_owners,
    models,
    people,
    search_models,
    search_texts,
    search_versions,
    version_flags,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.cards.views import CardStatus
from modelkeep_server.features.search.indexing.documents import ModelFacts, VersionFacts
from modelkeep_server.features.versions.conditions import has_flag

#: Governed tables whose rows are facts about a version.
_OF_VERSIONS = {table.name: table for table in (version_flags, card_revisions, artifacts)}


@dataclass(frozen=True)
class Touched:
    """
    Which models may need another document, and which of their versions may count otherwise, by inside ids. `is_whole`
    where all of their versions may.
    """

    models: frozenset[int]
    versions: frozenset[int] = frozenset()
    is_whole: bool = False


@dataclass(frozen=True)
class Standing:
    """What the index has of a model."""

    doc: int
    updated_at: int
    digest: str
    facets: str


@dataclass(frozen=True)
class Gathered:
    """A model, what the index has of it, and the number that its document takes where it needs another one."""

    model: ModelFacts
    standing: Standing | None
    next_doc: int


def find_touched(work: Work, rows: Sequence[tuple[str, int]]) -> Touched:
    """What rows just written are about. One statement, none where they are rows of `models` alone."""
    keys: dict[str, set[int]] = {}
    for table, key in rows:
        keys.setdefault(table, set()).add(key)
    told = set(keys.pop(models.name, ()))
    asked = {name: keys[name] for name in (versions.name, model_owners.name, *_OF_VERSIONS) if name in keys}
    if not asked:
        return Touched(frozenset(told))
    found = work.all(_about(tuple(asked)), asked)
    return Touched(
        frozenset(told | {row.model_id for row in found}),
        frozenset(row.version_id for row in found if row.version_id is not None),
    )


def read_versions(work: Work, touched: Touched) -> list[dict[str, Any]]:
    """Rows of `search_versions` that are to be written. One statement, none where no version was touched."""
    if not touched.versions and not touched.is_whole:
        return []
    asked = {"keys": touched.models if touched.is_whole else touched.versions}
    rows = work.all(_versions(is_whole=touched.is_whole), asked)
    wanted = ((_to_version(row), row._mapping) for row in rows)
    return [version for version, row in wanted if any(row[f"kept_{name}"] != version[name] for name in version)]


def find_last_document(work: Work) -> int:
    """The number of the last document that there is. One statement."""
    return int(work.scalar(select(_last())))


def read_models(work: Work, keys: Collection[int], *, last: int = 0) -> list[Gathered]:
    """
    The facts of these models, in the order in which they changed last. One statement.

    Args:
        last: A number that new documents shall stand behind.
    """
    rows = work.all(_models(work.dialect, work.writes), {"keys": keys})
    numbers = sorted(row.number for row in rows)
    if work.dialect == "sqlite":
        numbers = [max(number, last) + place for place, number in enumerate(numbers, start=1)]
    return [Gathered(_to_facts(row), _to_standing(row), number) for row, number in zip(rows, numbers, strict=True)]


def _to_version(row: Row[Any]) -> dict[str, Any]:
    told = json.loads(row.metadata)
    return {
        "model_id": row.model_id,
        "number": row.number,
        "state": row.state,
        "is_closed": row.is_closed,
        "has_card": row.has_card,
        "has_files": row.has_files,
        "framework": _line(told, "framework"),
        "model_type": _line(told, "modelType"),
        "license": _line(told.get("card") or {}, "license"),
    }


def _line(told: Mapping[str, Any], key: str) -> str:
    found = told.get(key)
    return found if isinstance(found, str) else ""


def _to_standing(row: Row[Any]) -> Standing | None:
    return None if row.doc is None else Standing(row.doc, row.indexed_at, row.digest, row.facets)


def _to_facts(row: Row[Any]) -> ModelFacts:
    owners = [email for _, email in sorted(row.owners)]
    return ModelFacts(
        key=row.id,
        path_key=row.path_key,
        group=row.group_name,
        name=row.name,
        description=row.description,
        tags=tuple(row.tags),
        owners=(*owners, row.registrar) if row.registrar else tuple(owners),
        risk_tier=row.risk_tier,
        status=row.status,
        origin=row.origin,
        visibility=row.visibility,
        created_at=row.created_us,
        updated_at=row.updated_us,
        versions=tuple(_to_version_facts(*one) for one in row.versions),
    )


def _to_version_facts(
    number: int, state: str, is_closed: Any, has_card: Any, has_files: Any, *texts: str
) -> VersionFacts:
    # SQLite has 0 and 1 for them.
    return VersionFacts(number, state, bool(is_closed), bool(has_card), bool(has_files), *texts)


@cache
def _about(names: tuple[str, ...]) -> Select[Any]:
    """Which model, and which version where there is one, rows of these tables are about."""
    parts = []
    for name in names:
        asked: BindParameter[int] = bindparam(name, expanding=True)
        if name == model_owners.name:
            parts.append(
                select(model_owners.c.model_id, null().label("version_id")).where(model_owners.c.id.in_(asked))
            )
            continue
        part = select(versions.c.model_id, versions.c.id.label("version_id"))
        if name == versions.name:
            parts.append(part.where(versions.c.id.in_(asked)))
            continue
        table = _OF_VERSIONS[name]
        parts.append(part.join(table, table.c.version_id == versions.c.id).where(table.c.id.in_(asked)))
    return select(union_all(*parts).subquery())


@cache
def _versions(*, is_whole: bool) -> Select[Any]:
    """Versions, or all those of models, with what counts of them, and as the index has that."""
    published = (
        select(card_revisions.c.id)
        .where(card_revisions.c.version_id == versions.c.id, card_revisions.c.status == CardStatus.PUBLISHED.value)
        .exists()
    )
    filed = select(artifacts.c.id).where(artifacts.c.version_id == versions.c.id, artifacts.c.removed_at.is_(None))
    kept = search_versions.c
    return (
        select(versions.c.model_id, versions.c.number, versions.c.state,
               type_coerce(versions.c.metadata, Text).label("metadata"),
               has_flag(versions.c.id, "CLOSED").label("is_closed"), published.label("has_card"),
               filed.exists().label("has_files"), *(column.label(f"kept_{column.name}") for column in kept))
        .outerjoin(search_versions, (kept.model_id == versions.c.model_id) & (kept.number == versions.c.number))
        .where(in_keys(versions.c.model_id if is_whole else versions.c.id, "keys"))
        .order_by(versions.c.model_id, versions.c.number)
    )  # fmt: skip


def _last() -> ColumnElement[int]:
    """SQLite has no sequences. Documents and their texts are written together; both are asked, should one be lost."""
    docs = union_all(*(select(func.max(table.c.doc).label("doc")) for table in (search_models, search_texts)))
    return select(func.coalesce(func.max(docs.subquery().c.doc), 0)).correlate(None).scalar_subquery()


@cache
def _models(dialect: str, writes: bool) -> Select[Any]:
    """Models with their owners in order, their versions, those that are alike as one, and what the index has."""
    number: Any = _last() if dialect == "sqlite" else func.nextval("search_docs") if writes else literal(0)
    owners = (
        select(RowsAsJson(model_owners.c.position, model_owners.c.email))
        .where(model_owners.c.model_id == models.c.id, model_owners.c.removed_at.is_(None))
        .correlate(models)
        .scalar_subquery()
    )
    kept = search_versions.c
    alike = (kept.state, kept.is_closed, kept.has_card, kept.has_files, kept.framework, kept.model_type, kept.license)
    grouped = (
        select(func.max(kept.number).label("number"), *alike)
        .where(kept.model_id == models.c.id)
        .correlate(models)
        .group_by(*alike)
        .subquery()
    )
    told = select(RowsAsJson(*grouped.c)).scalar_subquery()
    return (
        select(models.c.id, models.c.path_key, models.c.group_name, models.c.name, models.c.description, models.c.tags,
               models.c.risk_tier, models.c.status, models.c.origin, models.c.visibility,
               type_coerce(models.c.created_at, BigInteger).label("created_us"),
               type_coerce(models.c.updated_at, BigInteger).label("updated_us"), people.c.email.label("registrar"),
               owners.label("owners"), told.label("versions"), number.label("number"), search_models.c.doc,
               search_models.c.updated_at.label("indexed_at"), search_models.c.digest, search_models.c.facets)
        .outerjoin(search_models, search_models.c.model_id == models.c.id)
        .outerjoin(people, people.c.id == models.c.registrar_id)
        .where(in_keys(models.c.id, "keys"))
        .order_by(models.c.updated_at, models.c.id)
    )  # fmt: skip
