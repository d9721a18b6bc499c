"""
Exceptions: an owner asks that one policy be lifted for one version until a day; an MRC grants it, where the model's
risk is more than LOW together with a Security Architect, two different people. It ends by itself (product R5).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import exception_grants, exceptions, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models import tiers
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.separation import demand_apart
from modelkeep_server.features.models.views import Model, ModelStatus
from modelkeep_server.features.notify.restraint import demand_calm
from modelkeep_server.features.notify.settling import settle, settle_done
from modelkeep_server.features.policies import exception_queries, queries
from modelkeep_server.features.policies.exception_views import DAYS_MAX, GRANTERS, ExceptionStatus, PolicyException
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts, wording
from modelkeep_server.rules.errors import Conflict, DutiesOverlap, FieldError, Invalid, NotPermitted, StateForbids
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.notices import QUOTED_CHARS
from modelkeep_server.rules.permissions import ROLES, Role
from modelkeep_server.rules.policy_facts import REASON_CHARS

TEXT_CHARS = 4_000
_ASKING = ("exception.asked", "exception.part")
_GRANTS = "decides on its exceptions"


@dataclass(frozen=True)
class NewException:
    """An exception as asked for, not judged yet. `policy` is a policy's public id."""

    policy: str
    justification: str
    risk: str
    mitigation: str
    expires_at: datetime | None


def ask_exception(work: Work, actor: Actor, group: str, name: str, version: str, new: NewException) -> PolicyException:
    """
    Ask that a policy be lifted for a version until a time.

    Raises:
        NotFound, NotPermitted; StateForbids: the version goes no further. Invalid: fields at fault, all at once.
        Conflict: one is open or holds already. TooMany: such requests were withdrawn over and over.
    """
    model = model_queries.get_model(work, actor, group, name)
    access.require(
        work, actor, "exception.ask", model_queries.relations_of(actor, model), owners=model.owners
    )  # fmt: skip
    found = version_queries.lock_version(work, actor, group, name, version)
    _demand_going(model, found)
    faults = _find_faults(work, new)
    if faults:
        raise Invalid.of(faults)
    policy = queries.get_policy(work, new.policy)
    _demand_none(work, actor, policy.id, found)
    public_id = ids.uuid7(clock.to_us(work.now))
    assert new.expires_at is not None
    work.insert(
        exceptions,
        {
            "public_id": public_id,
            "policy_id": policy.key,
            "version_id": found.key,
            "justification": new.justification.strip(),
            "risk": new.risk.strip(),
            "mitigation": new.mitigation.strip(),
            "expires_at": new.expires_at,
            "status": ExceptionStatus.OPEN.value,
            "risk_tier": model.risk_tier.value,
            "asked_by": actor.user_id,
            "asked_at": work.now,
            "ended_by": None,
            "ended_at": None,
            "end_reason": None,
            "revision": 1,
        },
    )
    access.record(
        work, actor, "exception.ask", object_id=public_id, object_label=found.address,
        after={"policy": policy.id, "version": found.id, "expiresAt": clock.iso_seconds(new.expires_at),
               "justification": Veiled(new.justification.strip()), "risk": Veiled(new.risk.strip()),
               "mitigation": Veiled(new.mitigation.strip())},
    )  # fmt: skip
    asked = exception_queries.get_exception(work, actor, public_id)
    about = replace(About.of(model, found.key), deciders=GRANTERS[model.risk_tier])
    _tell(work, actor, "exception.asked", about, asked, new.justification)
    return asked


