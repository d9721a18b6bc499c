"""What the page of approvals is drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion.approval_rules.views import Addition
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.rules.approvals import APPROVALS, WISH_DAYS, Need, RiskTier
from modelkeep_server.rules.permissions import Role


@dataclass(frozen=True, kw_only=True)
class ApprovalsContext(FormContext):
    """
    GET /admin/approvals. Its forms, by name: add (riskTier, target, roles, count, reason), and one for each addition,
    end-<id> (reason) or answer-<id> (reason). `me` is who looks, by inside id.
    """

    template: ClassVar[str] = "admin/approvals.html"
    additions: Sequence[Addition]
    targets: Sequence[Target]
    roles: Sequence[Role]
    count_max: int
    chosen: Sequence[str] = ()
    me: int | None = None

    @property
    def wish_days(self) -> int:
        """For so many days a wish to end one waits for a second person."""
        return WISH_DAYS

    @property
    def floor(self) -> Mapping[RiskTier, Sequence[Need]]:
        """What always stands."""
        return APPROVALS

    def added_to(self, tier: RiskTier, target: Target) -> tuple[Addition, ...]:
        """What is added for a tier and a target."""
        return tuple(one for one in self.additions if one.risk_tier is tier and one.target is target)

    def total_of(self, tier: RiskTier, target: Target) -> int:
        """How many approvals that makes."""
        return sum(need.count for need in self.floor[tier]) + sum(one.count for one in self.added_to(tier, target))
