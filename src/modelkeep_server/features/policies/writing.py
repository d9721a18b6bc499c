"""Writing policies down: judging what was sent, what makes a change looser, and the rows and events of a revision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import policies, policy_revisions
from modelkeep_server.db.work import Work
from modelkeep_server.features.policies import language
from modelkeep_server.features.policies.views import PolicyScope, RevisionStatus, Rule, Severity, Target, Wording
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules import policy_facts as bounds
from modelkeep_server.rules import texts
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, NameTaken
from modelkeep_server.rules.fields import NAME_CHARS as GROUP_CHARS

GROUPS_MAX = 50


@dataclass(frozen=True)
class Draft:
    """A policy as sent: plain texts, not judged yet. A rule is `(expression, message, detail or None)`."""

    name: str
    description: str
    severity: str
    enabled: bool
    risk_tiers: Sequence[str]
    targets: Sequence[str]
    groups: Sequence[str]
    rules: Sequence[tuple[str, str, str | None]]

    @classmethod
    def of(cls, wording: Wording) -> "Draft":
        """What a policy says, as if it were sent again."""
        return cls(
            wording.name,
            wording.description,
            wording.severity.value,
            wording.enabled,
            [tier.value for tier in wording.scope.risk_tiers],
            [target.value for target in wording.scope.targets],
            wording.scope.groups,
            [(rule.expression, rule.message, rule.detail) for rule in wording.rules],
        )


def judge_draft(draft: Draft) -> tuple[Wording | None, tuple[FieldError, ...]]:
    """What was sent as a policy, or all that is wrong with it, by JSON names: `rules[0].expression`."""
    faults = tuple(_faults(draft))
    if faults:
        return None, faults
    scope = PolicyScope(
        tuple(tier for tier in RiskTier if tier in draft.risk_tiers),
        tuple(target for target in Target if target in draft.targets),
        tuple(dict.fromkeys(group.strip() for group in draft.groups)),
    )
    rules = tuple(
        Rule(expression.strip(), message.strip(), (detail or "").strip() or None)
        for expression, message, detail in draft.rules
    )
    wording = Wording(
        draft.name.strip(), draft.description.strip(), Severity(draft.severity), draft.enabled, scope, rules
    )
    return wording, ()


def find_looser(before: Wording, after: Wording) -> str | None:
    """
    In which way a change lets more pass, as the end of "It ...", or None. Only what blocks can be loosened.

    A rule counts as removed where its expression is not there any more: whether another says as much, a second person
    judges.
    """
    if not before.enabled or before.severity is not Severity.BLOCK:
        return None
    if not after.enabled:
        return "switches off a policy that blocks"
    if after.severity is not Severity.BLOCK:
        return "makes a policy that blocks one that warns"
    if {rule.expression for rule in before.rules} - {rule.expression for rule in after.rules}:
        return "changes or removes a rule of a policy that blocks"
    if any(
        _is_narrower(old, new)
        for old, new in (
            (before.scope.risk_tiers, after.scope.risk_tiers),
            (before.scope.targets, after.scope.targets),
            ([one.lower() for one in before.scope.groups], [one.lower() for one in after.scope.groups]),
        )
    ):
        return "narrows what a policy that blocks is asked about"
    return None


def insert_policy(
    work: Work, wording: Wording, *, starter: str | None, by: int | None, reason: str | None = None
) -> str:
    """Write a new policy with its first revision, and give its public id. Raises NameTaken."""
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        policies,
        {
            "public_id": public_id,
            "name_key": wording.name.lower(),
            "starter": starter,
            "revision": 1,
            "created_at": work.now,
            "created_by": by,
            "updated_at": work.now,
        },
        taken=name_taken(wording.name),
    )
    insert_revision(work, key, 1, RevisionStatus.IN_FORCE, wording, by=by, reason=reason)
    return public_id


def insert_revision(
    work: Work,
    policy_key: int,
    revision: int,
    status: RevisionStatus,
    wording: Wording,
    *,
    by: int | None,
    reason: str | None,
) -> int:
    """Write a revision of a policy."""
    return work.insert(
        policy_revisions,
        {
            "policy_id": policy_key,
            "revision": revision,
            "status": status.value,
            "name": wording.name,
            "description": wording.description,
            "severity": wording.severity.value,
            "enabled": wording.enabled,
            "scope": wording.scope.as_json(),
            "rules": [rule.as_json() for rule in wording.rules],
            "language": language.LANGUAGE,
            "reason": reason,
            "proposed_by": by,
            "proposed_at": work.now,
            "decided_by": None,
            "decided_at": None,
            "decision_reason": None,
        },
    )


def as_event(wording: Wording, revision: int) -> dict[str, Any]:
    """What an event says of a revision: rules by their digest, since they may be longer than an event."""
    return {
        "name": wording.name,
        "description": Veiled(wording.description),
        "severity": wording.severity.value,
        "enabled": wording.enabled,
        "scope": wording.scope.as_json(),
        "rules": canonical.digest([rule.as_json() for rule in wording.rules]),
        REVISION: revision,
    }


def changed_only(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two events' bodies what differs, and the revisions."""
    names = [name for name in after if name == REVISION or before.get(name) != after[name]]
    return {name: before[name] for name in names if name in before}, {name: after[name] for name in names}


