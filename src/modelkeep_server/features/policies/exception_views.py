"""What the registry says of exceptions: one policy lifted for one version until a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.permissions import Role

DAYS_MAX = 90


class ExceptionStatus(StrEnum):
    """How an exception stands. EXPIRED was open or granted, and its time is over: it counts for nothing."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"
    EXPIRED = "EXPIRED"


#: Who grants one, by the tier of the model: a person for each role (product R5).
GRANTERS: dict[RiskTier, tuple[Role, ...]] = {
    RiskTier.LOW: (Role.MRC,),
    RiskTier.MEDIUM: (Role.MRC, Role.SECURITY_ARCHITECT),
    RiskTier.HIGH: (Role.MRC, Role.SECURITY_ARCHITECT),
}


@dataclass(frozen=True)
class ExceptionGrant:
    """Somebody who granted an exception, in which role. `by` is an e-mail."""

    by: str
    role: Role
    comment: str | None
    at: datetime


@dataclass(frozen=True)
class PolicyException:
    """
    One policy lifted for one version until a time. People by e-mail.

    `granted_for` is the tier that it was granted under; `tier` is what the model's is now. After a raise, one that was
    granted for LOW holds no more. `is_retired`: the version is in no use any more, so that nothing is lifted for it.
    `demands` is what the policy demands now, a sentence a rule, and `policy_why` why it is there.
    """

    key: int
    id: str
    policy_id: str
    policy: str
    version: str
    version_key: int
    justification: str
    risk: str
    mitigation: str
    expires_at: datetime
    status: ExceptionStatus
    tier: RiskTier
    granted_for: RiskTier
    asked_by: str
    asked_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None
    revision: int
    grants: tuple[ExceptionGrant, ...] = ()
    is_retired: bool = False
    demands: tuple[str, ...] = ()
    policy_why: str = ""

    @property
    def open_roles(self) -> tuple[Role, ...]:
        """The roles that have still to grant it, while it is open."""
        if self.status is not ExceptionStatus.OPEN:
            return ()
        given = {grant.role for grant in self.grants}
        return tuple(role for role in GRANTERS[self.tier] if role not in given)

    @property
    def holds(self) -> bool:
        """Whether it lifts its policy now."""
        enough = set(GRANTERS[self.tier]) <= set(GRANTERS[self.granted_for])
        return self.status is ExceptionStatus.GRANTED and enough

    @property
    def model(self) -> str:
        """`group/name`."""
        return self.version.partition(":")[0]

    @property
    def number(self) -> str:
        """The version without its model."""
        return self.version.partition(":")[2]
