"""Noting what webhooks are to be told, in the transaction of the act: sent after its commit, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from modelkeep_server.db.queueing import enqueue
from modelkeep_server.db.tables import models, webhook_deliveries, webhooks
from modelkeep_server.db.work import Work
from modelkeep_server.features.notify.webhooks import sealing
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules.webhooks import TEST, DeliveryStatus, choose_facts, takes, why_not_told

WEBHOOK = "webhook"
_RESTRICTED = "RESTRICTED"


def enqueue_for(work: Work, kind: str, facts: Mapping[str, Any], model_key: int | None, *, href: str = "/") -> None:
    """
    Have every webhook that wants it told of an act. One statement where none does, else three and one a webhook.

    Args:
        kind: A row of rules/notices.py: `KINDS`, and the `type` of the message.
        facts: As of the notice. Of them go out those that rules/webhooks.py chooses, and the version.
        model_key: The model that it is about, None for none. Of a RESTRICTED one only webhooks of its group are told.
        href: Where people read more: an address of this registry that begins with `/`.
    """
    wanted = select(webhooks.c.id, webhooks.c.kinds, webhooks.c.groups).where(webhooks.c.enabled)
    found = [row for row in work.all(wanted.where(webhooks.c.ended_at.is_(None))) if kind in row.kinds]
    if not found:
        return
    model = None
    if model_key is not None:
        model = work.first(
            select(models.c.group_name, models.c.name, models.c.visibility).where(models.c.id == model_key)
        )
    group = model.group_name if model else None
    is_restricted = model is not None and model.visibility == _RESTRICTED
    keys = [row.id for row in found if takes(row.groups, group=group, is_restricted=is_restricted)]
    if not keys:
        return
    address = f"{model.group_name}/{model.name}" if model else None
    told = {name: clock.iso_seconds(v) if isinstance(v, datetime) else v for name, v in facts.items()}
    data = {
        "model": address,
        "version": _version_of(told.get("version"), address),
        **choose_facts(told),
        "url": f"{work.parts.public_url}{href}",
    }
    _add(work, keys, kind, data)


def enqueue_test(work: Work, webhook_key: int, *, href: str, by: str) -> str:
    """Have one webhook sent a message that says nothing, and give the id of its delivery."""
    data = {"model": None, "version": None, "by": by, "url": f"{work.parts.public_url}{href}"}
    return _add(work, [webhook_key], TEST, data)[0]


def enqueue_delivery(work: Work, delivery_id: str) -> None:
    """Have a delivery that is WAITING sent after the commit."""
    enqueue(work, WEBHOOK, {"delivery": delivery_id})


def why_not_sent(work: Work, webhook: Row[Any], kind: str, body: bytes) -> str | None:
    """
    Why a message that waits may not leave any more, as a sentence; None where it may. One statement for one of a model.

    What was right when the act was done need not be at a later try: the model may have become RESTRICTED, or the
    webhook been told to hear of less.

    Args:
        webhook: With its `kinds` and `groups` as they are now.
        body: The message, opened.
    """
    address = canonical.loads(body.decode())["data"]["model"]
    group, is_restricted = None, False
    if address is not None:
        group, _, name = address.partition("/")
        here = (models.c.group_name == group, models.c.name == name)
        is_restricted = work.scalar(select(models.c.visibility).where(*here)) == _RESTRICTED
    return why_not_told(kind, kinds=webhook.kinds, groups=webhook.groups, group=group, is_restricted=is_restricted)


def _add(work: Work, webhook_keys: Sequence[int], kind: str, data: Mapping[str, Any]) -> list[str]:
    body = canonical.dumps({"type": kind, "timestamp": clock.iso_seconds(work.now), "data": data}).encode()
    found = [ids.uuid7(clock.to_us(work.now)) for _ in webhook_keys]
    rows = [
        {
            "public_id": delivery_id,
            "webhook_id": key,
            "kind": kind,
            "payload": sealing.seal(work, body, delivery_id),
            "status": DeliveryStatus.WAITING.value,
            "attempts": 0,
            "created_at": work.now,
        }
        for key, delivery_id in zip(webhook_keys, found, strict=True)
    ]
    work.keep(webhook_deliveries, insert(webhook_deliveries), rows)
    for delivery_id in found:
        enqueue_delivery(work, delivery_id)
    return found


def _version_of(told: Any, address: str | None) -> str | None:
    """`1.0.0` of `group/name:1.0.0`."""
    if told is None or address is None:
        return None
    return str(told).removeprefix(f"{address}:")
