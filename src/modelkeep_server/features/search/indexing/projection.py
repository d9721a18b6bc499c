"""
Keeping the catalogue's index in step with models, inside the transaction that changed them. `reindexing` writes all of
it anew.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite

from modelkeep_server.db.tables import search_versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.indexing.changes import Change, find_change
from modelkeep_server.features.search.indexing.gathering import (
    Gathered,
    Touched,
    find_touched,
    read_models,
    read_versions,
)
from modelkeep_server.features.search.indexing.writing import write_changes

#: Whose turn it is to index a model.
_TURN = "search.model"


def project(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """Bring the index up to date for the models that rows just written are about."""
    index_models(work, find_touched(work, touched))


def index_models(
    work: Work, touched: Touched, find: Callable[[Gathered], Change | None] = find_change, *, last: int = 0
) -> None:
    """
    Write the documents of these models where they differ, all in the same few statements. `find` tells how, and new
    ones stand behind `last`.
    """
    if not touched.models:
        return
    take_turns(work, touched.models)
    _write_versions(work, touched)
    found = read_models(work, touched.models, last=last)
    new = frozenset(one.model.key for one in found if one.standing is None)
    if new and not touched.is_whole and _write_versions(work, Touched(new, is_whole=True)):
        found = read_models(work, touched.models, last=last)
    changes = (find(gathered) for gathered in found)
    write_changes(work, [change for change in changes if change is not None])


def _write_versions(work: Work, touched: Touched) -> bool:
    """Whether any was other than the index had it."""
    versions = read_versions(work, touched)
    if versions:
        work.keep(search_versions, _KEEP_VERSIONS[work.dialect], versions)
    return bool(versions)


def take_turns(work: Work, keys: Collection[int]) -> None:
    """Let nobody else index these models before this transaction ends."""
    work.take_turns(_TURN, sorted(keys))


def _keep_versions(adding: Any) -> Any:
    keys = [column.name for column in inspect(search_versions).primary_key]
    others = {column.name: adding.excluded[column.name] for column in search_versions.c if column.name not in keys}
    return adding.on_conflict_do_update(index_elements=keys, set_=others)


_KEEP_VERSIONS = {
    "sqlite": _keep_versions(sqlite.insert(search_versions)),
    "postgresql": _keep_versions(postgresql.insert(search_versions)),
}
