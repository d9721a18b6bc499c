"""
Deciding on a promotion: approving, or requesting changes. By MRC and Security Architect in parallel, none of whom owned
the model or worked on the version; the state moves with the last approval needed, in the same transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import evaluation_runs, reviews
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.tiers import demand_not_lowered
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies import judging
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import contents, requesting, requirements, soundness
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.findings import service as finding_acts
from modelkeep_server.features.promotion.gathering import begin, demand_going, find_text_faults
from modelkeep_server.features.promotion.telling import settle_review, tell_of
from modelkeep_server.features.promotion.views import LEADS_TO, Decision, Demands, NewFinding, Promotion, Status
from modelkeep_server.features.versions import moving
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import DECIDERS
from modelkeep_server.rules.errors import Conflict, DigestDiffers, FieldError, Invalid, NotPermitted, StateForbids
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import ROLES, Role

#: What a Security Architect looks at: the question, and what may be said of it.
CHECKLIST: Mapping[str, str] = {
    "scan": "Every file was looked through, and what the scanner found is understood.",
    "licence": "The licences of model, base model and data allow this use.",
    "data": "Personal and confidential data in training and input are handled as they must be.",
}
ANSWERS = ("YES", "NO", "NOT_APPLICABLE")

_ACTS = {Decision.APPROVE: "promotion.approve", Decision.REQUEST_CHANGES: "promotion.request_changes"}


def decide(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    decision: str,
    comment: str | None,
    digest: str,
    as_role: str | None = None,
    findings: Sequence[NewFinding] = (),
    checklist: Mapping[str, str] | None = None,
) -> Promotion:
    """
    Decide on the open request of a version.

    Args:
        digest: The content that the decision is about, as the review shows it.
        as_role: MRC or SECURITY_ARCHITECT, for people with both; else the one that is still needed.
        findings: What the decision is bound to; a blocking one stops the next move until it is settled.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, DutiesOverlap; Invalid: fields at fault. StateForbids: no request is
        open, or it is closed or on hold. DigestDiffers: the content is another. Conflict: decided already, by this
        person or, in this role, by another. RequirementsUnmet; IntegrityBroken.
    """
    if decision not in list(Decision):
        raise Invalid.of([FieldError("decision", f"Choose one of {', '.join(Decision)}.")])
    wanted = Decision(decision)
    model, found = begin(work, actor, group, name, version, _ACTS[wanted])
    soundness.demand_sound(work, model, found)
    demand_apart(work, actor, model, found)
    demand_going(found)
    promotion = _get_round(work, found, wanted)
    faults = _find_faults(work, wanted, comment, checklist, findings)
    if faults:
        raise Invalid.of(faults)
    if digest != promotion.digest:
        raise DigestDiffers(f"{found.address} was submitted as {promotion.digest}, and you judged {digest[:80]}.")
    _demand_first(work, actor, promotion, model, wanted)
    role = _choose_role(actor, promotion, wanted, as_role)
    demands = requirements.judge(work, model, found, promotion.target, within=promotion)
    contents.demand_frozen(work, found, promotion.digest, demands.files)
    review_id = _insert(work, actor, model, found, promotion, wanted, role, comment, demands, checklist)
    judging.keep(work, actor, demands.judgement, found, promotion.key, "APPROVAL")
    raised = [finding_acts.insert(work, actor, found, new, promotion) for new in findings]
    facts = {"promotion": promotion.id, "target": promotion.target.value, "review": review_id, "as": role.value,
             "digest": promotion.digest, "riskTier": model.risk_tier.value, "findings": [one.id for one in raised],
             "comment": Veiled(comment) if comment else None}  # fmt: skip
    work.granted[_ACTS[wanted]] = role.value
    decided = promotion_queries.get_promotion(work, found, promotion.id)
    if wanted is Decision.REQUEST_CHANGES:
        decided = _send_back(work, actor, found, decided, facts, comment)
    else:
        decided = _count(work, actor, found, decided, facts, demands)
    for one in raised:
        finding_acts.record_raised(work, actor, model, found, one, under=_ACTS[wanted])
    settle_review(work, actor, model, found, decided.open_roles if decided.status is Status.OPEN else ())
    _tell(work, actor, model, found, decided, wanted, role, comment)
    return decided


def _find_faults(
    work: Work,
    decision: Decision,
    comment: str | None,
    checklist: Mapping[str, str] | None,
    findings: Sequence[NewFinding],
) -> list[FieldError]:
    faults = find_text_faults("comment", comment, required=decision is Decision.REQUEST_CHANGES)
    faults += find_checklist_faults(checklist, decision)
    for row, new in enumerate(findings):
        faults += finding_acts.find_faults(work, new, place=f"findings.{row}")
    return faults


def lacks_approvals(promotion: Promotion, version: Version) -> bool:
    """
    Whether a version was approved, and more is asked for now, since its tier was raised or an Admin added to it. It
    keeps its state, and goes no further until a reviewer gave what is missing.
    """
    is_there = LEADS_TO[promotion.target] is version.state
    return promotion.status is Status.APPROVED and is_there and promotion.missing > 0


def find_checklist_faults(checklist: Mapping[str, str] | None, decision: Decision) -> list[FieldError]:
    """What is wrong with a checklist; an approval cannot say NO to a row of it."""
    faults = []
    for key, answer in (checklist or {}).items():
        if key not in CHECKLIST:
            faults.append(FieldError(f"checklist.{key[:40]}", f"There is no such row. Rows: {', '.join(CHECKLIST)}."))
        elif answer not in ANSWERS:
            faults.append(FieldError(f"checklist.{key}", f"Choose one of {', '.join(ANSWERS)}."))
        elif answer == "NO" and decision is Decision.APPROVE:
            faults.append(FieldError(f"checklist.{key}", "You say no to this: request changes, or raise a finding."))
    return faults


def _get_round(work: Work, version: Version, decision: Decision) -> Promotion:
    """The round that a decision is about: the open one, or one whose approvals became too few."""
    latest = promotion_queries.find_latest(work, version)
    if latest is not None and latest.status is Status.OPEN:
        return latest
    if latest is not None and decision is Decision.APPROVE and lacks_approvals(latest, version):
        return latest
    raise StateForbids(
        f"{version.standing} and waits for no decision.",
        remedy="Load it again: somebody may have decided, or the owners have to request a promotion first.",
    )


_DID = {Decision.APPROVE: "approved this request", Decision.REQUEST_CHANGES: "requested changes"}


def _demand_first(work: Work, actor: Actor, promotion: Promotion, model: Model, wanted: Decision) -> None:
    """Raises DutiesOverlap where this person saw to it that fewer decide, Conflict where they decided already."""
    if wanted is Decision.APPROVE:
        demand_not_lowered(work, actor, model, promotion.risk_tier, promotion.requested_at)
    decided = [one for one in promotion.reviews if one.person_key == actor.user_id and one.tier is model.risk_tier]
    if decided:
        raise Conflict(
            f"You {_DID[decided[0].decision]} already, on {clock.say_moment(decided[0].at)}.",
            remedy="One person fills one approval. Say more in the discussion.",
        )


def _choose_role(actor: Actor, promotion: Promotion, decision: Decision, as_role: str | None) -> Role:
    held = [role for role in DECIDERS if role in actor.roles]
    if as_role is not None:
        if as_role not in list(DECIDERS):
            raise Invalid.of([FieldError("as", f"Choose one of {', '.join(DECIDERS)}.")])
        if Role(as_role) not in held:
            raise NotPermitted(f"To decide as {ROLES[Role(as_role)].label} you need that role.")
        held = [Role(as_role)]
    needed = [role for role in held if role in promotion.open_roles]
    if needed:
        return needed[0]
    if decision is Decision.REQUEST_CHANGES:
        return held[0]
    waits = " or ".join(ROLES[role].label for role in promotion.open_roles) or "Nobody"
    raise Conflict(
        f"The approval of {ROLES[held[0]].label} is there already; {waits} is still needed.",
        remedy="Say what you found in the discussion, raise a finding, or request changes.",
    )


def _insert(
    work: Work,
    actor: Actor,
    model: Model,
    version: Version,
    promotion: Promotion,
    decision: Decision,
    role: Role,
    comment: str | None,
    demands: Demands,
    checklist: Mapping[str, str] | None,
) -> str:
    runs = work.all(select(evaluation_runs.c.public_id).where(evaluation_runs.c.version_id == version.key))
    saw: dict[str, Any] = {
        "evaluations": [run.public_id for run in runs],
        "cardRevision": demands.judgement.facts["card"].get("revision"),
        "checks": [{"id": one.id, "met": one.met, "message": one.message} for one in demands.requirements],
        "factsDigest": demands.judgement.facts_digest,
    }
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        reviews,
        {
            "public_id": public_id,
            "promotion_id": promotion.key,
            "person_id": actor.user_id,
            "role": role.value,
            "decision": decision.value,
            "comment": comment or None,
            "digest": promotion.digest,
            "risk_tier": model.risk_tier.value,
            "saw": saw,
            "checklist": dict(checklist) if checklist else None,
            "at": work.now,
        },
        taken=Conflict("You decided on this a moment ago.", remedy="Load it again."),
    )
    return public_id


def _tell(
    work: Work,
    actor: Actor,
    model: Model,
    version: Version,
    decided: Promotion,
    decision: Decision,
    role: Role,
    comment: str | None,
) -> None:
    if decision is Decision.REQUEST_CHANGES:
        tell_of(work, actor, "review.changes", model, version, text=comment, place="/reviews")
        return
    kind = "review.approval" if decided.missing > 0 else "review.approved"
    said = {"target": decided.target.value, "role": ROLES[role].label}
    tell_of(work, actor, kind, model, version, text=comment, **said)


def _send_back(
    work: Work, actor: Actor, version: Version, promotion: Promotion, facts: dict[str, Any], comment: str | None
) -> Promotion:
    ended = requesting.end(work, actor, promotion, Status.CHANGES_REQUESTED, reason=comment)
    act = _ACTS[Decision.REQUEST_CHANGES]
    if promotion.target is Target.STAGING:
        moving.move(work, actor, version, State.CHANGES_REQUESTED, act, more=facts)
    else:
        access.record(work, actor, act, object_id=version.id, object_label=version.address, after=facts)
    return ended


def _count(
    work: Work, actor: Actor, version: Version, promotion: Promotion, facts: dict[str, Any], demands: Demands
) -> Promotion:
    """Move the version on where this was the last approval needed; else record that it was given."""
    act = _ACTS[Decision.APPROVE]
    is_last = promotion.status is Status.OPEN and not promotion.missing
    if not is_last:
        access.record(work, actor, act, object_id=version.id, object_label=version.address, after=facts)
        return promotion
    requirements.demand(demands.requirements, f"for a promotion to {wording.say_state(promotion.target)}")
    ended = requesting.end(work, actor, promotion, Status.APPROVED)
    moving.move(work, actor, version, LEADS_TO[promotion.target], act, more=facts)
    return ended