def name_taken(name: str) -> NameTaken:
    """The error for a name that another policy has."""
    message = f"There is a policy called {name} already."
    return NameTaken(message, errors=[FieldError("name", message)])


def _is_narrower(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether something of what it was asked about is left out now; empty means all."""
    if not after:
        return False
    return not before or bool(set(before) - set(after))


def _faults(draft: Draft) -> Iterator[FieldError]:
    yield from _text("name", draft.name, bounds.NAME_CHARS)
    yield from _text("description", draft.description, bounds.POLICY_DESCRIPTION_CHARS, lines=True, required=False)
    if draft.severity not in list(Severity):
        yield FieldError("severity", "Choose BLOCK, which stops a promotion, or WARN, which is shown.")
    yield from _choices("scope.riskTiers", draft.risk_tiers, list(RiskTier))
    yield from _choices("scope.targets", draft.targets, list(Target))
    if len(draft.groups) > GROUPS_MAX:
        yield FieldError("scope.groups", f"At most {GROUPS_MAX} groups; leave it empty for all.")
    for group in draft.groups[:GROUPS_MAX]:
        yield from _text("scope.groups", group, GROUP_CHARS)
    if not draft.rules:
        yield FieldError("rules", "A policy has at least one rule.")
    elif len(draft.rules) > bounds.RULES_MAX:
        yield FieldError("rules", f"At most {bounds.RULES_MAX} rules; this has {len(draft.rules)}.")
    for position, rule in enumerate(draft.rules[: bounds.RULES_MAX]):
        yield from _rule_faults(f"rules[{position}]", *rule)


def _rule_faults(place: str, expression: str, message: str, detail: str | None) -> Iterator[FieldError]:
    compiled = language.compile_rule(expression.strip())
    if isinstance(compiled, language.Fault):
        yield FieldError(f"{place}.expression", str(compiled))
    yield from _text(f"{place}.message", message, bounds.MESSAGE_CHARS)
    if detail is not None and detail.strip():
        told = language.compile_detail(detail.strip())
        if isinstance(told, language.Fault):
            yield FieldError(f"{place}.detail", str(told))


def _text(field: str, value: str, most: int, *, lines: bool = False, required: bool = True) -> Iterator[FieldError]:
    fault = texts.find_text_fault(value, max_chars=most, lines=lines, required=required)
    if fault:
        yield FieldError(field, fault)


def _choices(field: str, given: Sequence[str], known: Sequence[str]) -> Iterator[FieldError]:
    unknown = [one for one in given if one not in known]
    if unknown:
        yield FieldError(field, f"{unknown[0][:100]!r} is none of {', '.join(known)}. Leave it empty for all.")
