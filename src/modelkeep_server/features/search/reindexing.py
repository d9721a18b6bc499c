"""Writing the catalogue's index anew, while it is read and written."""

from sqlalchemy import select

from modelkeep_server.db.tables import models
from modelkeep_server.db.work import Work
from modelkeep_server.features.search.gathering import Touched
from modelkeep_server.features.search.projection import index

BATCH = 500


def reindex(work: Work) -> int:
    """Write the whole index anew. Gives back how many models it holds."""
    keys = [row.id for row in work.all(select(models.c.id).order_by(models.c.updated_at, models.c.id))]
    for start in range(0, len(keys), BATCH):
        index(work, Touched(frozenset(keys[start : start + BATCH]), frozenset()))
    return len(keys)
