"""
Taking a whole result out: put on record first, then read in runs, with no transaction in between.

What fits is listed once, so that each model is told once, however much changes meanwhile; a model that its reader may
not see any more when its run is read is left out.
"""

from array import array
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.ledger import tell_filter
from modelkeep_server.db.tables import search_versions, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.rows import read_shown
from modelkeep_server.features.search.views import CatalogueFilter, ExportedModel, ModelExport
from modelkeep_server.rules.lifecycle import State

#: For finding all that is to be taken out.
SECONDS_MAX = 60.0
#: Filters that may hold an e-mail or a name.
_PERSONAL = frozenset({"text", "owner"})


def look_into(work: Work, actor: Actor, asked: CatalogueFilter) -> None:
    """What is at fault before anything is looked for. No statement. Raises Invalid, NotPermitted."""
    access.require(work, actor, "model.export")
    queries.demand_readable(work, asked)


def measure(work: Work, actor: Actor, asked: CatalogueFilter) -> ModelExport:
    """What an export of this filter will hold. Raises Invalid, NotPermitted."""
    access.require(work, actor, "model.export")
    with work.hurried(SECONDS_MAX):
        return ModelExport(asked, array("q", queries.stream_keys(work, actor, asked)))


def begin(work: Work, actor: Actor, export: ModelExport, *, format: str) -> None:  # noqa: A002 - the API's own word
    """Put on record what is about to be taken out, before its first byte. Raises NotPermitted."""
    access.require(work, actor, "model.export")
    asked = tell_filter(asdict(export.asked), personal=_PERSONAL)
    access.record(
        work, actor, "model.export", object_id="models",
        after={"models": len(export.keys), "format": format, "filter": asked},
    )  # fmt: skip


def read_run(work: Work, actor: Actor, keys: Sequence[int]) -> tuple[ExportedModel, ...]:
    """The models of these inside ids that the reader sees, in this order. Three statements. Raises NotPermitted."""
    access.require(work, actor, "model.export")
    rows = read_shown(work, actor, keys)
    live: dict[int, list[str]] = {}
    frameworks: dict[int, list[str]] = {}
    for row in work.all(_select_live(), {"keys": keys}):
        live.setdefault(row.model_id, []).append(row.version)
    for row in work.all(_select_frameworks(), {"keys": keys}):
        frameworks.setdefault(row.model_id, []).append(row.framework)
    return tuple(
        ExportedModel(
            model=row.model,
            newest=row.newest[0] if row.newest else None,
            live=tuple(live.get(row.model.key, ())),
            frameworks=tuple(frameworks.get(row.model.key, ())),
            version_count=row.version_count,
        )
        for row in rows
    )


@cache
def _select_live() -> Select[Any]:
    kept = search_versions.c
    return (
        select(kept.model_id, versions.c.version)
        .join(versions, (versions.c.model_id == kept.model_id) & (versions.c.number == kept.number))
        .where(in_keys(kept.model_id, "keys"), kept.state == State.PRODUCTION.value, kept.is_closed.is_(False))
        .order_by(kept.model_id, kept.number.desc())
    )


@cache
def _select_frameworks() -> Select[Any]:
    kept = search_versions.c
    return (
        select(kept.model_id, kept.framework)
        .where(in_keys(kept.model_id, "keys"), kept.framework != "")
        .distinct()
        .order_by(kept.model_id, kept.framework)
    )
