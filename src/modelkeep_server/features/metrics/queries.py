"""What a monitor asks the database: how long the log is, and what waits to be done."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import queries as audit_queries
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.storage import queries as storage_queries


@dataclass(frozen=True)
class Figures:
    """
    `jobs` counts them by status; a status that no job has is left out. Of stored files `checked` were read through
    within the time set for it, `damaged` are damaged now; sizes are those of the files as they were sent.
    """

    log_size: int
    jobs: Mapping[str, int]
    files: int
    file_bytes: int
    checked: int
    damaged: int


def read_figures_for(work: Work, actor: Actor) -> Figures:
    """As `read_figures`, for somebody who asks from afar. Raises NotPermitted."""
    access.require(work, actor, "metrics.read")
    return read_figures(work)


def read_figures(work: Work) -> Figures:
    """The figures, for whoever is on this machine: they name nobody and nothing. Five statements."""
    counted = work.all(select(jobs.c.status, func.count().label("many")).group_by(jobs.c.status))
    checks, damaged = storage_queries.read_checks(work)
    jobs_by_status = {row.status: row.many for row in counted}
    return Figures(
        audit_queries.read_size(work), jobs_by_status, checks.files, checks.size_bytes, checks.checked, damaged
    )
