"""What the registry says of policies, and of what they said of a version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from modelkeep_server.rules.approvals import RiskTier


class Severity(StrEnum):
    """BLOCK stops a promotion, WARN is shown and stops nothing."""

    BLOCK = "BLOCK"
    WARN = "WARN"


class Target(StrEnum):
    """What a version is promoted to."""

    STAGING = "STAGING"
    PRODUCTION = "PRODUCTION"


class RevisionStatus(StrEnum):
    """How a revision of a policy stands. PROPOSED waits for a second person."""

    IN_FORCE = "IN_FORCE"
    PROPOSED = "PROPOSED"
    SUPERSEDED = "SUPERSEDED"
    DECLINED = "DECLINED"


@dataclass(frozen=True)
class Rule:
    """One expression with what it demands, in words; `detail` is an expression that tells what is amiss."""

    expression: str
    message: str
    detail: str | None = None

    def as_json(self) -> dict[str, str]:
        """As it is stored."""
        told = {"expression": self.expression, "message": self.message}
        return told if self.detail is None else {**told, "detail": self.detail}


@dataclass(frozen=True)
class PolicyScope:
    """What a policy is asked about. An empty tuple means all."""

    risk_tiers: tuple[RiskTier, ...] = ()
    targets: tuple[Target, ...] = ()
    groups: tuple[str, ...] = ()

    def holds(self, risk_tier: str, group: str, target: str | None) -> bool:
        """Whether a model of this tier and group falls under it, on its way to a target; None means any."""
        return (
            (not self.risk_tiers or risk_tier in self.risk_tiers)
            and (not self.targets or target is None or target in self.targets)
            and (not self.groups or group.lower() in {one.lower() for one in self.groups})
        )

    def as_json(self) -> dict[str, list[str]]:
        """As it is stored."""
        return {
            "riskTiers": [tier.value for tier in self.risk_tiers],
            "targets": [target.value for target in self.targets],
            "groups": list(self.groups),
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "PolicyScope":
        """From what is stored."""
        return cls(
            tuple(RiskTier(tier) for tier in stored["riskTiers"]),
            tuple(Target(target) for target in stored["targets"]),
            tuple(stored["groups"]),
        )


@dataclass(frozen=True)
class Wording:
    """What a policy says, whoever keeps it: what a revision holds."""

    name: str
    description: str
    severity: Severity
    enabled: bool
    scope: PolicyScope
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class PolicyRevision:
    """
    A policy as it was, is or is proposed to be. People by e-mail; `proposed_by` None where the registry brought it.

    `decided_by` is the second person, where one was needed.
    """

    key: int
    revision: int
    status: RevisionStatus
    wording: Wording
    language: str
    reason: str | None
    proposed_by: str | None
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    proposer_id: int | None


@dataclass(frozen=True)
class Policy:
    """
    A policy with the revision in force. `proposal` waits for a second person. `latest` is the newest revision's number,
    of whatever status: edits are made on it.
    """

    key: int
    id: str
    starter: str | None
    in_force: PolicyRevision
    proposal: PolicyRevision | None
    latest: int
    created_at: datetime
    created_by: str | None
    updated_at: datetime

    @property
    def wording(self) -> Wording:
        """What it says now."""
        return self.in_force.wording

    @property
    def since(self) -> datetime:
        """When the revision in force came into force."""
        return self.in_force.decided_at or self.in_force.proposed_at

    @property
    def revision(self) -> int:
        """The number of the revision in force."""
        return self.in_force.revision


@dataclass(frozen=True)
class Check:
    """
    What one policy said of a version. `message` is what it demands, of the rules that are not passed where there are
    some; `detail` what is amiss; `about` are the paths of the facts that those rules read. `excepted` is the id of the
    exception that lifts it. `why` says why there is the policy.
    """

    policy: str
    policy_id: str
    revision: int
    severity: Severity
    passed: bool
    message: str
    detail: str | None = None
    remedy: str = ""
    about: tuple[str, ...] = ()
    excepted: str | None = None
    why: str = ""

    @property
    def blocks(self) -> bool:
        """Whether it stops a promotion."""
        return not self.passed and self.severity is Severity.BLOCK and self.excepted is None

    def as_json(self) -> dict[str, Any]:
        """As it is kept with an assessment."""
        told: dict[str, Any] = {
            "policy": self.policy_id,
            "name": self.policy,
            "revision": self.revision,
            "severity": self.severity.value,
            "passed": self.passed,
            "message": self.message,
        }
        if self.detail is not None:
            told["detail"] = self.detail
        if self.excepted is not None:
            told["exception"] = self.excepted
        return told


@dataclass(frozen=True)
class Judgement:
    """What all policies in scope said of a version on its way to a target, and the facts that they saw."""

    target: Target
    checks: tuple[Check, ...]
    facts: Mapping[str, Any] = field(repr=False)
    facts_digest: str

    @property
    def blocking(self) -> tuple[Check, ...]:
        """Those that stop the promotion."""
        return tuple(check for check in self.checks if check.blocks)

    @property
    def passed(self) -> bool:
        """Whether nothing stops it."""
        return not self.blocking
