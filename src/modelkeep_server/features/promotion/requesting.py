"""Asking for a promotion, and taking that back: by the owners, or a program that they let ask."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import promotions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.notify.restraint import demand_calm
from modelkeep_server.features.policies import judging
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import contents, requirements, soundness
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.gathering import begin, demand_going, demand_text, find_text_faults
from modelkeep_server.features.promotion.telling import REVIEW, settle_review, tell_of
from modelkeep_server.features.promotion.views import Demands, Promotion, Status
from modelkeep_server.features.versions import moving
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import REVIEW_DAYS, URGENT_DAYS
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotPermitted, StateForbids
from modelkeep_server.rules.lifecycle import EDITABLE, State
from modelkeep_server.rules.notices import TAKEN_BACK_WITHIN
from modelkeep_server.rules.permissions import Scope


def request_promotion(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    target: str,
    justification: str,
    urgent: bool = False,
) -> Promotion:
    """
    Ask for a version to be moved on. For staging its content is frozen now and it becomes SUBMITTED; for production it
    stays in STAGING while the request is open.

    Raises:
        NotFound, NotPermitted; Invalid: target or justification. StateForbids: it does not stand where this begins, is
        closed, on hold or its model is retired. Conflict: a request is open. TooMany: it was withdrawn over and over.
        RequirementsUnmet; IntegrityBroken.
    """
    model, found = begin(work, actor, group, name, version, "promotion.request")
    if actor.is_service and Scope.DEPLOY not in (actor.scopes or ()):
        raise NotPermitted(
            "To request a promotion a service account needs a token with the scope deploy.",
            remedy="Its sponsor makes such a token on the page of the service account.",
        )
    faults = find_text_faults("justification", justification, required=True)
    if target not in list(Target):
        faults.append(FieldError("target", f"Choose one of {', '.join(Target)}."))
    if faults:
        raise Invalid.of(faults)
    aim = Target(target)
    soundness.demand_sound(work, model, found)
    demand_going(found)
    _demand_place(work, found, aim)
    _demand_calm(work, found)
    demands = requirements.judge(work, model, found, aim)
    requirements.demand(demands.requirements, f"for a promotion to {aim}")
    digest = _freeze(work, actor, found, aim, demands)
    key, public_id = _insert(work, actor, model, found, aim, justification, digest, urgent=urgent)
    judging.keep(work, actor, demands.judgement, found, key, "REQUEST")
    facts = {"promotion": public_id, "target": aim.value, "digest": digest, "urgent": urgent,
             "riskTier": model.risk_tier.value, "justification": Veiled(justification)}  # fmt: skip
    if aim is Target.STAGING:
        submitted = {"submitted_at": work.now, "submitted_by": actor.user_id}
        moving.move(work, actor, found, State.SUBMITTED, "promotion.request", more=facts, columns=submitted)
    else:
        access.record(work, actor, "promotion.request", object_id=found.id, object_label=found.address, after=facts)
    told = {"target": aim.value, "what": "an urgent review" if urgent else "a review"}
    tell_of(work, actor, "review.asked", model, found, text=justification, place=REVIEW, **told)
    return promotion_queries.get_promotion(work, found, public_id)


def withdraw(
    work: Work, actor: Actor, group: str, name: str, version: str, promotion_id: str, *, reason: str
) -> Promotion:
    """
    Take a request for production back. One for staging stays with the reviewers: there is no way back from SUBMITTED
    but theirs.

    Raises:
        NotFound, NotPermitted; Invalid: the reason is missing. StateForbids: it is not open, or is for staging.
    """
    model, found = begin(work, actor, group, name, version, "promotion.withdraw")
    promotion = promotion_queries.get_promotion(work, found, promotion_id)
    demand_text("reason", reason, required=True)
    if promotion.status is not Status.OPEN:
        raise StateForbids(
            f"This request was ended already: {wording.say_code(promotion.status).lower()}.",
            remedy="Nothing is left to withdraw.",
        )
    if promotion.target is Target.STAGING:
        raise StateForbids(
            f"{found.address} is submitted for review: there is no way back but the reviewers'.",
            remedy="Ask a reviewer, in the discussion, to request changes; or close the version.",
        )
    ended = end(work, actor, promotion, Status.WITHDRAWN, reason=reason)
    access.record(
        work, actor, "promotion.withdraw", object_id=found.id, object_label=found.address,
        before={"promotion": promotion.id, "status": promotion.status.value},
        after={"promotion": promotion.id, "status": Status.WITHDRAWN.value},
        reason=reason,
    )  # fmt: skip
    settle_review(work, actor, model, found)
    tell_of(work, actor, "review.withdrawn", model, found, text=reason, target=promotion.target.value)
    return ended


def end(work: Work, actor: Actor, promotion: Promotion, status: Status, *, reason: str | None = None) -> Promotion:
    """End an open round, as it is then; the caller records it. Raises Conflict: somebody ended it a moment ago."""
    try:
        work.change(
            promotions, promotion.key,
            {"status": status.value, "ended_by": actor.user_id, "ended_at": work.now, "end_reason": reason or None,
             "revision": promotion.revision + 1},
            expect={"status": Status.OPEN.value, "revision": promotion.revision},
        )  # fmt: skip
    except NoSuchRow as error:
        raise Conflict("Somebody decided this a moment ago.", remedy="Load it again.") from error
    return replace(
        promotion, status=status, ended_by=actor.email, ended_at=work.now, end_reason=reason or None,
        revision=promotion.revision + 1,
    )  # fmt: skip


def _demand_place(work: Work, version: Version, target: Target) -> None:
    """Raises StateForbids, Conflict where a request for `target` does not begin from where a version stands."""
    begins = EDITABLE if target is Target.STAGING else frozenset({State.STAGING})
    latest = promotion_queries.find_latest(work, version)
    if latest is not None and latest.status is Status.OPEN:
        raise Conflict(
            f"A request for {wording.say_state(latest.target)} is open since {clock.say_moment(latest.requested_at)}.",
            remedy="Wait for the reviewers, or withdraw it."
            if latest.target is Target.PRODUCTION
            else "Wait for the reviewers, or ask them to request changes.",
        )
    if version.state not in begins:
        begin_at = wording.say_states(begins)
        raise StateForbids(
            f"{version.standing}; a promotion to {wording.say_state(target)} is requested from {begin_at}.",
            remedy="Look at the version's page for what comes next.",
        )


def _demand_calm(work: Work, version: Version) -> None:
    ended = select(promotions.c.ended_at).where(
        promotions.c.version_id == version.key, promotions.c.status == Status.WITHDRAWN.value,
        promotions.c.ended_at > work.now - TAKEN_BACK_WITHIN,
    )  # fmt: skip
    demand_calm(work, [row.ended_at for row in work.all(ended)], f"a promotion of {version.address}")


def _freeze(work: Work, actor: Actor, version: Version, target: Target, demands: Demands) -> str:
    """The digest of what is asked for: of what is frozen now, or was for STAGING."""
    if target is Target.STAGING:
        return contents.freeze(work, actor, version, demands.files)
    digest = version.content_digest
    if digest is None:
        raise StateForbids(f"{version.address} was never submitted.", remedy="Request its promotion to staging first.")
    contents.demand_frozen(work, version, digest, demands.files)
    return digest


def _insert(
    work: Work, actor: Actor, model: Model, version: Version, target: Target, why: str, digest: str, *, urgent: bool
) -> tuple[int, str]:
    days = URGENT_DAYS if urgent else REVIEW_DAYS[model.risk_tier]
    last = work.scalar(select(func.max(promotions.c.round)).where(promotions.c.version_id == version.key))
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        promotions,
        {
            "public_id": public_id,
            "version_id": version.key,
            "round": (last or 0) + 1,
            "target": target.value,
            "justification": why,
            "urgent": urgent,
            "status": Status.OPEN.value,
            "digest": digest,
            "risk_tier": model.risk_tier.value,
            "requested_by": actor.user_id,
            "requested_at": work.now,
            "due_at": work.now + timedelta(days=days),
            "revision": 1,
        },
        taken=Conflict("Somebody asked for this a moment ago.", remedy="Load it again."),
    )
    return key, public_id
