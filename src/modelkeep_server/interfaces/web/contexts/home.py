"""What the dashboard is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from modelkeep_server.features.audit.views import LogState
from modelkeep_server.features.identity.people.views import RecentGrant
from modelkeep_server.features.models.views import AccessRequest
from modelkeep_server.features.search.saved.views import Followed
from modelkeep_server.features.search.views import CatalogueRow
from modelkeep_server.interfaces.todo import Todo
from modelkeep_server.interfaces.todo_words import Part
from modelkeep_server.interfaces.web.contexts.activity import Timeline
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State


@dataclass(frozen=True, kw_only=True)
class DashboardContext(Context):
    """
    GET /. `my_models` are those the person owns or registered, last updated first; where they own none, `latest` are
    the models changed last.

    `registry_total` counts the models they may see. `states` counts their versions by state, `tiers` visible models
    by tier; each is left out of the page while it is empty. `states_of` counts the versions of each model shown.
    `flagged` counts those that are CLOSED or on HOLD. `todo` is what waits. `answers` are this person's own requests
    for access that are open or were decided lately. `damaged` counts stored files that are damaged, for who looks
    after them. `followed` are the saved searches by which they are told of new models. `granted` are roles given
    lately, for Admins and Auditors.
    """

    template: ClassVar[str] = "home/dashboard.html"
    my_models: tuple[CatalogueRow, ...]
    my_total: int
    registry_total: int
    states: Mapping[State, int] = field(default_factory=dict)
    tiers: Mapping[RiskTier, int] = field(default_factory=dict)
    latest: tuple[CatalogueRow, ...] = ()
    states_of: Mapping[int, Mapping[State, int]] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    todo: Todo
    now: datetime
    damaged: int = 0
    followed: Rows[Followed] = field(default_factory=lambda: Rows[Followed](()))
    answers: tuple[AccessRequest, ...] = ()
    granted: tuple[RecentGrant, ...] = ()
    log: LogState | None = None
    activity: Timeline

    @property
    def waiting(self) -> int:
        """How many things wait for this person."""
        return self.todo.waiting + bool(self.damaged)

    @property
    def parts(self) -> Mapping[str, Part]:
        """The lists of what waits, by their names."""
        return {part.value: part for part in Part}


@dataclass(frozen=True, kw_only=True)
class ActivityContext(Context):
    """GET /activity: what happened to all models that the person may see."""

    template: ClassVar[str] = "home/activity.html"
    timeline: Timeline
