"""What the pages of people and their roles are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.people_views import PersonRow
from modelkeep_server.features.identity.sources import ISSUER, SOURCES
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class PeopleContext(Context):
    """GET /admin/people. Controls: q, role, disabled (`yes` or `no`), source. `values` is the filter as typed."""

    template: ClassVar[str] = "people/list.html"
    people: Rows[PersonRow]
    cursor: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str]:
        """What really filters."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def sources(self) -> dict[str, str]:
        """Where roles come from: the filter's values and their words."""
        return {**SOURCES, ISSUER: "claims of an issuer"}

    @property
    def count_words(self) -> str:
        """How many people fit, in words."""
        total = self.people.total or 0
        return f"{total:,} {'person' if total == 1 else 'people'}"

    @property
    def first_href(self) -> str | None:
        """The first page of this list, or None where this is it."""
        return href_of("/admin/people", self.filters) if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The next page, or None on the last one."""
        cursor = self.people.next_cursor
        return href_of("/admin/people", self.filters | {"cursor": cursor}) if cursor else None
