"""
Asking to be let into a model, and the owners' answers. A grant makes a READ collaborator for a time, who
may also download from the version that the request names once that is in production (rules/links.py).

Source: product R6, "Who may download": others ask for access; an owner grants it for a time (at most 90 days).
"""

from datetime import datetime, timedelta

from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import access_requests
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries, request_queries, sharing, version_access
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.checks import find_purpose_faults, find_reason_faults
from modelkeep_server.features.models.service import demand_active
from modelkeep_server.features.models.views import Access, AccessRequest, Model, RequestStatus
from modelkeep_server.features.notify.restraint import demand_calm
from modelkeep_server.features.notify.settling import settle
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, StateForbids
from modelkeep_server.rules.notices import QUOTED_CHARS, TAKEN_BACK_WITHIN

GRANTED_DAYS_MAX = 90
ASKED_DAYS = 30
_DECIDED = {
    RequestStatus.GRANTED: "granted",
    RequestStatus.EXPIRED: "granted",
    RequestStatus.REFUSED: "refused",
    RequestStatus.WITHDRAWN: "took back",
}


def ask_for_access(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    *,
    version: str | None = None,
    purpose: str,
    days: int | None = None,
) -> AccessRequest:
    """
    Ask the owners of a model to be let in to download.

    Args:
        version: The version because of which it is asked, or None.
        days: For how long, 1 to 90; None for 30.
    Raises:
        NotFound: There is no such model or version that the actor can see.
        Conflict: They have an open request for the model, or may download it as it is. StateForbids: it is retired.
        TooMany: They asked and took it back over and over.
        Invalid: Fields at fault, all of them at once.
    """
    model = queries.lock_model(work, actor, group, name)
    access.require(work, actor, "access.ask")
    demand_active(model)
    at = None if version is None else version_access.get_version_key(work, model, version)
    days, faults = ASKED_DAYS if days is None else days, find_purpose_faults(purpose)
    if not 1 <= days <= GRANTED_DAYS_MAX:
        faults.append(FieldError("days", f"Between 1 and {GRANTED_DAYS_MAX} days."))
    if faults:
        raise Invalid.of(faults)
    if version_access.may_download(work, actor, model, at):
        named = ":".join(filter(None, (model.address, version)))
        raise Conflict(f"You may download {named} as it is.", remedy="Open its Artifacts tab and download.")
    _demand_none(work, actor, model)
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        access_requests,
        {
            "public_id": public_id,
            "model_id": model.key,
            "version_id": None if at is None else at[0],
            "person_id": actor.user_id,
            "purpose": purpose,
            "status": RequestStatus.OPEN.value,
            "asked_at": work.now,
            "until": work.now + timedelta(days=days),
            "revision": 1,
        },
    )
    access.record(
        work, actor, "access.ask", object_id=public_id, object_label=model.address,
        after={"model": model.id, "version": version, "purpose": Veiled(purpose), "days": days},
    )  # fmt: skip
    _tell_owners(work, actor, model, public_id, purpose)
    return request_queries.get_request(work, actor, public_id)


def _demand_none(work: Work, actor: Actor, model: Model) -> None:
    """Raises Conflict, TooMany where the actor asked and waits, or asked and took it back over and over."""
    waiting = request_queries.find_open_request(work, actor, model)
    if waiting is not None:
        raise Conflict(
            f"You asked for access to {model.address} on {clock.say_moment(waiting.asked_at)}; it is not decided yet.",
            remedy="Wait for an owner, or take that request back and ask anew.",
        )
    taken_back = request_queries.list_taken_back(work, actor, model, since=work.now - TAKEN_BACK_WITHIN)
    demand_calm(work, taken_back, f"access to {model.address}")


def grant_access(
    work: Work, actor: Actor, public_id: str, *, until: datetime | None = None, days: int | None = None
) -> AccessRequest:
    """
    Let whoever asked in, for READ, until a moment, for so many days, or for as long as they asked.

    Somebody who was let in for as much already keeps what they have.

    Raises:
        NotFound, NotPermitted; Conflict: it is decided already, says by whom. StateForbids: the model is retired, or
        whoever asked can no longer be let in. Invalid: the time is past or more than 90 days.
    """
    request, model = _begin(work, actor, public_id, "access.decide")
    access.require(work, actor, "collaborator.add", queries.relations_of(actor, model), owners=model.owners)
    until = _read_until(work, request, until, days)
    try:
        invitee = sharing.find_invitee(work, model, request.by)
    except Invalid as error:
        raise StateForbids(error.errors[0].message, remedy="Refuse the request, saying why.") from error
    before = sharing.find_collaborator(work, model, invitee.id)
    if before is None or (before.access is Access.READ and before.until is not None and before.until < until):
        sharing.let_in(work, actor, model, invitee, Access.READ, until, before)
    _decide(work, actor, request, model, RequestStatus.GRANTED, until=until)
    return request_queries.get_request(work, actor, public_id)