def grant_exception(
    work: Work, actor: Actor, public_id: str, *, role: str | None = None, comment: str | None = None
) -> PolicyException:
    """
    Grant an exception, as the MRC or as the Security Architect. It holds once every role that the tier asks for has.

    Args:
        role: In which role, for people with both; the one still open by default.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, Invalid; DutiesOverlap: the actor owned the model, touched the version or
        granted it already. StateForbids: it is not open.
    """
    model, found, exception = _open(work, actor, public_id, "exception.grant")
    _demand_text("comment", comment)
    _demand_open(exception)
    _demand_going(model, found)
    demand_apart(work, actor, model, found, _GRANTS)
    if any(grant.by == actor.email for grant in exception.grants):
        raise DutiesOverlap(
            "You granted this already; the other role is another person's.", remedy="Ask somebody else with that role."
        )
    tiers.demand_not_lowered(work, actor, model, exception.granted_for, exception.asked_at)
    acting = _choose_role(actor, exception, role)
    work.insert(
        exception_grants,
        {
            "exception_id": exception.key, "person_id": actor.user_id, "role": acting.value,
            "comment": (comment or "").strip() or None, "at": work.now,
        },
        taken=Conflict(f"Somebody else granted it as {ROLES[acting].label} a moment ago.", remedy="Load it again."),
    )  # fmt: skip
    left = [one for one in exception.open_roles if one is not acting]
    changes: dict[str, Any] = {"revision": exception.revision + 1, "risk_tier": model.risk_tier.value}
    if not left:
        changes["status"] = ExceptionStatus.GRANTED.value
    work.change(exceptions, exception.key, changes, expect={"revision": exception.revision})
    work.granted["exception.grant"] = acting.value
    access.record(
        work, actor, "exception.grant", object_id=exception.id, object_label=exception.version,
        before={"status": exception.status.value},
        after={"policy": exception.policy_id, "status": changes.get("status", exception.status.value),
               "role": acting.value, "riskTier": model.risk_tier.value, "comment": Veiled((comment or "").strip())},
    )  # fmt: skip
    granted = exception_queries.get_exception(work, actor, public_id)
    about = About.of(model, found.key, named=(exception.asked_by,))
    if not left:
        _tell(work, actor, "exception.decided", about, granted, comment)
        _settle(work, model, exception)
    else:
        settle_done(work, _ASKING, model_key=model.key, href=_href(exception), by=actor.user_id, still=left)
        waits = " and ".join(ROLES[one].label for one in left)
        asked_now = replace(about, deciders=left)
        _tell(work, actor, "exception.part", asked_now, granted, comment, role=ROLES[acting].label, left=waits)
    return granted


def refuse_exception(work: Work, actor: Actor, public_id: str, *, reason: str) -> PolicyException:
    """Refuse an exception that is open, with a reason. Raises as `grant_exception`."""
    model, found, exception = _open(work, actor, public_id, "exception.refuse")
    _demand_text("reason", reason, required=True)
    _demand_open(exception)
    demand_apart(work, actor, model, found, _GRANTS)
    _settle(work, model, exception)
    refused = _end(work, actor, exception, "exception.refuse", ExceptionStatus.REFUSED, reason)
    about = About.of(model, found.key, named=(exception.asked_by,))
    _tell(work, actor, "exception.decided", about, refused, reason)
    return refused


def withdraw_exception(work: Work, actor: Actor, public_id: str, *, reason: str | None = None) -> PolicyException:
    """Take back a request, as an owner of the model. Raises NotFound, NotPermitted, StateForbids, Invalid."""
    model, _, exception = _open(work, actor, public_id, "exception.withdraw")
    _demand_text("reason", reason)
    _demand_open(exception)
    _settle(work, model, exception)
    return _end(work, actor, exception, "exception.withdraw", ExceptionStatus.WITHDRAWN, reason)


def end_exception(work: Work, actor: Actor, public_id: str, *, reason: str) -> PolicyException:
    """End an exception that was granted before its time, with a reason. Raises as `withdraw_exception`."""
    model, found, exception = _open(work, actor, public_id, "exception.end")
    _demand_text("reason", reason, required=True)
    if exception.status is not ExceptionStatus.GRANTED:
        raise StateForbids(
            f"This exception is {exception.status.value.lower()}: there is nothing to end.", remedy="Load it again."
        )
    ended = _end(work, actor, exception, "exception.end", ExceptionStatus.ENDED, reason)
    about = About.of(model, found.key, named=(exception.asked_by,))
    _tell(work, actor, "exception.decided", about, ended, reason)
    return ended


def end_all(work: Work, actor: Actor, model: Model, *, reason: str) -> int:
    """End what is asked for, for versions of a locked model that ends. Whoever calls records why."""
    of_model = select(versions.c.id).where(versions.c.model_id == model.key)
    asked = (exceptions.c.version_id.in_(of_model), exceptions.c.status == ExceptionStatus.OPEN.value)
    rows = work.all(select(exceptions.c.id, exceptions.c.revision).where(*asked))
    for row in rows:
        _keep_ended(work, actor, row.id, row.revision, ExceptionStatus.WITHDRAWN, reason)
    return len(rows)


def _tell(
    work: Work, actor: Actor, kind: str, about: About, exception: PolicyException, text: str | None, **more: str
) -> None:
    facts = {"version": exception.version, "policy": exception.policy, "status": exception.status.value,
             "text": (text or "").strip()[:QUOTED_CHARS] or None, **more}  # fmt: skip
    tell_about(work, actor, kind, facts, about, href=_href(exception))


def _settle(work: Work, model: Model, exception: PolicyException) -> None:
    """Nobody is asked for it any more. One statement."""
    settle(work, _ASKING, model_key=model.key, href=_href(exception))


