"""The JSON of exceptions."""

from typing import Literal

from pydantic import Field

from modelkeep_server.features.policies.exception_views import DAYS_MAX
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape, TierName

StatusName = Literal["OPEN", "GRANTED", "REFUSED", "WITHDRAWN", "ENDED", "EXPIRED"]
RoleName = Literal["MRC", "SECURITY_ARCHITECT"]

_UNTIL = f"A day, which counts whole, or a moment; at most {DAYS_MAX} days from now."


class ExceptionIn(Input):
    """An exception to ask for."""

    policy: str = Field(description="The id of the policy.")
    version: str = Field(description="`GROUP/NAME:VERSION`.", examples=["fraud/detector:1.2.0"])
    justification: str = Field(description="Why the version should go on in spite of the policy.")
    risk: str = Field(description="What could go wrong because of it.")
    mitigation: str = Field(description="What is done against that.")
    expires_at: str = Field(description=_UNTIL, examples=["2026-03-31"])


class ExceptionGrantIn(Input):
    """A grant."""

    comment: str | None = Field(default=None, description="What the owners should know.")
    role: str | None = Field(
        default=None,
        alias="as",
        description="MRC or SECURITY_ARCHITECT, for people with both; the one still open by default.",
    )


class ExceptionGrantOut(Shape):
    """Somebody who granted it."""

    by: str
    role: RoleName
    comment: str | None = None
    at: Moment


class ExceptionOut(Shape):
    """One policy lifted for one version until a time."""

    id: str
    policy: str = Field(description="The name of the policy.")
    policy_id: str
    version: str = Field(description="`group/name:version`.")
    justification: str
    risk: str
    mitigation: str
    expires_at: Moment
    status: StatusName
    risk_tier: TierName = Field(description="That of the model, now.", validation_alias="tier")
    holds: bool = Field(description="Whether it lifts the policy now.")
    approvals: list[ExceptionGrantOut] = Field(description="Who granted it.", validation_alias="grants")
    open_roles: list[RoleName] = Field(description="The roles that have still to grant it.")
    asked_by: str
    asked_at: Moment
    ended_by: str | None = None
    ended_at: Moment | None = None
    end_reason: str | None = None
