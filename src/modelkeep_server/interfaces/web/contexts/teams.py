"""What the pages of teams are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.identity.teams.views import Team
from modelkeep_server.interfaces.web.contexts.base import EditContext, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class TeamsContext(FormContext, Walked):
    """
    GET /teams, and /admin/teams (`at`) with the form that makes one. Filters: q, mine and ended (`yes`), in `filters`.

    Controls of the form: name, email, members (e-mails apart by commas or blanks).
    """

    template: ClassVar[str] = "teams/list.html"
    at: str
    teams: Rows[Team]
    filters: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def administers(self) -> bool:
        """Whether this is the page of administration."""
        return self.at.startswith("/admin")

    @property
    def asked(self) -> dict[str, str]:
        """What really filters."""
        return {name: value for name, value in self.filters.items() if value}

    @property
    def count_words(self) -> str:
        """How many teams fit, in words."""
        total = self.teams.total or 0
        return f"{total:,} {'team' if total == 1 else 'teams'}"

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk(self.at, self.teams, self.asked)


@dataclass(frozen=True, kw_only=True)
class TeamContext(EditContext):
    """
    GET /teams/{id}, to read, and /admin/teams/{id} (`at`) with its forms. `models` counts those that its address owns
    and the reader sees.

    Controls: name and email in one form; member (an e-mail) in another.
    """

    template: ClassVar[str] = "teams/show.html"
    at: str
    team: Team
    models: int

    @property
    def administers(self) -> bool:
        """Whether this is the page of administration."""
        return self.at.startswith("/admin")
