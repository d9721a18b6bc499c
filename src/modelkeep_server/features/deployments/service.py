"""
Telling the registry what is live, and rolling back. A deployment is the live set of one model in one environment.

It only tells: no version changes its state by it. Source: product R4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import artifacts, deployment_shares, deployments, environments, waivers
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.artifacts.conditions import is_waiver_held
from modelkeep_server.features.artifacts.views import ArtifactStatus, WaiverKind
from modelkeep_server.features.audit import integrity
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.deployments import queries
from modelkeep_server.features.deployments.asking import demand_readable, find_model_address, read_parts
from modelkeep_server.features.deployments.environments import demand_standing
from modelkeep_server.features.deployments.views import (
    STATES,
    WHOLE,
    Asked,
    Cause,
    Deployment,
    Environment,
    LiveSet,
    NewPart,
    Part,
    Plan,
    Recorded,
)
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules import wording
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound, StateForbids
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.notices import QUOTED_CHARS

#: So many versions of a live set are named to whom it is told.
_NAMED = 4
#: What people are told of. Of what came with a move the move's own notice tells.
_NOTICES = {Cause.RECORD: "deployment.recorded", Cause.ROLLBACK: "deployment.rolled_back"}


@dataclass(frozen=True)
class _Live:
    """A part that was judged: the version's inside and public id, and what is told of it."""

    version: Version
    share: int
    endpoint_url: str | None
    region: str | None


def record(work: Work, actor: Actor, asked: Asked) -> Recorded:
    """
    Say what is live of a model in an environment from now on; an empty live set says that nothing is. Where the very
    same stands already, it stays, and nothing is written.

    Raises:
        IntegrityBroken: The environment, a version or what is live now was changed by hand.
        NotFound, NotPermitted; StateForbids: the environment ended, or a version may not run there; says which and why.
        Invalid: fields at fault, all of them at once. Conflict: somebody recorded another meanwhile.
    """
    access.require(work, actor, "deployment.record")
    return _record(work, actor, asked, Cause.RECORD)


def record_with_move(work: Work, actor: Actor, version: Version, asked: Asked) -> Recorded:
    """
    The same as part of a move of a version, which was asked for and made already; the live set has that version in it.

    Raises as `record`, but for NotPermitted.
    """
    work.granted.setdefault("deployment.record", next(iter(work.granted.values()), None))
    addresses = [part.version if ":" in part.version else f"{version.model}:{part.version}" for part in asked.live]
    if version.address.lower() not in [address.lower() for address in addresses]:
        raise Invalid.of([FieldError("live", f"{version.address} moves, so it is part of what is live.")])
    return _record(work, actor, asked, Cause.MOVE, moved=version.key)


def roll_back(work: Work, actor: Actor, deployment_id: str, *, reason: str) -> Deployment:
    """
    Make live again what was live of a model in an environment before, in one step.

    Args:
        deployment_id: What stands there now, as whoever asks has seen it.
    Raises:
        NotFound, NotPermitted, Invalid; Conflict: `deployment_id` is no longer what stands there.
        StateForbids: Nothing else was live before, or a version that was may not run any more; says which and why.
    """
    access.require(work, actor, "deployment.rollback")
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
    seen = queries.get_deployment(work, actor, deployment_id)
    group, _, name = seen.model.partition("/")
    model = model_queries.lock_model(work, actor, group, name)
    environment = _lock_environment(work, seen.environment_id)
    present = live_queries.find_current(work, actor, environment, model)
    if present is None or present.id != seen.id:
        raise _overtaken(seen.label, present)
    earlier, live = _judge_rollback(work, actor, environment, present)
    _demand_sound(work, environment, [part.version.key for part in live], present, earlier)
    return _put(work, actor, environment, model, live, present, Cause.ROLLBACK, reason, restores=earlier)


def plan_rollback(work: Work, actor: Actor, present: Deployment) -> Deployment:
    """
    What `roll_back` would make live again, for a page that asks first. Raises StateForbids as it does. About three
    statements, and two a version.
    """
    if present.superseded_at is not None:
        raise _overtaken(present.label, None)
    environment = queries.get_environment(work, present.environment_id)
    return _judge_rollback(work, actor, environment, present)[0]


def _judge_rollback(
    work: Work, actor: Actor, environment: Environment, present: Deployment
) -> tuple[Deployment, list[_Live]]:
    earlier = queries.find_earlier(work, actor, present)
    if earlier is None:
        raise StateForbids(
            f"Nothing else was live before of {present.label}.", remedy="Record what shall be live instead."
        )
    live = [
        _Live(
            version_queries.get_version_by_key(work, actor, part.version_key), part.share, part.endpoint_url,
            part.region,
        )
        for part in earlier.live
    ]  # fmt: skip
    _demand_fit(work, environment, [part.version for part in live], (*STATES[environment.kind], State.DEPRECATED))
    return earlier, live


