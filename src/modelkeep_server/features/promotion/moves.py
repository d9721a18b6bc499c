"""The moves that are no decision: to staging and production by an SRE, and out of production again."""

from dataclasses import replace

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import service as deploying
from modelkeep_server.features.deployments.views import Asked
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.separation import why_not_apart
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies import judging
from modelkeep_server.features.policies.views import Target
from modelkeep_server.features.promotion import contents, requirements, soundness
from modelkeep_server.features.promotion import queries as promotion_queries
from modelkeep_server.features.promotion.barring import why_not_approved_by
from modelkeep_server.features.promotion.gathering import begin, demand_going, demand_none_live, find_text_faults
from modelkeep_server.features.promotion.telling import settle_next_review, tell_of
from modelkeep_server.features.promotion.views import Promotion, Status, unmet
from modelkeep_server.features.versions import moving
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import MoveView, Reason, Requirement, Version
from modelkeep_server.rules import wording
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import DutiesOverlap, FieldError, Invalid, StateForbids
from modelkeep_server.rules.lifecycle import MOVES, State, find_move, moves_from

#: Which move has which act: those that are made by `move_version`.
ACTS: dict[State, str] = {move.target: move.act for move in MOVES if not move.act.startswith("promotion.")}
#: Which promotion's demands a move into a state has, and which of these take an approved request.
_DEMANDS = {
    State.SUBMITTED: Target.STAGING,
    State.APPROVED_STAGING: Target.STAGING,
    State.STAGING: Target.STAGING,
    State.APPROVED_PROD: Target.PRODUCTION,
    State.PRODUCTION: Target.PRODUCTION,
}
_NEEDS_ROUND = {State.STAGING: Target.STAGING, State.PRODUCTION: Target.PRODUCTION}
_WAYS = {
    State.SUBMITTED: "POST …/promotions requests it.",
    State.CHANGES_REQUESTED: "POST …/reviews with REQUEST_CHANGES does it.",
    State.APPROVED_STAGING: "POST …/reviews with APPROVE does it.",
    State.APPROVED_PROD: "POST …/reviews with APPROVE does it.",
}


def move_version(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    to: str,
    comment: str | None = None,
    deployment: Asked | None = None,
) -> Version:
    """
    Move a version to STAGING, PRODUCTION, DEPRECATED or RETIRED.

    Args:
        deployment: What is live from now on, recorded together with a move to STAGING or PRODUCTION.
    Raises:
        NotFound, NotPermitted; DutiesOverlap: HIGH takes another SRE to production than whoever owned, touched or
        approved it. Invalid: there is no such state. StateForbids: the diagram has no such arrow from here, the state
        is reached by another route, or the version is closed or on hold. RequirementsUnmet; IntegrityBroken.
    """
    target = _read_target(to)
    act = ACTS.get(target)
    if act is None:
        found = version_queries.get_version(work, actor, group, name, version)
        way = _WAYS.get(target, "Every version begins there.")
        raise StateForbids(f"Another act makes a version {wording.say_state(target)}.", remedy=way)
    model, found = begin(work, actor, group, name, version, act)
    faults = find_text_faults("comment", comment, required=False)
    if deployment is not None and target not in _NEEDS_ROUND:
        faults.append(FieldError("deployment", "Only a move to staging or production carries a deployment."))
    if faults:
        raise Invalid.of(faults)
    soundness.demand_sound(work, model, found)
    if find_move(found.state, target) is None:
        raise StateForbids(wording.say_no_move(found.address, found.state, target), remedy=_say_where_from(target))
    demand_going(found)
    latest = promotion_queries.find_latest(work, found)
    _demand_third(work, actor, model, found, latest, target)
    aim = _NEEDS_ROUND.get(target)
    demands = None if aim is None else requirements.judge(work, model, found, aim)
    if latest is not None:
        contents.demand_frozen(work, found, latest.digest, demands.files if demands else None)
    if aim is not None and demands is not None:
        what = f"for the move to {wording.say_state(target)}"
        requirements.demand(_with_round(demands.requirements, aim, latest), what)
        judging.keep(work, actor, demands.judgement, found, latest.key if latest else None, "MOVE")
    if target is State.RETIRED:
        demand_none_live(work, {found.key: found.address})
    more = {"comment": Veiled(comment)} if comment else {}
    moving.move(work, actor, found, target, act, more=more)
    if found.state is State.PRODUCTION:
        settle_next_review(work, model, found)
    tell_of(work, actor, "version.moved", model, found, text=comment, state=target.value)
    if deployment is not None:
        moved = version_queries.get_version(work, actor, group, name, version)
        deploying.record_with_move(work, actor, moved, replace(deployment, model=deployment.model or moved.model))
    return version_queries.get_version(work, actor, group, name, version)


