"""Policies: the rules that promotions are checked against, their revisions, and trying them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies import queries, service, trying
from modelkeep_server.features.policies.trying import VersionTrial, WideTrial
from modelkeep_server.features.policies.views import Policy, PolicyRevision, Wording
from modelkeep_server.features.policies.writing import Draft
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import OptionalReasonIn, PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.policies import (
    DryRunIn,
    DryRunOut,
    FailureOut,
    PolicyIn,
    PolicyOut,
    PolicyPatch,
    RevisionOut,
    RuleIn,
    RuleOut,
    RuleTrialOut,
    ScopeOut,
)
from modelkeep_server.interfaces.policy_forms import read_version_address
from modelkeep_server.kit.paging import Page

router = make_router("policies")

PolicyId = Annotated[str, Path(description="As the list of policies has it.")]


@router.get("/policies", response_model=PageOut[PolicyOut])
@door.reads("policy.read")
def list_policies(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[PolicyOut]:
    """Every policy by name, also those that are off. Everyone who is signed in may read the rules."""
    return PageOut[PolicyOut].of(queries.list_policies(work, limit=limit, cursor=cursor), _shape)


@router.post("/policies", status_code=201, response_model=PolicyOut)
@door.writes("policy.create")
def create_policy(work: Work, actor: Actor, body: PolicyIn) -> Answer:
    """Write a policy. Where it is enabled, it is asked from now on; try it by `POST /policies/dry-run` first."""
    draft = Draft(
        body.name, body.description, body.severity, body.enabled,
        body.scope.risk_tiers, body.scope.targets, body.scope.groups, _rules(body.rules),
    )  # fmt: skip
    policy = service.create_policy(work, actor, draft, reason=body.reason)
    return _with_etag(policy, status=201, headers={"Location": f"/api/v1/policies/{policy.id}"})


@router.post("/policies/dry-run", response_model=DryRunOut)
@door.reads("policy.try")
def try_policy(work: Work, actor: Actor, body: DryRunIn) -> DryRunOut:
    """
    Try rules that are not in force: on one version in full, or over all versions that could still be promoted, to see
    which would newly be stopped. Nothing is saved.
    """
    draft = Draft(
        "Dry run", "", "BLOCK", True, body.scope.risk_tiers, body.scope.targets, body.scope.groups, _rules(body.rules)
    )
    if body.version is None:
        return _shape_wide(trying.try_on_all(work, actor, draft, policy_id=body.policy))
    return _shape_one(trying.try_on_version(work, actor, draft, *read_version_address(body.version)))


@router.get("/policies/{id}", response_model=PolicyOut)
@door.reads("policy.read")
def show_policy(work: Work, actor: Actor, id: PolicyId) -> Answer:
    """One policy as it is in force, with a change that waits for a second person."""
    return _with_etag(queries.get_policy(work, id))


@router.patch("/policies/{id}", response_model=PolicyOut)
@door.writes("policy.update")
def update_policy(work: Work, actor: Actor, id: PolicyId, body: PolicyPatch, if_match: IfMatch = None) -> Answer:
    """
    Save a new revision of a policy: a JSON Merge Patch (RFC 7396). What would let more pass than a policy that blocks
    does now stands under `proposal` until a second person confirms it.
    """
    edit = service.update_policy(
        work, actor, id, _edit(body), expected=read_if_match(if_match), reason=body.reason
    )  # fmt: skip
    return _with_etag(edit.policy)


@router.get("/policies/{id}/revisions", response_model=PageOut[RevisionOut])
@door.reads("policy.read")
def list_policy_revisions(work: Work, actor: Actor, id: PolicyId) -> PageOut[RevisionOut]:
    """All that a policy ever said, newest first, with who proposed and who confirmed it."""
    found = queries.list_revisions(work, queries.get_policy(work, id))
    return PageOut[RevisionOut].of(Page(found, None, len(found)), _shape_revision)


@router.post("/policies/{id}/enable", response_model=PolicyOut)
@door.writes("policy.update")
def enable_policy(work: Work, actor: Actor, id: PolicyId, body: OptionalReasonIn, if_match: IfMatch = None) -> Answer:
    """Switch a policy on: it is asked from now on."""
    return _switch(work, actor, id, body, if_match, on=True)


@router.post("/policies/{id}/disable", response_model=PolicyOut)
@door.writes("policy.update")
def disable_policy(work: Work, actor: Actor, id: PolicyId, body: OptionalReasonIn, if_match: IfMatch = None) -> Answer:
    """Switch a policy off. One that blocks stays on until a second person confirms."""
    return _switch(work, actor, id, body, if_match, on=False)


@router.post("/policies/{id}/confirm", response_model=PolicyOut)
@door.writes("policy.confirm")
def confirm_policy(work: Work, actor: Actor, id: PolicyId, body: OptionalReasonIn) -> Answer:
    """Put in force what somebody else proposed, as an MRC or a Security Architect."""
    return _with_etag(service.confirm_revision(work, actor, id, reason=body.reason))


@router.post("/policies/{id}/decline", response_model=PolicyOut)
@door.writes("policy.decline")
def decline_policy(work: Work, actor: Actor, id: PolicyId, body: OptionalReasonIn) -> Answer:
    """Leave a policy as it is, against what is proposed. Who proposed it may take it back this way."""
    return _with_etag(service.decline_revision(work, actor, id, reason=body.reason))


def _edit(body: PolicyPatch) -> Callable[[Draft], Draft]:
    """What a patch makes of a policy."""

    def edit(draft: Draft) -> Draft:
        plain = {"name": body.name, "description": body.description, "severity": body.severity, "enabled": body.enabled}
        changes: dict[str, Any] = {name: value for name, value in plain.items() if value is not None}
        if body.scope is not None:
            changes |= {name: value for name, value in dict(body.scope).items() if value is not None}
        if body.rules is not None:
            changes["rules"] = _rules(body.rules)
        return replace(draft, **changes)

    return edit


def _rules(sent: list[RuleIn]) -> list[tuple[str, str, str | None]]:
    return [(rule.expression, rule.message, rule.detail) for rule in sent]


def _wording(wording: Wording) -> dict[str, Any]:
    return {
        "name": wording.name,
        "description": wording.description,
        "severity": wording.severity.value,
        "enabled": wording.enabled,
        "scope": ScopeOut.model_validate(wording.scope.as_json()),
        "rules": [RuleOut(**rule.as_json()) for rule in wording.rules],
    }


def _shape_revision(revision: PolicyRevision) -> RevisionOut:
    plain = [name for name in RevisionOut.model_fields if hasattr(revision, name)]
    return RevisionOut(**_wording(revision.wording), **{name: getattr(revision, name) for name in plain})


def _shape(policy: Policy) -> PolicyOut:
    return PolicyOut(
        **_wording(policy.wording),
        id=policy.id,
        revision=policy.revision,
        proposal=None if policy.proposal is None else _shape_revision(policy.proposal),
        starter=policy.starter,
        created_at=policy.created_at,
        created_by=policy.created_by,
        updated_at=policy.updated_at,
    )


def _switch(
    work: Work, actor: Actor, public_id: str, body: OptionalReasonIn, if_match: str | None, *, on: bool
) -> Answer:
    expected = read_if_match(if_match)
    return _with_etag(
        service.switch_policy(work, actor, public_id, on=on, expected=expected, reason=body.reason).policy
    )


def _with_etag(policy: Policy, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(_shape(policy), status, {"ETag": etag_of(policy.latest), **(headers or {})})


def _shape_one(trial: VersionTrial) -> DryRunOut:
    return DryRunOut(
        version=trial.address,
        in_scope=trial.in_scope,
        passed=trial.passed,
        rules=[RuleTrialOut.model_validate(rule) for rule in trial.rules],
        facts=trial.facts,
    )


def _shape_wide(trial: WideTrial) -> DryRunOut:
    return DryRunOut(
        asked=trial.asked,
        passing=trial.passed,
        failing=trial.failed,
        newly_failing=trial.newly,
        freed=trial.freed,
        failures=[
            FailureOut(version=one.address, **{name: value for name, value in vars(one).items() if name != "address"})
            for one in trial.failures
        ],
    )  # fmt: skip
