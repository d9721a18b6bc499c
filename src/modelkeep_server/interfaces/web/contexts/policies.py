"""What the pages of policies are drawn from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.policies.exception_views import PolicyException
from modelkeep_server.features.policies.trying import VersionTrial, WideTrial
from modelkeep_server.features.policies.views import Policy, PolicyRevision, PolicyScope, Rule, Target, Wording
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import TIERS, RiskTier
from modelkeep_server.rules.policy_facts import EXAMPLES, RULES_MAX, Example, FactLine, list_facts

SPARE_RULES = 2


@dataclass(frozen=True, kw_only=True)
class PoliciesContext(Context, Walked):
    """GET /policies. `waiting` are those with a change that waits for a second person."""

    template: ClassVar[str] = "policies/list.html"
    policies: Rows[Policy]
    waiting: tuple[Policy, ...]
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/policies", self.policies)


@dataclass(frozen=True)
class RuleBox:
    """The controls of one rule: their names begin with `place`."""

    place: str
    expression: str = ""
    message: str = ""
    detail: str = ""

    @property
    def is_spare(self) -> bool:
        """Whether nothing stands in it yet."""
        return not (self.expression or self.message or self.detail)


@dataclass(frozen=True, kw_only=True)
class EditorContext(FormContext):
    """
    What both editors share. Controls: name, description, severity, enabled (`yes`), riskTiers and targets (several),
    groups, `rules[N].expression`, `.message` and `.detail`, reason, version (for trying).
    """

    rules: tuple[tuple[str, str, str], ...] = ()
    chosen_tiers: tuple[str, ...] = ()
    chosen_targets: tuple[str, ...] = ()
    trial: VersionTrial | WideTrial | None = None

    @property
    def boxes(self) -> tuple[RuleBox, ...]:
        """The rules, and empty boxes for more."""
        shown = [*self.rules, *[("", "", "")] * SPARE_RULES][:RULES_MAX]
        return tuple(RuleBox(f"rules[{position}]", *rule) for position, rule in enumerate(shown))

    @property
    def tiers(self) -> tuple[RiskTier, ...]:
        """The choices of risk tiers."""
        return tuple(RiskTier)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The choices of what is promoted to."""
        return tuple(Target)

    @property
    def examples(self) -> tuple[Example, ...]:
        """Rules that somebody might want."""
        return EXAMPLES

    @property
    def facts(self) -> tuple[FactLine, ...]:
        """What rules may ask of."""
        return tuple(list_facts())

    @property
    def of_one(self) -> VersionTrial | None:
        """What came of trying it on one version."""
        return self.trial if isinstance(self.trial, VersionTrial) else None

    @property
    def of_all(self) -> WideTrial | None:
        """What came of trying it on all."""
        return self.trial if isinstance(self.trial, WideTrial) else None

    @property
    def labels(self) -> dict[str, str]:
        """What the controls are called, in the order of the form."""
        named = {"name": "Name", "description": "Why there is this policy", "severity": "Severity"}
        for position in range(RULES_MAX):
            number = position + 1
            named |= {
                f"rules[{position}].expression": f"Rule {number}, expression",
                f"rules[{position}].message": f"Rule {number}, what it demands",
                f"rules[{position}].detail": f"Rule {number}, detail",
            }
        return named | {
            "rules": "Rules", "scope.riskTiers": "Risk tiers", "scope.targets": "Promoted to", "scope.groups": "Groups",
            "reason": "Reason", "version": "Version",
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NewPolicyContext(EditorContext):
    """GET /policies/new."""

    template: ClassVar[str] = "policies/new.html"


@dataclass(frozen=True)
class Difference:
    """One thing that a revision changed: what it is called, as it was, and as it is then."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class RevisionLine:
    """A revision in the list of all, with what it changed of the one in force before it."""

    revision: PolicyRevision
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyContext(EditorContext):
    """
    GET /policies/{id}. `base` is the revision that this edit began from, `stale` says who changed it meanwhile;
    `is_mine`: who reads proposed what waits. `exceptions` are the newest from this policy, of versions that the reader
    sees.
    """

    template: ClassVar[str] = "policies/show.html"
    policy: Policy
    base: int
    revisions: tuple[PolicyRevision, ...]
    exceptions: Rows[PolicyException]
    is_mine: bool = False
    stale: str | None = None

    @property
    def lines(self) -> tuple[RevisionLine, ...]:
        """All revisions, newest first, each with what it changed."""
        found = []
        for position, revision in enumerate(self.revisions):
            earlier = [one for one in self.revisions[position + 1 :] if one.status.value in ("SUPERSEDED", "IN_FORCE")]
            found.append(
                RevisionLine(revision, tuple(compare(earlier[0].wording, revision.wording)) if earlier else ())
            )
        return tuple(found)

    @property
    def proposed(self) -> tuple[Difference, ...]:
        """What the waiting change would change."""
        waits = self.policy.proposal
        return () if waits is None else tuple(compare(self.policy.wording, waits.wording))


def compare(before: Wording, after: Wording) -> Iterator[Difference]:
    """What differs between two wordings, in the order of the form."""
    pairs = [
        ("Name", before.name, after.name),
        ("Why", before.description, after.description),
        ("Severity", before.severity.value, after.severity.value),
        ("Asked", _on(before), _on(after)),
        ("Scope", say_scope(before.scope), say_scope(after.scope)),
    ]
    yield from (Difference(*pair) for pair in pairs if pair[1] != pair[2])
    for position in range(max(len(before.rules), len(after.rules))):
        old, new = (say_rule(rules[position]) if position < len(rules) else "" for rules in (before.rules, after.rules))
        if old != new:
            yield Difference(f"Rule {position + 1}", old, new)


def say_rule(rule: Rule) -> str:
    """A rule as it is told in a comparison."""
    return "\n".join(part for part in (rule.message, rule.expression, rule.detail) if part)


def say_scope(scope: PolicyScope) -> str:
    """What a policy is asked about, in words."""
    tiers = (
        f"{' and '.join(TIERS[tier].label for tier in scope.risk_tiers)} risk"
        if scope.risk_tiers
        else "every risk tier"
    )
    targets = " and ".join(wording.say_state(target) for target in scope.targets) if scope.targets else "any target"
    groups = f", groups {', '.join(scope.groups)}" if scope.groups else ""
    return f"{tiers}, on the way to {targets}{groups}"


def _on(wording: Wording) -> str:
    return "on" if wording.enabled else "off"
