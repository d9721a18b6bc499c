"""Trying rules that are not in force yet: on one version in full, or over all that could still be promoted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.tables import models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.policies import queries, writing
from modelkeep_server.features.policies.facts import gather_facts, gather_many
from modelkeep_server.features.policies.judging import Standing, check_all
from modelkeep_server.features.policies.views import Check, Policy, Severity, Target, Wording
from modelkeep_server.features.policies.writing import Draft
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.errors import Invalid
from modelkeep_server.rules.lifecycle import State

CHUNK = 200
#: The columns of a version by the names that its view has.
_AS_JUDGED = (
    *(column for column in versions.c if column.name != "metadata"),
    versions.c.metadata.label("whole_metadata"),
    versions.c.id.label("key"),
)
SHOWN_MAX = 200
#: What a version is promoted to next, by its state; those that go no further are not asked.
NEXT_TARGET = {
    State.DRAFT: Target.STAGING,
    State.SUBMITTED: Target.STAGING,
    State.CHANGES_REQUESTED: Target.STAGING,
    State.APPROVED_STAGING: Target.STAGING,
    State.STAGING: Target.PRODUCTION,
    State.APPROVED_PROD: Target.PRODUCTION,
    State.PRODUCTION: Target.PRODUCTION,
}


@dataclass(frozen=True)
class RuleTrial:
    """What one rule says of the version that it was tried on."""

    expression: str
    message: str
    passed: bool
    detail: str | None


@dataclass(frozen=True)
class VersionTrial:
    """A policy tried on one version in full. `in_scope`: it would be asked about this version at all."""

    address: str
    in_scope: bool
    passed: bool
    rules: tuple[RuleTrial, ...]
    facts: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """A version that would not pass. `newly`: it is not stopped by this policy as it is now."""

    address: str
    state: State
    risk_tier: str
    message: str
    detail: str | None
    newly: bool


@dataclass(frozen=True)
class WideTrial:
    """
    A policy tried over every version that the asker sees and that could still be promoted.

    `asked` counts those in its scope. `newly` would fail, and are not stopped by this policy as it is now; `freed` are
    stopped now and would not be. `failures` are the first of those that fail, those newly failing before others.
    """

    asked: int
    passed: int
    failed: int
    newly: int
    freed: int
    failures: tuple[Failure, ...]

    @property
    def is_cut(self) -> bool:
        """Whether there are more failures than are listed."""
        return self.failed > len(self.failures)


def try_on_version(work: Work, actor: Actor, draft: Draft, group: str, name: str, version: str) -> VersionTrial:
    """
    What a policy would say of one version, rule by rule. Eight statements.

    Raises:
        NotPermitted: None of the roles that may.
        NotFound: There is no such version that the actor sees.
        Invalid: The policy has faults.
    """
    access.require(work, actor, "policy.try")
    wording = _demand_wording(draft)
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    facts = gather_facts(work, model, found)
    told = [(rule, _check_rules(replace(wording, rules=(rule,)), facts)) for rule in wording.rules]
    rules = tuple(RuleTrial(rule.expression, rule.message, check.passed, check.detail) for rule, check in told)
    target = NEXT_TARGET.get(found.state)
    in_scope = wording.scope.holds(model.risk_tier.value, model.group, target and target.value)
    return VersionTrial(found.address, in_scope, all(rule.passed for rule in rules), rules, facts)


def try_on_all(work: Work, actor: Actor, draft: Draft, *, policy_id: str | None = None) -> WideTrial:
    """
    What a policy would say of every version that the actor sees and that could still be promoted.

    Versions are read 200 at a time, so that no more of them stand in memory: six statements each. 10,000 versions of
    ordinary metadata take some seconds.

    Args:
        policy_id: The policy that it is to replace; without it, it is a new one.
    Raises:
        NotPermitted, Invalid, NotFound.
    """
    access.require(work, actor, "policy.try")
    wording = _demand_wording(draft)
    present = None if policy_id is None else queries.get_policy(work, policy_id)
    counts = {"asked": 0, "passed": 0, "failed": 0, "newly": 0, "freed": 0}
    newly: list[Failure] = []
    others: list[Failure] = []
    for model, row, facts in _each_version(work, actor):
        now = _stops(present, model, row, facts)
        if not _is_asked(wording, model, row):
            counts["freed"] += now
            continue
        counts["asked"] += 1
        check = _check_rules(wording, facts)
        if check.passed:
            counts["passed"] += 1
            counts["freed"] += now
            continue
        counts["failed"] += 1
        counts["newly"] += not now
        kept = others if now else newly
        if len(kept) < SHOWN_MAX:
            address = f"{model.address}:{row.version}"
            kept.append(Failure(address, State(row.state), model.risk_tier.value, check.message, check.detail, not now))
    return WideTrial(**counts, failures=tuple([*newly, *others][:SHOWN_MAX]))


def _demand_wording(draft: Draft) -> Wording:
    wording, faults = writing.judge_draft(draft)
    if wording is None:
        raise Invalid.of(faults)
    return wording


def _check_rules(wording: Wording, facts: dict[str, Any]) -> Check:
    return check_all([Standing("", 0, wording)], facts)[0]


def _is_asked(wording: Wording, model: Model, row: Row[Any]) -> bool:
    return wording.scope.holds(model.risk_tier.value, model.group, NEXT_TARGET[State(row.state)].value)


def _stops(policy: Policy | None, model: Model, row: Row[Any], facts: dict[str, Any]) -> bool:
    """Whether a policy, as it is now, stops this version."""
    if policy is None or not policy.wording.enabled or policy.wording.severity is not Severity.BLOCK:
        return False
    return _is_asked(policy.wording, model, row) and not _check_rules(policy.wording, facts).passed


def _each_version(work: Work, actor: Actor) -> Iterator[tuple[Model, Row[Any], dict[str, Any]]]:
    """Every version that the actor sees and that could still be promoted, with its model and its facts."""
    after = 0
    while True:
        rows = work.all(
            select(*_AS_JUDGED)
            .join(models, models.c.id == versions.c.model_id)
            .where(versions.c.id > after, versions.c.state.in_(list(NEXT_TARGET)), visible_to(actor))
            .where(~has_flag(versions.c.id, "CLOSED"))
            .order_by(versions.c.id)
            .limit(CHUNK)
        )
        if not rows:
            return
        by_key = _read_models(work, {row.model_id for row in rows})
        pairs = [(by_key[row.model_id], row) for row in rows]
        for (model, row), facts in zip(pairs, gather_many(work, pairs), strict=True):
            yield model, row, facts
        after = rows[-1].key


def _read_models(work: Work, keys: set[int]) -> dict[int, Model]:
    found: Sequence[Model] = model_queries.to_models(
        work, work.all(model_queries.select_models().where(models.c.id.in_(keys)))
    )
    return {model.key: model for model in found}