def _with_round(found: tuple[Requirement, ...], aim: Target, latest: Promotion | None) -> tuple[Requirement, ...]:
    """What is demanded of a version, and the approvals for it."""
    if latest is not None and latest.target is aim and latest.status is Status.APPROVED:
        return (*found, requirements.judge_approvals(latest))
    message = f"No approved request for {wording.say_state(aim)}"
    return (*found, Requirement("approvals", False, message, "An owner requests the promotion first."))


def list_moves(
    work: Work, actor: Actor, model: Model, version: Version, latest: Promotion | None
) -> tuple[MoveView, ...]:
    """
    The moves that the diagram has from here, each with whether this person could make it now, what they lack, and what
    it demands. At most seven statements, and one more for who may decide. `latest` is the newest round, as
    `find_latest` has it.
    """
    relations = model_queries.relations_of(actor, model)
    apart: list[str | None] = []
    judged: dict[Target, tuple[Requirement, ...]] = {}
    views = []
    for move in moves_from(version.state):
        reasons = list(version_queries.list_reasons_beside(version))
        missing = access.why_not(actor, move.act, relations)
        if missing is not None:
            reasons.append(Reason("not_permitted", missing, access.say_who_may(move.act)))
        elif move.act in ("promotion.approve", "promotion.request_changes"):
            apart = apart or [why_not_approved_by(work, actor, model, version, latest)]
            if apart[0] is not None:
                reasons.append(Reason(DutiesOverlap.code, apart[0], "Ask somebody else with the role."))
            if latest is None or latest.status is not Status.OPEN:
                reasons.append(Reason("no_request", "No request is open.", "An owner requests the promotion first."))
        elif move.target is State.PRODUCTION:
            overlap = _why_no_third(work, actor, model, version, latest, move.target)
            if overlap is not None:
                reasons.append(Reason(DutiesOverlap.code, overlap, "Ask another SRE."))
        demands = _list_demands(work, model, version, move.target, latest, judged)
        reasons += [Reason("requirement", one.message, one.remedy) for one in unmet(demands)]
        views.append(MoveView(move.target, move.label, not reasons, tuple(reasons), demands))
    return tuple(views)


def _list_demands(
    work: Work,
    model: Model,
    version: Version,
    target: State,
    latest: Promotion | None,
    judged: dict[Target, tuple[Requirement, ...]],
) -> tuple[Requirement, ...]:
    """What a move demands; each promotion is judged once, and kept in `judged`."""
    aim = _DEMANDS.get(target)
    if aim is None:
        return ()
    if aim not in judged:
        judged[aim] = requirements.judge(work, model, version, aim).requirements
    return _with_round(judged[aim], aim, latest) if target in _NEEDS_ROUND else judged[aim]


def _demand_third(
    work: Work, actor: Actor, model: Model, version: Version, latest: Promotion | None, target: State
) -> None:
    overlap = _why_no_third(work, actor, model, version, latest, target)
    if overlap is not None:
        raise DutiesOverlap(overlap, remedy="Ask another SRE, who did neither.")


def _why_no_third(
    work: Work, actor: Actor, model: Model, version: Version, latest: Promotion | None, target: State
) -> str | None:
    """
    HIGH, now or when it was asked for: the SRE who moves it to production is no owner, worked on nothing of it and
    approved nothing of it.
    """
    asked_as = None if latest is None else latest.risk_tier
    if target is not State.PRODUCTION or RiskTier.HIGH not in (model.risk_tier, asked_as):
        return None
    if latest is not None and actor.user_id in latest.approvers:
        return f"You approved {version.address}, so another SRE moves it to production."
    return why_not_apart(work, actor, model, version, "moves it to production")


def _read_target(to: str) -> State:
    if to not in list(State):
        raise Invalid.of([FieldError("to", f"Choose one of {', '.join(ACTS)}.")])
    return State(to)


def _say_where_from(target: State) -> str:
    sources = wording.say_states({move.source for move in MOVES if move.target is target})
    return f"A version becomes {wording.say_state(target)} from {sources}."
