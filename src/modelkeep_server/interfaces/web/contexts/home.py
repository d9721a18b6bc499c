"""What the dashboard is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.search.views import CatalogueRow
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import State


@dataclass(frozen=True, kw_only=True)
class DashboardContext(Context):
    """
    GET /. `my_models` are those the person owns or registered, last updated first.

    `registry_total` counts the models they may see. `states` counts their versions by state, `tiers` visible models by
    tier; each is left out of the page while it is empty.
    """

    template: ClassVar[str] = "home/dashboard.html"
    my_models: tuple[CatalogueRow, ...]
    my_total: int
    registry_total: int
    states: Mapping[State, int] = field(default_factory=dict)
    tiers: Mapping[RiskTier, int] = field(default_factory=dict)
