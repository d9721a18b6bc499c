"""Making webhooks, changing, trying and ending them. For Admins, who showed lately that it is them."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import registry, webhook_deliveries, webhook_standing, webhooks
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.notify.webhooks import queries, queueing, sealing
from modelkeep_server.features.notify.webhooks.views import Delivery, NewSecret, NewWebhook, Webhook
from modelkeep_server.kit import clock, ids, signed_messages
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, StateForbids
from modelkeep_server.rules.webhooks import (
    BOTH_SECRETS_FOR,
    TYPES,
    WEBHOOKS_MAX,
    DeliveryStatus,
    find_groups_fault,
    find_kinds_fault,
    find_name_fault_of,
)

#: What makes a new revision of a webhook.
EDITS = ("webhook.update", "webhook.rotate")
_TAKEN = "Another webhook has this name."


def create_webhook(work: Work, actor: Actor, new: NewWebhook) -> NewSecret:
    """
    Make a webhook, and its secret.

    Raises:
        NotPermitted: The role Admin is missing.
        Invalid: Fields at fault, all of them at once.
        NameTaken: Another webhook has the name.
        StateForbids: There are as many as there may be.
    """
    access.require(work, actor, "webhook.create")
    # One at a time, so that what is counted is what there is.
    work.lock(registry, 1)
    values = _judge(work, {"name": new.name, "url": new.url, "kinds": new.kinds, "groups": new.groups})
    many = work.scalar(select(func.count()).select_from(webhooks).where(webhooks.c.ended_at.is_(None)))
    if many >= WEBHOOKS_MAX:
        raise StateForbids(f"There are {WEBHOOKS_MAX} webhooks already.", remedy="End one that nobody needs.")
    public_id, secret = ids.uuid7(clock.to_us(work.now)), os.urandom(signed_messages.SECRET_BYTES)
    work.insert(
        webhooks,
        {
            "public_id": public_id,
            **values,
            "secret": sealing.seal(work, secret, public_id),
            "enabled": new.enabled,
            "created_by": actor.user_id,
            "created_at": work.now,
            "revision": 1,
        },
        taken=NameTaken(_TAKEN, errors=[FieldError("name", _TAKEN)]),
    )
    after = {name: _told(name, value) for name, value in values.items()} | {"enabled": new.enabled, REVISION: 1}
    access.record(work, actor, "webhook.create", object_id=public_id, after=after)
    return NewSecret(queries.get_of_house(work, public_id), signed_messages.write_secret(secret))


def update_webhook(
    work: Work, actor: Actor, public_id: str, changes: Mapping[str, Any], *, expected: Collection[int] | None
) -> Webhook:
    """
    Change a webhook. Turned on again it begins anew: nothing counts as failing any more.

    Args:
        changes: New values of `name`, `url`, `kinds`, `groups` and `enabled`.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
    Raises:
        NotPermitted, NotFound, NameTaken.
        StateForbids: It was ended.
        Stale: Somebody else changed it since; says what.
        Invalid: Fields at fault, all of them at once.
    """
    access.require(work, actor, "webhook.update")
    webhook = _lock(work, public_id)
    demand_fresh(work, webhook.name, webhook.id, EDITS, expected=expected, present=webhook.revision)
    present: dict[str, Any] = {
        "name": webhook.name, "url": webhook.url, "kinds": list(webhook.kinds), "groups": list(webhook.groups),
    }  # fmt: skip
    values = _judge(work, {name: changes.get(name, value) for name, value in present.items()})
    present["enabled"], values["enabled"] = webhook.enabled, bool(changes.get("enabled", webhook.enabled))
    changed = {name: value for name, value in values.items() if value != present[name]}
    if not changed:
        return webhook
    told = dict(changed)
    if "enabled" in changed:
        changed["off_reason"] = None
        forgiven = update(webhook_standing).where(webhook_standing.c.webhook_id == webhook.key)
        work.keep(webhook_standing, forgiven.values(failing_since=None))
    _change(work, webhook, changed)
    access.record(
        work, actor, "webhook.update", object_id=webhook.id,
        before={REVISION: webhook.revision} | {name: _told(name, present[name]) for name in told},
        after={REVISION: webhook.revision + 1} | {name: _told(name, value) for name, value in told.items()},
    )  # fmt: skip
    return queries.get_of_house(work, public_id)


def rotate_secret(work: Work, actor: Actor, public_id: str, *, expected: Collection[int] | None = None) -> NewSecret:
    """
    Make a new secret. For 24 hours the present one signs too, so that the receiver changes over without a gap; one that
    was replaced before it signs no more.

    Raises NotPermitted, NotFound, Stale, StateForbids.
    """
    access.require(work, actor, "webhook.rotate")
    webhook = _lock(work, public_id)
    demand_fresh(work, webhook.name, webhook.id, EDITS, expected=expected, present=webhook.revision)
    present = work.scalar(select(webhooks.c.secret).where(webhooks.c.id == webhook.key))
    secret, until = os.urandom(signed_messages.SECRET_BYTES), work.now + BOTH_SECRETS_FOR
    sealed = sealing.seal(work, secret, webhook.id)
    _change(work, webhook, {"secret": sealed, "former_secret": present, "former_until": until})
    access.record(
        work, actor, "webhook.rotate", object_id=webhook.id, before={REVISION: webhook.revision},
        after={REVISION: webhook.revision + 1, "formerUntil": clock.iso_seconds(until)},
    )  # fmt: skip
    return NewSecret(queries.get_of_house(work, public_id), signed_messages.write_secret(secret))


def end_webhook(work: Work, actor: Actor, public_id: str, *, expected: Collection[int] | None = None) -> None:
    """
    End a webhook for good: what still waits is not sent, and its secrets are gone.

    Raises NotPermitted, NotFound, Stale, StateForbids.
    """
    access.require(work, actor, "webhook.end")
    webhook = _lock(work, public_id)
    demand_fresh(work, webhook.name, webhook.id, EDITS, expected=expected, present=webhook.revision)
    ended = {"ended_at": work.now, "ended_by": actor.user_id, "enabled": False}
    _change(work, webhook, {**ended, "secret": b"", "former_secret": None, "former_until": None})
    access.record(
        work, actor, "webhook.end", object_id=webhook.id,
        before={REVISION: webhook.revision}, after={REVISION: webhook.revision + 1},
    )  # fmt: skip


def send_test(work: Work, actor: Actor, public_id: str) -> Delivery:
    """
    Send a message that says nothing, once, also where the webhook is off. What came of it stands in its deliveries.

    Raises NotPermitted, NotFound, StateForbids.
    """
    access.require(work, actor, "webhook.send")
    webhook = _lock(work, public_id)
    sent = queueing.enqueue_test(work, webhook.key, href=f"/admin/webhooks/{webhook.id}", by=actor.email)
    access.record(work, actor, "webhook.send", object_id=webhook.id, after={"delivery": sent, "test": True})
    return queries.get_delivery(work, webhook, sent)


def redeliver(work: Work, actor: Actor, public_id: str, delivery_id: str) -> Delivery:
    """
    Send a message once more, with the same id and all its tries.

    Raises:
        NotPermitted, NotFound.
        StateForbids: The webhook is off or was ended, is not to be told of this any more, or the message still waits.
        IntegrityBroken: What is stored of the message was changed.
    """
    access.require(work, actor, "webhook.send")
    webhook = _lock(work, public_id)
    delivery = queries.get_delivery(work, webhook, delivery_id)
    if not webhook.enabled:
        raise StateForbids("The webhook is off.", remedy="Turn it on first.")
    _demand_still_told(work, webhook, delivery)
    waiting = DeliveryStatus.WAITING.value
    mine = (webhook_deliveries.c.public_id == delivery.id, webhook_deliveries.c.status != waiting)
    again = {"status": waiting, "finished_at": None, "problem": None, "answered": None}
    if not work.keep(webhook_deliveries, update(webhook_deliveries).where(*mine).values(again)):
        raise StateForbids("This message is being sent already.", remedy="Load the page again to see what came of it.")
    queueing.enqueue_delivery(work, delivery.id)
    access.record(work, actor, "webhook.send", object_id=webhook.id, after={"delivery": delivery.id, "test": False})
    return queries.get_delivery(work, webhook, delivery.id)


def _demand_still_told(work: Work, webhook: Webhook, delivery: Delivery) -> None:
    kept = work.first(
        select(webhook_deliveries.c.payload, webhooks.c.kinds, webhooks.c.groups)
        .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
        .where(webhook_deliveries.c.public_id == delivery.id, webhooks.c.id == webhook.key)
    )
    if kept is None:
        return
    reason = queueing.why_not_sent(work, kept, delivery.kind, sealing.unseal(work, kept.payload, delivery.id))
    if reason is not None:
        raise StateForbids(f"This message is not sent again. {reason}", remedy="Change what the webhook is told of.")


def _lock(work: Work, public_id: str) -> Webhook:
    """A webhook that was not ended, and that nobody else changes meanwhile. Three statements."""
    work.lock(webhooks, queries.get_of_house(work, public_id).key)
    webhook = queries.get_of_house(work, public_id)
    if webhook.ended_at is not None:
        raise StateForbids(f"The webhook {webhook.name} was ended.", remedy="Make another.")
    return webhook


def _change(work: Work, webhook: Webhook, values: Mapping[str, Any]) -> None:
    work.change(
        webhooks, webhook.key, {**values, "revision": webhook.revision + 1}, expect={"revision": webhook.revision},
        taken=NameTaken(_TAKEN, errors=[FieldError("name", _TAKEN)]),
    )  # fmt: skip


def _judge(work: Work, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept. Raises Invalid."""
    name, url = str(values["name"]).strip(), str(values["url"]).strip()
    kinds: Sequence[str] = [kind for kind in TYPES if kind in values["kinds"]]
    groups = sorted({group.strip() for group in values["groups"] if group.strip()})
    faults = {
        "name": find_name_fault_of(name),
        "url": work.parts.hooks.find_fault(url),
        "kinds": find_kinds_fault(values["kinds"]),
        "groups": find_groups_fault(groups),
    }
    told = [FieldError(field, fault) for field, fault in faults.items() if fault]
    if told:
        raise Invalid.of(told)
    return {"name": name, "url": url, "kinds": list(kinds), "groups": groups}


def _told(name: str, value: Any) -> Any:
    """How the log tells a value: an address may hold a secret of the receiver's, a name whatever was typed."""
    return Veiled(value) if name in ("name", "url") else value
