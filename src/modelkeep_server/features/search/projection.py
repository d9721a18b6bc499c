"""
Keeping the catalogue's index in step with models, inside the transaction that changed them. `reindexing` writes all of
it anew.
"""

from collections.abc import Sequence

from sqlalchemy import inspect

from modelkeep_server.db.tables import search_versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.gathering import Touched, find_touched, read_models, read_versions
from modelkeep_server.features.search.writing import find_change, write_changes

#: Whose turn it is to index a model.
_TURN = "search.model"


def project(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """Bring the index up to date for the models that rows just written are about."""
    index(work, find_touched(work, touched))


def index(work: Work, touched: Touched) -> None:
    """Write the documents of these models where they differ, all in the same few statements."""
    if not touched.models:
        return
    work.take_turns(_TURN, sorted(touched.models))
    if versions := read_versions(work, touched):
        adding = work.upsert(search_versions)
        others = {column.name: adding.excluded[column.name] for column in search_versions.c if not column.primary_key}
        keys = [column.name for column in inspect(search_versions).primary_key]
        work.keep(search_versions, adding.on_conflict_do_update(index_elements=keys, set_=others), versions)
    changes = (find_change(gathered) for gathered in read_models(work, touched.models))
    write_changes(work, [change for change in changes if change is not None])