def refuse_access(work: Work, actor: Actor, public_id: str, *, reason: str) -> AccessRequest:
    """
    Say no to a request, and why.

    Raises:
        NotFound, NotPermitted; Conflict: it is decided already, says by whom. Invalid: the reason is missing.
    """
    request, model = _begin(work, actor, public_id, "access.decide")
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
    _decide(work, actor, request, model, RequestStatus.REFUSED, reason=reason)
    return request_queries.get_request(work, actor, public_id)


def withdraw_request(work: Work, actor: Actor, public_id: str) -> AccessRequest:
    """
    Take one's own request back.

    Raises:
        NotFound: It is not the actor's own. Conflict: it is decided already, says by whom.
    """
    request, model = _begin(work, actor, public_id, "access.withdraw")
    _close(work, actor, request, model, RequestStatus.WITHDRAWN, {})
    access.record(
        work, actor, "access.withdraw", object_id=request.id, object_label=request.model,
        before={"status": RequestStatus.OPEN.value}, after={"status": RequestStatus.WITHDRAWN.value},
    )  # fmt: skip
    return request_queries.get_request(work, actor, public_id)


def end_all(work: Work, actor: Actor, model: Model, *, reason: str) -> int:
    """Refuse what is open for a locked model that ends. Whoever calls records why."""
    waiting = request_queries.list_open_keys(work, model)
    for key in waiting:
        values = {"status": RequestStatus.REFUSED.value, "answer": reason, "decided_by": actor.user_id}
        work.change(
            access_requests, key, {**values, "decided_at": work.now}, expect={"status": RequestStatus.OPEN.value}
        )
    return len(waiting)


def _begin(work: Work, actor: Actor, public_id: str, act: str) -> tuple[AccessRequest, Model]:
    """The request and its model, both locked, where the actor may act on it and it is open still."""
    seen = request_queries.get_request(work, actor, public_id)
    model = queries.lock_model(work, actor, *seen.model.split("/"))
    request = request_queries.get_request(work, actor, public_id)
    if act == "access.withdraw":
        request_queries.demand_own(request)
    access.require(work, actor, act, queries.relations_of(actor, model), owners=model.owners)
    if request.status is not RequestStatus.OPEN:
        at = "" if request.decided_at is None else f" on {clock.say_moment(request.decided_at)}"
        raise Conflict(
            f"{request.decided_by or 'Somebody'} {_DECIDED[request.status]} this request{at}.",
            remedy="Nothing is left to decide here. Change what a collaborator may do on the model's Settings tab.",
        )
    demand_active(model)
    return request, model


def _read_until(work: Work, request: AccessRequest, until: datetime | None, days: int | None) -> datetime:
    if until is not None and days is not None:
        raise Invalid.of([FieldError("days", "Name days or until, not both.")])
    if days is not None and not 1 <= days <= GRANTED_DAYS_MAX:
        raise Invalid.of([FieldError("days", f"Between 1 and {GRANTED_DAYS_MAX} days.")])
    asked = timedelta(days=ASKED_DAYS) if request.until is None else request.until - request.asked_at
    chosen = until or work.now + (asked if days is None else timedelta(days=days))
    faults = sharing.find_until_faults(work, chosen, days_max=GRANTED_DAYS_MAX)
    if faults:
        raise Invalid.of(faults)
    return chosen


def _tell_owners(work: Work, actor: Actor, model: Model, public_id: str, purpose: str) -> None:
    asked = {"model": model.address, "purpose": purpose, "text": purpose[:QUOTED_CHARS]}
    tell_about(work, actor, "access.asked", asked, About.of(model), href=_href(public_id))


def _href(public_id: str) -> str:
    return f"/access-requests#request-{public_id}"


def _decide(
    work: Work,
    actor: Actor,
    request: AccessRequest,
    model: Model,
    status: RequestStatus,
    *,
    until: datetime | None = None,
    reason: str | None = None,
) -> None:
    values: dict[str, object] = {"answer": reason} if until is None else {"until": until}
    _close(work, actor, request, model, status, values)
    access.record(
        work, actor, "access.decide", object_id=request.id, object_label=request.model,
        before={"status": RequestStatus.OPEN.value},
        after={
            "status": status.value,
            "person": PersonRef(request.by),
            "until": None if until is None else clock.iso_seconds(until),
        },
        reason=reason,
    )  # fmt: skip
    answer = {"model": request.model, "status": status.value, "until": until, "answer": reason,
              "text": (reason or "")[:QUOTED_CHARS] or None}  # fmt: skip
    about = About.of(model, named=(request.by,))
    tell_about(work, actor, "access.decided", answer, about, href=f"/models/{request.model}")


def _close(
    work: Work, actor: Actor, request: AccessRequest, model: Model, status: RequestStatus, values: dict[str, object]
) -> None:
    decided = {"status": status.value, "decided_by": actor.user_id, "decided_at": work.now}
    work.change(
        access_requests, request.key, {**values, **decided, "revision": request.revision + 1},
        expect={"status": RequestStatus.OPEN.value, "revision": request.revision},
    )  # fmt: skip
    settle(work, ("access.asked",), model_key=model.key, href=_href(request.id))
