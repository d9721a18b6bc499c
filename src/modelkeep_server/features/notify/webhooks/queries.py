"""Reading webhooks and what became of what they were told. For Admins."""

from typing import Any

from sqlalchemy import Row, Select, func, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import people, webhook_deliveries, webhook_standing, webhooks
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.notify.webhooks.views import Delivery, Webhook
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.webhooks import DeliveryStatus, OffReason

#: What is shown of a delivery: its message stays sealed.
_SHOWN = [column for column in webhook_deliveries.c if column.name != "payload"]


def list_webhooks(work: Work, actor: Actor, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Webhook]:
    """One page of the webhooks that were not ended, by name. Two statements. Raises NotPermitted, CursorRefused."""
    access.require(work, actor, "webhook.read")
    standing = webhooks.c.ended_at.is_(None)
    rows, following = read_rows(
        work, _select().where(standing), webhooks.c.name, webhooks.c.id, filters={"list": "webhooks"},
        limit=limit, cursor=cursor,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(webhooks).where(standing))
    return Page(tuple(_to_webhook(row) for row in rows), following, total)


def get_webhook(work: Work, actor: Actor, public_id: str) -> Webhook:
    """A webhook, also one that ended. One statement. Raises NotPermitted, NotFound."""
    access.require(work, actor, "webhook.read")
    return get_of_house(work, public_id)


def get_of_house(work: Work, public_id: str) -> Webhook:
    """The same for acts, which ask their own permission. One statement. Raises NotFound."""
    row = work.first(_select().where(webhooks.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such webhook.")
    return _to_webhook(row)


def list_deliveries(
    work: Work, actor: Actor, public_id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Delivery]:
    """
    What a webhook was told and what became of it, the newest first. Two statements.

    Raises NotPermitted, NotFound, CursorRefused.
    """
    webhook = get_webhook(work, actor, public_id)
    found = select(*_SHOWN).where(webhook_deliveries.c.webhook_id == webhook.key)
    filters = {"deliveries": webhook.id}
    rows, following = read_rows(
        work, found, webhook_deliveries.c.id, filters=filters, limit=limit, cursor=cursor, descending=True
    )  # fmt: skip
    return Page(tuple(_to_delivery(row) for row in rows), following)


def get_delivery(work: Work, webhook: Webhook, delivery_id: str) -> Delivery:
    """One delivery of a webhook. One statement. Raises NotFound."""
    row = work.first(
        select(*_SHOWN).where(
            webhook_deliveries.c.webhook_id == webhook.key, webhook_deliveries.c.public_id == delivery_id
        )
    )
    if row is None:
        raise NotFound("This webhook has no such delivery.", remedy="The newest are kept; load the list again.")
    return _to_delivery(row)


def _select() -> Select[Any]:
    return (
        select(webhooks, people.c.email.label("creator_email"), webhook_standing.c.failing_since)
        .join(people, people.c.id == webhooks.c.created_by)
        .outerjoin(webhook_standing, webhook_standing.c.webhook_id == webhooks.c.id)
    )


def _to_webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        key=row.id,
        id=row.public_id,
        name=row.name,
        url=row.url,
        kinds=tuple(row.kinds),
        groups=tuple(row.groups),
        enabled=row.enabled,
        off_reason=OffReason(row.off_reason) if row.off_reason else None,
        failing_since=row.failing_since,
        former_until=row.former_until,
        created_by=row.creator_email,
        created_at=row.created_at,
        ended_at=row.ended_at,
        revision=row.revision,
    )


def _to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.public_id,
        kind=row.kind,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        answered=row.answered,
        problem=row.problem,
        created_at=row.created_at,
        tried_at=row.tried_at,
        finished_at=row.finished_at,
    )
