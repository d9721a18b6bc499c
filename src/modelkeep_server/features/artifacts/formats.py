"""Which formats a version takes: those of rules/formats.py, and what an Admin lists beside them."""

from modelkeep_server.db.work import Work
from modelkeep_server.inspection.report import Report
from modelkeep_server.rules.formats import ArtifactType


def demand_accepted(work: Work, report: Report, kind: ArtifactType, path: str) -> None:
    """Raise NotAccepted, with the formats that are, where a file of this type may not have this content."""
