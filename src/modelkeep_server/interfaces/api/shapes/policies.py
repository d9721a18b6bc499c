"""The JSON of policies, of their revisions, and of trying them."""

from typing import Any, Literal

from pydantic import Field

from modelkeep_server.features.policies.writing import GROUPS_MAX
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Reason, Shape, StateName, TierName
from modelkeep_server.rules import policy_facts as bounds

SeverityName = Literal["BLOCK", "WARN"]
TargetName = Literal["STAGING", "PRODUCTION"]
RevisionName = Literal["IN_FORCE", "PROPOSED", "SUPERSEDED", "DECLINED"]

_NAME = f"1 to {bounds.NAME_CHARS} characters; unique, ignoring case."
_DESCRIPTION = f"Why there is such a policy. At most {bounds.POLICY_DESCRIPTION_CHARS:,} characters."
_SEVERITY = "BLOCK stops a promotion; WARN is shown and stops nothing."
_ENABLED = "Whether it is asked. Switching a policy that blocks off waits for a second person."
_RULES = f"1 to {bounds.RULES_MAX} rules; all must be passed."
_EXPRESSION = f"CEL over the facts of a version, true or false; at most {bounds.EXPRESSION_CHARS:,} characters."
_MESSAGE = "What it demands, as a sentence that people read where it is not passed."
_DETAIL = "CEL that gives a text or a list of texts: what is amiss. Shown with the message."


class RuleIn(Input):
    """One rule of a policy."""

    expression: str = Field(description=_EXPRESSION, examples=['artifacts.exists(a, a.type == "WEIGHTS")'])
    message: str = Field(description=_MESSAGE, examples=["At least one file of weights is there."])
    detail: str | None = Field(default=None, description=_DETAIL)


class ScopeIn(Input):
    """What a policy is asked about. An empty list means all."""

    risk_tiers: list[str] = Field(default=[], description="LOW, MEDIUM, HIGH.")
    targets: list[str] = Field(default=[], description="STAGING, PRODUCTION: what is to be promoted to.")
    groups: list[str] = Field(default=[], description=f"Groups of models, in any case; at most {GROUPS_MAX}.")


class PolicyIn(Input):
    """A policy to write."""

    name: str = Field(description=_NAME, examples=["Licence cleared"])
    description: str = Field(default="", description=_DESCRIPTION)
    severity: str = Field(default="BLOCK", description=_SEVERITY)
    enabled: bool = Field(default=True, description="Whether it is asked from now on.")
    scope: ScopeIn = Field(default=ScopeIn(), description="What it is asked about; without it, about everything.")
    rules: list[RuleIn] = Field(description=_RULES)
    reason: Reason = None


class ScopePatch(Input):
    """What to change of a scope: lists left out stay."""

    risk_tiers: list[str] | None = Field(default=None, description="LOW, MEDIUM, HIGH; empty for all.")
    targets: list[str] | None = Field(default=None, description="STAGING, PRODUCTION; empty for both.")
    groups: list[str] | None = Field(default=None, description="Groups of models; empty for all.")


class PolicyPatch(Input):
    """What to change of a policy, as a JSON Merge Patch: fields left out stay. Rules are changed all together."""

    name: str | None = Field(default=None, description=_NAME)
    description: str | None = Field(default=None, description=_DESCRIPTION)
    severity: str | None = Field(default=None, description=_SEVERITY)
    enabled: bool | None = Field(default=None, description=_ENABLED)
    scope: ScopePatch | None = Field(default=None, description="What it is asked about.")
    rules: list[RuleIn] | None = Field(default=None, description=_RULES)
    reason: Reason = None


class RuleOut(Shape):
    """One rule of a policy."""

    expression: str
    message: str
    detail: str | None = None


class ScopeOut(Shape):
    """What a policy is asked about. An empty list means all."""

    risk_tiers: list[TierName]
    targets: list[TargetName]
    groups: list[str]


class RevisionOut(Shape):
    """A policy as it was, is or is proposed to be."""

    revision: int
    status: RevisionName
    name: str
    description: str
    severity: SeverityName
    enabled: bool
    scope: ScopeOut
    rules: list[RuleOut]
    language: str = Field(description="What it was checked by.")
    reason: str | None = None
    proposed_by: str | None = Field(description="Null where the registry brought it along.")
    proposed_at: Moment
    decided_by: str | None = Field(default=None, description="The second person, where one was needed.")
    decided_at: Moment | None = None
    decision_reason: str | None = None


class PolicyOut(Shape):
    """A rule that promotions are checked against, as it is in force."""

    id: str
    name: str
    description: str
    severity: SeverityName
    enabled: bool
    scope: ScopeOut
    rules: list[RuleOut]
    revision: int = Field(description="The number of the revision in force.")
    proposal: RevisionOut | None = Field(default=None, description="A change that waits for a second person.")
    starter: str | None = Field(default=None, description="Its name in the starter pack, where it came from there.")
    created_at: Moment
    created_by: str | None = None
    updated_at: Moment


class DryRunIn(Input):
    """Rules to try before they are in force."""

    rules: list[RuleIn] = Field(description=_RULES)
    scope: ScopeIn = Field(default=ScopeIn(), description="What it would be asked about; without it, everything.")
    policy: str | None = Field(
        default=None,
        description="The id of the policy that these replace: what it stops now is not new.",
    )
    version: str | None = Field(
        default=None,
        description="`GROUP/NAME:VERSION`, to see one version in full; without it, all that could still be promoted.",
        examples=["fraud/detector:1.2.0"],
    )


class RuleTrialOut(Shape):
    """What one rule says of the version."""

    expression: str
    message: str
    passed: bool
    detail: str | None = Field(default=None, description="What is amiss, or why it could not be judged.")


class FailureOut(Shape):
    """A version that would not pass."""

    version: str
    state: StateName
    risk_tier: TierName
    message: str
    detail: str | None = None
    newly: bool = Field(description="It is not stopped by this policy as it is now.")


class DryRunOut(Shape):
    """What came of trying. `rules` and `facts` where one version was named, the counts and `failures` elsewhere."""

    version: str | None = None
    in_scope: bool | None = Field(default=None, description="Whether it would be asked about this version at all.")
    passed: bool | None = None
    rules: list[RuleTrialOut] | None = None
    facts: dict[str, Any] | None = Field(default=None, description="What the rules saw.")
    asked: int | None = Field(default=None, description="How many versions are in its scope that still go on.")
    passing: int | None = None
    failing: int | None = None
    newly_failing: int | None = Field(default=None, description="Those that this policy, as it is now, does not stop.")
    freed: int | None = Field(default=None, description="Those that it stops now, and would not any more.")
    failures: list[FailureOut] | None = Field(default=None, description="The first 200, newly failing ones first.")