def plan(work: Work, actor: Actor, asked: Asked) -> Plan:
    """What `record` would change, for a page that asks first. Raises as it does, and writes nothing."""
    access.require(work, actor, "deployment.record")
    environment, model, present, live = _judge(work, actor, asked)
    parts = tuple(
        Part(
            part.version.key, part.version.address, part.version.state, part.share, part.endpoint_url, part.region,
            part.version.hold is not None,
        )
        for part in live
    )  # fmt: skip
    return Plan(environment, model.address, present, parts)


def join_live(work: Work, actor: Actor, version: Version, environment_id: str, part: NewPart) -> Asked:
    """
    What is asked where one version joins what is live of its model in an environment: the others share what is left of
    the traffic, as they do now. It follows what stands there at this moment. Raises NotFound.
    """
    environment = queries.get_environment(work, environment_id)
    group, _, name = version.model.partition("/")
    model = model_queries.get_model(work, actor, group, name)
    present = live_queries.find_current(work, actor, environment, model)
    others = [one for one in present.live if one.version_key != version.key] if present else []
    left = WHOLE - round(part.share * 100) if 0 < part.share <= 100 else 0
    taken = sum(one.share for one in others)
    kept = [(one, one.share if taken <= left else one.share * left // taken) for one in others]
    live = [part, *(NewPart(one.version, share / 100, one.endpoint_url, one.region) for one, share in kept if share)]
    return Asked(environment.id, live, version.model, replaces=present.id if present else "none")


def _record(work: Work, actor: Actor, asked: Asked, cause: Cause, *, moved: int | None = None) -> Recorded:
    environment, model, present, live = _judge(work, actor, asked)
    # A version that moves in this transaction was looked at before its move, whose event is yet to be written.
    known = [part.version.key for part in live if part.version.key != moved]
    _demand_sound(work, environment, known, *([present] if present else []))
    if present is not None and present.live_set == _set_of(live):
        return Recorded(present, is_new=False)
    return Recorded(_put(work, actor, environment, model, live, present, cause, asked.reason), is_new=True)


def _set_of(live: Sequence[_Live]) -> LiveSet:
    return frozenset((part.version.key, part.share, part.endpoint_url, part.region) for part in live)


def _judge(work: Work, actor: Actor, asked: Asked) -> tuple[Environment, Model, Deployment | None, list[_Live]]:
    demand_readable(asked)
    group, name = find_model_address(asked)
    model = model_queries.get_model(work, actor, group, name)
    environment = queries.get_environment(work, asked.environment)
    seen = live_queries.find_current(work, actor, environment, model)
    model = model_queries.lock_model(work, actor, group, name)
    environment = _lock_environment(work, environment.id)
    present = live_queries.find_current(work, actor, environment, model)
    expected = asked.replaces or (seen.id if seen else "none")
    if expected != (present.id if present else "none"):
        raise _overtaken(f"{model.address} in {environment.name}", present)
    live = _find_versions(work, actor, model, read_parts(asked, model))
    _demand_fit(work, environment, [part.version for part in live], STATES[environment.kind])
    if not live and present is None:
        raise StateForbids(
            f"Nothing of {model.address} was ever live in {environment.name}.", remedy="There is nothing to take away."
        )
    return environment, model, present, live


def _lock_environment(work: Work, environment_id: str) -> Environment:
    work.lock(environments, queries.get_environment(work, environment_id).key)
    environment = queries.get_environment(work, environment_id)
    demand_standing(environment)
    return environment


def _find_versions(work: Work, actor: Actor, model: Model, parts: Sequence[tuple[NewPart, str, int]]) -> list[_Live]:
    found, faults = [], []
    for place, (part, number, share) in enumerate(parts):
        try:
            version = version_queries.get_version(work, actor, model.group, model.name, number)
        except NotFound as missing:
            faults.append(FieldError(f"live.{place}.version", missing.detail))
            continue
        found.append(_Live(version, share, part.endpoint_url or None, part.region or None))
    if faults:
        raise Invalid.of(faults)
    return found


def _demand_fit(work: Work, environment: Environment, found: Sequence[Version], states: Sequence[State]) -> None:
    """Raises StateForbids, naming each version that may not run in an environment, and why."""
    withheld = _list_withheld(work, [version.key for version in found])
    wrong = []
    for version in found:
        if version.state not in states:
            wrong.append(version.standing)
        elif version.closed is not None:
            wrong.append(version_queries.say_closed(version).rstrip("."))
        elif version.hold is not None:
            wrong.append(f"{version.address} is on hold: {version.hold.reason.rstrip('.')}")
        elif version.key in withheld:
            wrong.append(f"{version.address} has files in quarantine")
    if wrong:
        kind, fit = wording.say_state(environment.kind), wording.say_states(states)
        raise StateForbids(
            f"{'; '.join(wrong)}. In {environment.name}, for {kind}, runs only what is {fit}, and "
            "neither closed, on hold, nor in quarantine.",
            remedy=f"{_say_way(found, states)} leave it out of what is live.",
        )


def _say_way(found: Sequence[Version], states: Sequence[State]) -> str:
    """What to do about versions in other states, up to an "or": of a retired one none leads on."""
    astray = [version for version in found if version.state not in states]
    if any(version.state is State.RETIRED for version in astray):
        return "A retired version runs nowhere any more:"
    return "Move the version first, or" if astray else "Have that settled first, or"


def _list_withheld(work: Work, version_keys: Sequence[int]) -> frozenset[int]:
    """Which of these versions have a file in quarantine that nobody released."""
    released = exists().where(is_waiver_held(artifacts.c.id, work.now), waivers.c.kind == WaiverKind.RELEASE.value)
    rows = work.all(
        select(artifacts.c.version_id).where(
            artifacts.c.version_id.in_(version_keys),
            artifacts.c.status == ArtifactStatus.QUARANTINED.value,
            artifacts.c.removed_at.is_(None),
            ~released,
        )
    )
    return frozenset(row.version_id for row in rows)


def _put(
    work: Work,
    actor: Actor,
    environment: Environment,
    model: Model,
    live: Sequence[_Live],
    present: Deployment | None,
    cause: Cause,
    reason: str | None,
    *,
    restores: Deployment | None = None,
) -> Deployment:
    label = f"{model.address} in {environment.name}"
    # Of two who come at once, whoever began later may be first: what one took over from never ends before it began.
    at = work.now if present is None else max(work.now, present.at)
    if present is not None:
        try:
            work.change(deployments, present.key, {"superseded_at": at}, expect={"superseded_at": None})
        except NoSuchRow as error:
            raise _overtaken(label, None) from error
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        deployments,
        {
            "public_id": public_id,
            "environment_id": environment.key,
            "model_id": model.key,
            "cause": cause.value,
            "restores": restores.key if restores else None,
            "person_id": actor.user_id,
            "at": at,
            "reason": reason or None,
        },
        taken=_overtaken(label, None),
    )
    for part in live:
        share = {"deployment_id": key, "version_id": part.version.key, "share": part.share}
        work.insert(deployment_shares, {**share, "region": part.region, "endpoint_url": part.endpoint_url})
    endpoints = [part.endpoint_url for part in live if part.endpoint_url]
    access.record(
        work, actor, "deployment.rollback" if cause is Cause.ROLLBACK else "deployment.record",
        object_id=public_id, object_label=label, reason=reason or None,
        before={"deployment": present.id if present else None},
        after={
            "environment": environment.id, "model": model.id, "cause": cause.value,
            "restores": restores.id if restores else None,
            "live": [{"version": part.version.id, "share": part.share / 100} for part in live],
            "endpoints": Veiled(canonical.dumps(endpoints)) if endpoints else None,
        },
    )  # fmt: skip
    made = queries.get_deployment(work, actor, public_id)
    if cause in _NOTICES:
        _tell(work, actor, model, made)
    return made


def _tell(work: Work, actor: Actor, model: Model, made: Deployment) -> None:
    facts = {
        "model": made.model, "environment": made.environment, "live": _say_live(made), "deployment": made.id,
        "text": (made.reason or "")[:QUOTED_CHARS] or None,
    }  # fmt: skip
    tell_about(work, actor, _NOTICES[made.cause], facts, About.of(model), href=f"/deployments/{made.id}")


def _say_live(deployment: Deployment) -> str:
    said = [f"{part.number} at {part.percent:g} %" for part in deployment.live[:_NAMED]]
    more = len(deployment.live) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "") if said else "nothing any more"


def _demand_sound(work: Work, environment: Environment, version_keys: Sequence[int], *told: Deployment) -> None:
    """Raises IntegrityBroken where the environment, a version, or one of these deployments was changed by hand."""
    keys = [one.key for one in told]
    # Also parts that nobody recorded: those are what a rollback would bring.
    parts = work.all(select(deployment_shares.c.id).where(deployment_shares.c.deployment_id.in_(keys)))
    rows = {"environments": [environment.key], "versions": list(version_keys), "deployments": keys}
    rows["deployment_shares"] = [part.id for part in parts]
    integrity.demand_sound(work, [one.id for one in told], rows)


def _overtaken(label: str, present: Deployment | None) -> Conflict:
    by = f"{present.by} recorded" if present is not None else "Somebody recorded"
    return Conflict(
        f"{by} another deployment of {label} meanwhile.",
        remedy="Look at what is live now, and record it again if it is still right.",
    )
