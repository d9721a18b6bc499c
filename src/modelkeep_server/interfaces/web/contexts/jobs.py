"""What the page of background jobs is drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.jobs.views import Job, JobCount, JobStatus
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows

#: What each kind of work is called; one without a row is called by its own name.
KINDS: Mapping[str, str] = {
    "mail": "Mail",
    "scan": "Looking through new files",
    "check": "Checking stored files",
    "expire-uploads": "Ending uploads that expired",
    "sweep-strays": "Clearing what uploads left behind",
    "rescan": "Looking through files again",
    "close-downloads": "Writing downloads into the log",
    "webhook": "Webhooks",
    "remind-of-exceptions": "Reminding of exceptions that end",
    "remind-of-next-reviews": "Reminding of versions to be looked at again",
    "remind-of-reviews": "Reminding of reviews that are overdue",
    "match-searches": "Telling of models that match saved searches",
    "prune-matches": "Forgetting what saved searches told long ago",
    "sweep-search": "Clearing the search index of what no model has any more",
    "prune-notices": "Dropping notices read long ago",
}


@dataclass(frozen=True, kw_only=True)
class JobsContext(Context, Walked):
    """GET /admin/jobs. `sends_mail`: a mail server is set up."""

    template: ClassVar[str] = "jobs/list.html"
    counts: tuple[JobCount, ...]
    failed: Rows[Job]
    sends_mail: bool
    cursor: str | None = None

    @property
    def statuses(self) -> Sequence[JobStatus]:
        """The columns of the counts."""
        return tuple(JobStatus)

    @property
    def kinds(self) -> Mapping[str, str]:
        """What each kind is called."""
        return KINDS

    @property
    def by_kind(self) -> dict[str, dict[JobStatus, int]]:
        """Counts by kind, then by status; 0 where there is none."""
        kinds = dict.fromkeys(count.kind for count in self.counts)
        found = {(count.kind, count.status): count.count for count in self.counts}
        return {kind: {status: found.get((kind, status), 0) for status in JobStatus} for kind in kinds}

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/admin/jobs", self.failed)
