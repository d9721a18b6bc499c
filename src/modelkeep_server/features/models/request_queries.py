"""Reading requests for access: one's own, those of the models one owns, and all of them for Admin and Auditor."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, true

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import access_requests, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import AccessRequest, Model, RequestStatus
from modelkeep_server.features.models.visibility import owned_by, visible_to
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.permissions import Relation, Role

_SEES_ALL = frozenset({Role.ADMIN, Role.AUDITOR})
#: The most that the dashboard shows of somebody's own requests.
LATEST_MAX = 10

_deciders = people.alias("deciders")


def get_request(work: Work, actor: Actor, public_id: str) -> AccessRequest:
    """A request that the actor asked or may know of. Raises NotFound. One statement."""
    row = work.first(_select(actor).where(access_requests.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such request for access that you can see.")
    return _to_request(work, actor, row)


def list_taken_back(work: Work, actor: Actor, model: Model, *, since: datetime) -> list[datetime]:
    """When the actor took requests for a model back, since a moment. One statement."""
    mine = (access_requests.c.model_id == model.key, access_requests.c.person_id == actor.user_id)
    taken_back = (access_requests.c.status == RequestStatus.WITHDRAWN.value, access_requests.c.decided_at > since)
    return [row.decided_at for row in work.all(select(access_requests.c.decided_at).where(*mine, *taken_back))]


def demand_own(request: AccessRequest) -> None:
    """Raises NotFound where a request is another's: whose it is not cannot take it back."""
    if not request.mine:
        raise NotFound("You have no such request for access.")


def list_requests(
    work: Work,
    actor: Actor,
    *,
    mine: bool | None = None,
    model: str = "",
    status: str = "",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[AccessRequest]:
    """
    Requests that the actor asked or may know of, newest first. Two statements.

    Args:
        mine: True for what they asked themselves, False for what others asked, None for both.
        model: `GROUP/NAME`, or empty.
    Raises:
        Invalid: No such status. CursorRefused.
    """
    filters: Mapping[str, object] = {"requests": model.lower(), "mine": mine, "status": status}
    conditions = _conditions(work, actor, mine, model, status)
    shown, following = read_rows(
        work, _select(actor).where(*conditions), access_requests.c.id,
        filters=filters, limit=limit, cursor=cursor, descending=True,
    )  # fmt: skip
    counted = select(func.count()).select_from(access_requests).join(models, models.c.id == access_requests.c.model_id)
    total = work.scalar(counted.where(_known_to(actor), *conditions))
    return Page(tuple(_to_request(work, actor, row) for row in shown), following, total)


def list_to_decide(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT) -> tuple[AccessRequest, ...]:
    """Open requests that wait for the actor as an owner, oldest first. One statement; none where they may not."""
    if not access.may(actor, "access.decide", (Relation.OWNER,)):
        return ()
    waiting = (access_requests.c.status == RequestStatus.OPEN.value, owned_by(actor))
    rows = work.all(_select(actor).where(*waiting).order_by(access_requests.c.id).limit(limit))
    return tuple(_to_request(work, actor, row) for row in rows)


def list_latest_answers(work: Work, actor: Actor, *, days: int) -> tuple[AccessRequest, ...]:
    """What the actor asked that is open, or was decided by others in so many days; newest first. One statement."""
    lately = access_requests.c.decided_at > work.now - timedelta(days=days)
    rows = work.all(
        _select(actor)
        .where(access_requests.c.person_id == actor.user_id)
        .where(access_requests.c.status != RequestStatus.WITHDRAWN.value)
        .where(or_(access_requests.c.status == RequestStatus.OPEN.value, lately))
        .order_by(access_requests.c.id.desc())
        .limit(LATEST_MAX)
    )
    return tuple(_to_request(work, actor, row) for row in rows)


def find_open_request(work: Work, actor: Actor, model: Model) -> AccessRequest | None:
    """The actor's own open request for a model, or None. One statement."""
    mine = (access_requests.c.person_id == actor.user_id, access_requests.c.status == RequestStatus.OPEN.value)
    row = work.first(_select(actor).where(access_requests.c.model_id == model.key, *mine))
    return None if row is None else _to_request(work, actor, row)


def list_open_keys(work: Work, model: Model) -> Sequence[int]:
    """The inside ids of what is open for a model. One statement."""
    is_open = access_requests.c.status == RequestStatus.OPEN.value
    rows = work.all(select(access_requests.c.id).where(access_requests.c.model_id == model.key, is_open))
    return [row.id for row in rows]


def _conditions(work: Work, actor: Actor, mine: bool | None, model: str, status: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if mine is not None:
        asked = access_requests.c.person_id == actor.user_id
        conditions.append(asked if mine else ~asked)
    if model:
        conditions.append(models.c.path_key == model.lower())
    if status:
        if status not in list(RequestStatus):
            raise Invalid.of([FieldError("status", f"Choose one of {', '.join(RequestStatus)}.")])
        granted = access_requests.c.status == RequestStatus.GRANTED.value
        over = access_requests.c.until <= work.now
        ways = {RequestStatus.GRANTED: and_(granted, ~over), RequestStatus.EXPIRED: and_(granted, over)}
        conditions.append(ways.get(RequestStatus(status), access_requests.c.status == status))
    return conditions


def _known_to(actor: Actor) -> ColumnElement[bool]:
    everything = (
        true() if actor.roles & _SEES_ALL else or_(access_requests.c.person_id == actor.user_id, owned_by(actor))
    )
    return and_(visible_to(actor), everything)


def _select(actor: Actor) -> Select[Any]:
    decides = owned_by(actor) if access.may(actor, "access.decide", (Relation.OWNER,)) else literal(False)
    return (
        select(
            access_requests,
            models.c.group_name,
            models.c.name.label("model_name"),
            versions.c.version,
            people.c.email,
            people.c.name,
            _deciders.c.email.label("decider_email"),
            decides.label("decides"),
        )
        .join(models, models.c.id == access_requests.c.model_id)
        .join(people, people.c.id == access_requests.c.person_id)
        .outerjoin(versions, versions.c.id == access_requests.c.version_id)
        .outerjoin(_deciders, _deciders.c.id == access_requests.c.decided_by)
        .where(_known_to(actor))
    )


def _to_request(work: Work, actor: Actor, row: Row[Any]) -> AccessRequest:
    status = RequestStatus(row.status)
    if status is RequestStatus.GRANTED and row.until is not None and row.until <= work.now:
        status = RequestStatus.EXPIRED
    return AccessRequest(
        key=row.id,
        id=row.public_id,
        model=f"{row.group_name}/{row.model_name}",
        version=row.version,
        person_id=row.person_id,
        by=row.email,
        name=row.name,
        purpose=row.purpose,
        status=status,
        asked_at=row.asked_at,
        until=row.until,
        decided_by=row.decider_email,
        decided_at=row.decided_at,
        answer=row.answer,
        revision=row.revision,
        mine=row.person_id == actor.user_id,
        decides=bool(row.decides) and status is RequestStatus.OPEN,
    )