def _href(exception: PolicyException) -> str:
    return f"/exceptions/{exception.id}"


def _open(work: Work, actor: Actor, public_id: str, act: str) -> tuple[Model, Version, PolicyException]:
    """An exception that nobody else decides on before this transaction ends, for an act that the actor may do."""
    seen = exception_queries.get_exception(work, actor, public_id)
    group, _, name = seen.model.partition("/")
    model = model_queries.get_model(work, actor, group, name)
    access.require(work, actor, act, model_queries.relations_of(actor, model), owners=model.owners)
    work.lock(exceptions, seen.key)
    found = version_queries.get_version(work, actor, group, name, seen.number)
    return model, found, exception_queries.get_exception(work, actor, public_id)


def _end(
    work: Work, actor: Actor, exception: PolicyException, act: str, status: ExceptionStatus, reason: str | None
) -> PolicyException:
    said = (reason or "").strip() or None
    _keep_ended(work, actor, exception.key, exception.revision, status, said)
    access.record(
        work, actor, act, object_id=exception.id, object_label=exception.version,
        before={"status": exception.status.value}, reason=said,
        after={"policy": exception.policy_id, "status": status.value},
    )  # fmt: skip
    return exception_queries.get_exception(work, actor, exception.id)


def _keep_ended(work: Work, actor: Actor, key: int, revision: int, status: ExceptionStatus, reason: str | None) -> None:
    changes = {"status": status.value, "ended_by": actor.user_id, "ended_at": work.now, "end_reason": reason,
               "revision": revision + 1}  # fmt: skip
    work.change(exceptions, key, changes, expect={"revision": revision})


def _demand_going(model: Model, version: Version) -> None:
    if model.status is ModelStatus.RETIRED or version.closed is not None or version.state is State.RETIRED:
        raise StateForbids(f"{version.address} goes no further.", remedy="Ask for the version that is to be promoted.")


def _demand_open(exception: PolicyException) -> None:
    if exception.status is not ExceptionStatus.OPEN:
        raise StateForbids(
            f"This exception is {exception.status.value.lower()}, so nothing is to be decided on it.",
            remedy="Load it again to see what was decided.",
        )


def _choose_role(actor: Actor, exception: PolicyException, asked: str | None) -> Role:
    left = exception.open_roles
    words = " and ".join(ROLES[role].label for role in left)
    if asked is not None and asked not in list(GRANTERS[exception.tier]):
        raise Invalid.of([FieldError("as", f"Choose one of {', '.join(GRANTERS[exception.tier])}.")])
    fitting = [role for role in left if role in actor.roles and asked in (None, role.value)]
    if not fitting:
        raise NotPermitted(
            f"A {wording.say_tier(exception.tier)} risk exception still needs {words} to grant it.",
            remedy=f"Ask somebody with the role {words}.",
        )
    return fitting[0]


def _demand_none(work: Work, actor: Actor, policy_id: str, version: Version) -> None:
    known = exception_queries.list_of_version(work, actor, version.key)
    for one in known:
        if one.policy_id == policy_id and one.status in (ExceptionStatus.OPEN, ExceptionStatus.GRANTED):
            word = "asked for" if one.status is ExceptionStatus.OPEN else "granted"
            raise Conflict(
                f"An exception from {one.policy} is {word} for {version.address} already.",
                remedy="Withdraw or end that one first.",
            )
    taken_back = [one.ended_at for one in known if one.ended_at and one.status is ExceptionStatus.WITHDRAWN]
    demand_calm(work, taken_back, f"an exception of {version.address}")


def _find_faults(work: Work, new: NewException) -> list[FieldError]:
    faults = []
    for field in ("justification", "risk", "mitigation"):
        fault = texts.find_text_fault(getattr(new, field), max_chars=TEXT_CHARS, lines=True, required=True)
        if fault:
            faults.append(FieldError(field, fault))
    if new.expires_at is None:
        faults.append(FieldError("expiresAt", f"Say until when, at most {DAYS_MAX} days from now."))
    elif new.expires_at <= work.now:
        faults.append(FieldError("expiresAt", "This is in the past."))
    elif new.expires_at > work.now + timedelta(days=DAYS_MAX + 1):
        faults.append(FieldError("expiresAt", f"At most {DAYS_MAX} days from now."))
    return faults


def _demand_text(field: str, text: str | None, *, required: bool = False) -> None:
    fault = texts.find_text_fault(text or "", max_chars=REASON_CHARS, lines=True, required=required)
    if fault:
        raise Invalid.of([FieldError(field, fault)])
