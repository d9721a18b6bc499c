"""
Asking the policies in force about a version, and keeping what they said.

An expression that cannot be judged (a fact that is not there, a type that does not fit, too many steps) is not passed,
and its reason says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.tables import assessments, policies, policy_revisions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies import exception_queries, language
from modelkeep_server.features.policies.facts import gather_facts
from modelkeep_server.features.policies.queries import to_wording
from modelkeep_server.features.policies.veiling import veil_facts
from modelkeep_server.features.policies.views import Check, Judgement, RevisionStatus, Rule, Target, Wording
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules.policy_cures import list_cures


@dataclass(frozen=True)
class Standing:
    """A policy in force, as far as judging needs it. `lifted_by` is the exception that lifts it for the version."""

    id: str
    revision: int
    wording: Wording
    lifted_by: str | None = None


def judge(work: Work, model: Model, version: Version, target: Target | str) -> Judgement:
    """
    What all policies in scope say of a version on its way to a target, by their names. Six statements, and one where a
    base model is registered here that a policy may repeat the name of.
    """
    aim = Target(target)
    standing = [
        one
        for one in list_standing(work, model, version)
        if one.wording.scope.holds(model.risk_tier.value, model.group, aim.value)
    ]  # fmt: skip
    facts = gather_facts(work, model, version)
    checks = check_all(standing, facts, lambda: veil_facts(work, facts))
    return Judgement(aim, tuple(checks), facts, canonical.digest(facts))


def keep(
    work: Work,
    actor: Actor,
    judgement: Judgement,
    version: Version,
    promotion_key: int | None,
    occasion: str,
) -> str:
    """
    Write down what the policies said and the facts they saw, with the event that the caller records after it.

    Args:
        promotion_key: The inside id of the promotion at stake.
        occasion: REQUEST, APPROVAL or MOVE.
    Returns:
        The public id of the assessment.
    """
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        assessments,
        {
            "public_id": public_id,
            "version_id": version.key,
            "promotion_id": promotion_key,
            "occasion": occasion,
            "target": judgement.target.value,
            "passed": judgement.passed,
            "results": [check.as_json() for check in judgement.checks],
            "facts": dict(judgement.facts),
            "facts_digest": judgement.facts_digest,
            "person_id": actor.user_id,
            "at": work.now,
        },
    )
    return public_id


def list_standing(work: Work, model: Model, version: Version) -> tuple[Standing, ...]:
    """Every policy that is in force and on, by name, with what lifts it for this version. One statement."""
    held = exception_queries.select_held(version.key, work.now)
    rows = work.all(
        select(policies.c.public_id, policy_revisions, held.label("held"))
        .join(policies, policies.c.id == policy_revisions.c.policy_id)
        .where(policy_revisions.c.status == RevisionStatus.IN_FORCE, policy_revisions.c.enabled)
        .order_by(policies.c.name_key)
    )
    return tuple(
        Standing(
            row.public_id,
            row.revision,
            to_wording(row),
            exception_queries.find_lifting(row.held, model.risk_tier),
        )
        for row in rows
    )


class _Facts:
    """Facts ready for rules: as they are `asked`, and as what is said of them is `told`."""

    def __init__(self, facts: Mapping[str, Any], veil: Callable[[], Mapping[str, Any]] | None) -> None:
        self.asked = language.bind(facts)
        self._whole, self._veil = facts, veil

    @cached_property
    def told(self) -> language.Bound:
        veiled = self._whole if self._veil is None else self._veil()
        return self.asked if veiled is self._whole else language.bind(veiled)


def check_all(
    standing: Iterable[Standing], facts: Mapping[str, Any], veil: Callable[[], Mapping[str, Any]] | None = None
) -> list[Check]:
    """
    What policies say of facts, one check a policy. Scope is the caller's.

    Args:
        veil: Gives the facts as they may be repeated, asked for where a policy says more than its message; without it,
            to who sees everything, all may be.
    """
    bound = _Facts(facts, veil)
    return [_check(one, bound) for one in standing]


def _check(standing: Standing, facts: _Facts) -> Check:
    wording = standing.wording
    told = [(rule, *_ask(rule, facts)) for rule in wording.rules]
    failing = [(rule, reason, about) for rule, passed, reason, about in told if not passed]
    shown = [rule for rule, _, _ in failing] or list(wording.rules)
    about = tuple(dict.fromkeys(name for _, _, names in failing for name in names))
    return Check(
        policy=wording.name,
        policy_id=standing.id,
        revision=standing.revision,
        severity=wording.severity,
        passed=not failing,
        message=" ".join(rule.message for rule in shown),
        detail=" ".join(reason for _, reason, _ in failing if reason) or None,
        remedy=_cure(about) if failing else "",
        about=about,
        excepted=standing.lifted_by if failing else None,
        why=wording.description,
    )


def _ask(rule: Rule, facts: _Facts) -> tuple[bool, str | None, Sequence[str]]:
    """Whether a rule is passed; why not, or what is amiss; and the facts that it reads."""
    program = language.compile_rule(rule.expression)
    if isinstance(program, language.Fault):
        return False, f"This rule cannot be read: {program}", ()
    answer = language.ask(program, facts.asked)
    if answer.passed:
        return True, None, program.about
    # Why something cannot be judged may repeat what it is.
    reason = answer.reason and (language.ask(program, facts.told).reason or "It cannot be judged.")
    if reason is None and rule.detail is not None:
        detail = language.compile_detail(rule.detail)
        told = None if isinstance(detail, language.Fault) else language.tell(detail, facts.told)
        reason = told if told is None or told.endswith((".", "!", "?")) else f"{told}."
    return False, reason, program.about


def _cure(about: Sequence[str]) -> str:
    places = dict.fromkeys(cure.says for _, cure in list_cures(about))
    if not places:
        return "Ask a Security Architect about this policy."
    return f"See to it {' or '.join(places)}, or ask for an exception."
