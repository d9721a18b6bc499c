"""Suites: what a model is measured against, by risk tier and group. Each edit is a new revision; none is deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import evaluation_suites, suite_revisions
from modelkeep_server.db.work import Work
from modelkeep_server.features.evaluations import queries
from modelkeep_server.features.evaluations.views import NewSuite, Suite, SuiteScope
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken
from modelkeep_server.rules.metrics import Threshold, find_threshold_faults
from modelkeep_server.rules.naming import find_name_fault

NAME_CHARS = 100
GROUPS_MAX = 50


def create_suite(work: Work, actor: Actor, new: NewSuite, *, unreadable: Sequence[FieldError] = ()) -> Suite:
    """Make a suite. Raises NotPermitted, ConfirmNeeded, NameTaken; Invalid: fields at fault, all of them at once."""
    access.require(work, actor, "suite.create")
    _demand_sound(new, unreadable)
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        evaluation_suites,
        {
            "public_id": public_id,
            "name_key": new.name.lower(),
            "revision": 1,
            "created_at": work.now,
            "created_by": actor.user_id,
            "updated_at": work.now,
        },
        taken=_taken(new.name),
    )
    _save(work, actor, key, new, revision=1, reason=None)
    access.record(
        work, actor, "suite.create", object_id=public_id, object_label=new.name, after={**_facts(new), REVISION: 1}
    )
    return queries.get_suite(work, public_id)


def update_suite(
    work: Work,
    actor: Actor,
    suite_id: str,
    changes: Mapping[str, Any],
    *,
    expected: Collection[int] | None,
    reason: str | None = None,
    unreadable: Sequence[FieldError] = (),
) -> Suite:
    """
    Change a suite: a new revision. Runs keep what they were judged by; how a version stands follows the new one.

    Args:
        changes: New values by the names of NewSuite's fields.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, Stale, NameTaken; Invalid: fields at fault, all of them at once.
    """
    access.require(work, actor, "suite.update")
    work.lock(evaluation_suites, queries.get_suite(work, suite_id).key)
    suite = queries.get_suite(work, suite_id)
    demand_fresh(
        work, f"The suite {suite.name}", suite.id, ("suite.update",), expected=expected, present=suite.revision
    )
    before = NewSuite(
        suite.name, [threshold.as_json() for threshold in suite.thresholds], suite.description, suite.enabled,
        [tier.value for tier in suite.scope.risk_tiers], suite.scope.groups,
    )  # fmt: skip
    after = NewSuite(**{**vars(before), **changes})
    _demand_sound(after, [*find_reason_faults(reason), *unreadable])
    old, new = _facts(before), _facts(after)
    changed = [key for key in new if old[key] != new[key]]
    if not changed:
        return suite
    revision = suite.revision + 1
    work.change(
        evaluation_suites, suite.key, {"name_key": after.name.lower(), "revision": revision, "updated_at": work.now},
        expect={"revision": suite.revision}, taken=_taken(after.name),
    )  # fmt: skip
    _save(work, actor, suite.key, after, revision=revision, reason=reason)
    access.record(
        work, actor, "suite.update", object_id=suite.id, object_label=after.name,
        before={REVISION: suite.revision} | {key: old[key] for key in changed},
        after={REVISION: revision} | {key: new[key] for key in changed}, reason=reason or None,
    )  # fmt: skip
    return queries.get_suite(work, suite_id)


def _save(work: Work, actor: Actor, key: int, new: NewSuite, *, revision: int, reason: str | None) -> None:
    work.insert(
        suite_revisions,
        {
            "suite_id": key,
            "revision": revision,
            "name": new.name,
            "description": new.description,
            "enabled": new.enabled,
            "scope": _scope_of(new).as_json(),
            "thresholds": [Threshold.of(told).as_json() for told in new.thresholds],
            "saved_by": actor.user_id,
            "saved_at": work.now,
            "reason": reason or None,
        },
    )


def _scope_of(new: NewSuite) -> SuiteScope:
    tiers = tuple(tier for tier in RiskTier if tier.value in new.risk_tiers)
    return SuiteScope(tiers, tuple(dict.fromkeys(new.groups)))


def _facts(new: NewSuite) -> dict[str, Any]:
    return {
        "name": new.name,
        "description": Veiled(new.description) if new.description else None,
        "enabled": new.enabled,
        "riskTiers": [tier.value for tier in _scope_of(new).risk_tiers],
        "groups": Veiled(canonical.dumps(list(_scope_of(new).groups))) if new.groups else None,
        "thresholds": Veiled(canonical.dumps([Threshold.of(told).as_json() for told in new.thresholds])),
    }


def _demand_sound(new: NewSuite, others: Sequence[FieldError]) -> None:
    faults = []
    for key, text, most, lines, required in (
        ("name", new.name, NAME_CHARS, False, True),
        ("description", new.description, fields.DESCRIPTION_CHARS, True, False),
    ):
        fault = texts.find_text_fault(text, max_chars=most, lines=lines, required=required)
        if fault:
            faults.append(FieldError(key, fault))
    if new.name != new.name.strip():
        faults.append(FieldError("name", "A name neither begins nor ends with a blank."))
    strangers = [tier for tier in new.risk_tiers if tier not in list(RiskTier)]
    if strangers:
        faults.append(FieldError("scope.riskTiers", f"{strangers[0][:80]!r} is not one of {', '.join(RiskTier)}."))
    if len(new.groups) > GROUPS_MAX:
        faults.append(FieldError("scope.groups", f"At most {GROUPS_MAX} groups; these are {len(new.groups)}."))
    for group in new.groups[:GROUPS_MAX]:
        fault = find_name_fault(group)
        if fault:
            faults.append(FieldError("scope.groups", f"{group[:80]!r}: {fault}"))
            break
    faults += [*others, *find_threshold_faults(new.thresholds)]
    if faults:
        raise Invalid.of(faults)


def _taken(name: str) -> NameTaken:
    return NameTaken(
        f"There is an evaluation suite {name} already.",
        remedy="Choose another name, or change that suite.",
        errors=[FieldError("name", f"{name} exists already. Choose another name.")],
    )
