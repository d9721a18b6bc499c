"""The JSON of the approvals that promotions take."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape, TierName
from modelkeep_server.interfaces.api.shapes.promotions import TargetName


class EndingOut(Shape):
    """The wish of an Admin that fewer approvals are asked for. It waits for an MRC or a Security Architect."""

    by: str
    at: Moment
    until: Moment = Field(description="When it lapses, unless a second person confirmed it before.")
    reason: str


class ApprovalRuleOut(Shape):
    """Approvals that a promotion takes: so many people, each with one of these roles."""

    id: str | None = Field(description="null for the floor, which always stands.")
    risk_tier: TierName
    target: TargetName | None = Field(description="null for both, as the floor.")
    roles: list[str]
    count: int = Field(description="How many different people; nobody fills two approvals.")
    reason: str | None = Field(default=None, description="Why it was added.")
    added_by: str | None = Field(default=None, description="The Admin who added it; null for the floor.")
    added_at: Moment | None = None
    ending: EndingOut | None = None
    lapsed: EndingOut | None = Field(default=None, description="The last such wish, where nobody confirmed it in time.")


class ApprovalRulesOut(Shape):
    """All that promotions take, by risk tier: the floor first, then what Admins added. Together they are asked for."""

    items: list[ApprovalRuleOut]


class ApprovalRuleIn(Input):
    """Approvals to ask for as well."""

    risk_tier: str = Field(description="Of models of this risk tier: LOW, MEDIUM or HIGH.", examples=["HIGH"])
    target: str = Field(description="For this promotion: STAGING or PRODUCTION.", examples=["PRODUCTION"])
    roles: list[str] = Field(
        description="MRC, SECURITY_ARCHITECT, or both where either will do.", examples=[["SECURITY_ARCHITECT"]]
    )
    count: int = Field(default=1, description="How many people more, 1 to 3.")
    reason: str = Field(description="Why, for the record. At most 4,000 characters.")
