"""What the list of findings and the page of one are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.promotion.views import Finding, FindingCounts, FindingStatus
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.interfaces.web.forms import href_of, href_of_version
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True, kw_only=True)
class FindingsContext(Context, Walked):
    """GET /findings. `tally` counts the open ones, `now` is the moment that due dates are held against."""

    template: ClassVar[str] = "findings/list.html"
    section: ClassVar[str] = "/reviews"
    show: ClassVar[str] = "FINDINGS"
    rows: Rows[Finding]
    tally: FindingCounts
    now: datetime
    filters: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/findings", self.rows, self.filters)

    def href_with(self, **changes: str) -> str:
        """This list under other filters; an empty one is left out."""
        return href_of("/findings", {name: value for name, value in {**self.filters, **changes}.items() if value})


@dataclass(frozen=True, kw_only=True)
class FindingContext(FormContext):
    """
    GET /findings/{id}. `apart` says why this person decides nothing of the version, None where they may. Its form:
    settle (status, answer).
    """

    template: ClassVar[str] = "findings/show.html"
    section: ClassVar[str] = "/reviews"
    finding: Finding
    version: Version
    tier: RiskTier
    now: datetime
    relations: frozenset[Relation] = frozenset()
    apart: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be settled."""
        return self.finding.status is FindingStatus.OPEN

    @property
    def base(self) -> str:
        """The address of the version's page."""
        return href_of_version(self.version.model, self.version.version)
