"""What the rest of the house sees of approvals that Admins ask for as well."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.features.policies.views import Target
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import ROLES, Role


@dataclass(frozen=True)
class Ending:
    """
    The wish of an Admin to end an addition. `person_key` is who that is, `by` their e-mail; from `until` on it has
    lapsed.
    """

    person_key: int
    by: str
    at: datetime
    until: datetime
    reason: str


@dataclass(frozen=True)
class Addition:
    """
    Approvals that an Admin asked for as well, and that stand. `ending` waits for a second person; `lapsed` is a wish
    that nobody confirmed in time, while there is no other.
    """

    key: int
    id: str
    risk_tier: RiskTier
    target: Target
    roles: tuple[Role, ...]
    count: int
    reason: str
    added_by: str
    added_at: datetime
    ending: Ending | None
    lapsed: Ending | None
    revision: int

    @property
    def words(self) -> str:
        """The same in words: "2 more MRC"."""
        return f"{self.count} more {' or '.join(ROLES[role].label for role in self.roles)}"

    @property
    def label(self) -> str:
        """The same, with what it is asked of."""
        return f"{self.words_with_target} of {wording.say_tier(self.risk_tier)} risk"

    @property
    def words_with_target(self) -> str:
        """The same without the tier: "2 more MRC for staging"."""
        return f"{self.words} for {wording.say_state(self.target)}"
