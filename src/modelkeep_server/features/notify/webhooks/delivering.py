"""
Sending what webhooks are to be told: one try at a time, outside any transaction, and noting what came of it.

One of which nothing arrived for five days is turned off, and one whose receiver answers 410 at once.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update

from modelkeep_server.db import recording
from modelkeep_server.db.edits import REVISION
from modelkeep_server.db.engine import Database
from modelkeep_server.db.tables import webhook_deliveries, webhook_standing, webhooks
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.jobs.views import Handler, JobFailed, Task
from modelkeep_server.features.notify.webhooks import queueing, sealing
from modelkeep_server.kit import clock, signed_messages
from modelkeep_server.ports import HookFailed
from modelkeep_server.rules.errors import IntegrityBroken
from modelkeep_server.rules.webhooks import (
    FAILING_FOR,
    FIRST_WAIT_SECONDS,
    GONE,
    KEPT_DELIVERIES,
    LONGEST_WAIT_SECONDS,
    TEST,
    TRIES,
    DeliveryStatus,
    OffReason,
)

_OFF = "The webhook was off or ended before it could be sent."


@dataclass(frozen=True)
class _Message:
    """What is to be sent, opened. `secrets` are those that sign now, the present one first."""

    key: int
    webhook_key: int
    id: str
    is_test: bool
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)


def make_webhook_handler(database: Database, parts: Parts) -> Handler:
    """What does jobs of the kind WEBHOOK: eight tries over about a day, one of a test."""

    def call(task: Task) -> None:
        _deliver(database, parts, task)

    return Handler(call, TRIES, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)


def _deliver(database: Database, parts: Parts, task: Task) -> None:
    with database.writing(parts, Circumstances.of_the_house()) as work:
        message = _take(work, str(task.facts["delivery"]))
    if message is None:
        return
    now = int(clock.utc_now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "modelkeep",
        "webhook-id": message.id,
        "webhook-timestamp": str(now),
        "webhook-signature": signed_messages.sign(message.secrets, message.id, now, message.body),
    }
    failed: HookFailed | None = None
    answered: int | None = None
    try:
        answered = parts.hooks.send(message.url, headers, message.body)
    except HookFailed as error:
        failed, answered = error, error.answered
    is_last = message.is_test or task.attempt >= TRIES or answered == GONE
    with database.writing(parts, Circumstances.of_the_house()) as work:
        _note(work, message, failed, answered, is_last=is_last)
    if failed is not None:
        raise JobFailed(str(failed), for_good=is_last)


def _take(work: Work, delivery_id: str) -> _Message | None:
    """The message of a delivery, or None where there is nothing to send, or it may not leave. Three statements."""
    row = work.first(
        select(
            webhook_deliveries,
            webhooks.c.public_id.label("webhook"), webhooks.c.url, webhooks.c.enabled, webhooks.c.ended_at,
            webhooks.c.kinds, webhooks.c.groups,
            webhooks.c.secret, webhooks.c.former_secret, webhooks.c.former_until,
        )
        .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
        .where(webhook_deliveries.c.public_id == delivery_id)
    )  # fmt: skip
    if row is None or row.status in (DeliveryStatus.DELIVERED, DeliveryStatus.DROPPED):
        return None
    is_test = row.kind == TEST
    if row.ended_at is not None or not (row.enabled or is_test):
        _end(work, row.id, DeliveryStatus.DROPPED, _OFF)
        return None
    sealed = [row.secret]
    if row.former_secret is not None and row.former_until > work.now:
        sealed.append(row.former_secret)
    try:
        opened = tuple(sealing.unseal(work, secret, row.webhook) for secret in sealed)
        body = sealing.unseal(work, row.payload, row.public_id)
    except IntegrityBroken as error:
        _end(work, row.id, DeliveryStatus.FAILED, f"{error.detail} {error.remedy}")
        return None
    reason = queueing.why_not_sent(work, row, row.kind, body)
    if reason is not None:
        _end(work, row.id, DeliveryStatus.DROPPED, reason)
        return None
    return _Message(row.id, row.webhook_id, row.public_id, is_test, row.url, body, opened)


def _note(work: Work, message: _Message, failed: HookFailed | None, answered: int | None, *, is_last: bool) -> None:
    """What came of a try, and what that means for the webhook. Five statements, two more where it is turned off."""
    status = DeliveryStatus.DELIVERED if failed is None else DeliveryStatus.FAILED
    is_over = failed is None or is_last
    _finish(
        work,
        message.key,
        {
            "status": (status if is_over else DeliveryStatus.WAITING).value,
            "attempts": webhook_deliveries.c.attempts + 1,
            "answered": answered,
            "problem": None if failed is None else str(failed),
            "tried_at": work.now,
            "finished_at": work.now if is_over else None,
        },
    )
    since = _note_standing(work, message, has_failed=failed is not None)
    if answered == GONE:
        _turn_off(work, message.webhook_key, OffReason.GONE)
    elif since is not None and work.now - since >= FAILING_FOR:
        _turn_off(work, message.webhook_key, OffReason.FAILING)
    beyond = (
        select(webhook_deliveries.c.id)
        .where(webhook_deliveries.c.webhook_id == message.webhook_key)
        .order_by(webhook_deliveries.c.id.desc())
        .offset(KEPT_DELIVERIES)
        .limit(1)
        .scalar_subquery()
    )
    old = (
        webhook_deliveries.c.webhook_id == message.webhook_key,
        webhook_deliveries.c.id <= beyond,
        webhook_deliveries.c.status != DeliveryStatus.WAITING.value,
    )
    work.keep(webhook_deliveries, delete(webhook_deliveries).where(*old))


def _finish(work: Work, key: int, values: dict[str, Any]) -> None:
    work.keep(webhook_deliveries, update(webhook_deliveries).where(webhook_deliveries.c.id == key).values(values))


def _end(work: Work, key: int, status: DeliveryStatus, problem: str) -> None:
    _finish(work, key, {"status": status.value, "problem": problem, "finished_at": work.now})


def _note_standing(work: Work, message: _Message, *, has_failed: bool) -> Any:
    """Since when nothing arrives there; None where something did. A test that fails says nothing of that."""
    row = work.upsert(webhook_standing)
    if not has_failed:
        well = row.values(webhook_id=message.webhook_key, failing_since=None)
        work.keep(
            webhook_standing, well.on_conflict_do_update(index_elements=["webhook_id"], set_={"failing_since": None})
        )
        return None
    if message.is_test:
        return None
    ill = row.values(webhook_id=message.webhook_key, failing_since=work.now)
    again = {"failing_since": ill.excluded.failing_since}
    unknown = webhook_standing.c.failing_since.is_(None)
    work.keep(webhook_standing, ill.on_conflict_do_update(index_elements=["webhook_id"], set_=again, where=unknown))
    mine = webhook_standing.c.webhook_id == message.webhook_key
    return work.scalar(select(webhook_standing.c.failing_since).where(mine))


def _turn_off(work: Work, webhook_key: int, reason: OffReason) -> None:
    work.lock(webhooks, webhook_key)
    row = work.first(select(webhooks).where(webhooks.c.id == webhook_key))
    if row is None or not row.enabled:
        return
    work.change(
        webhooks, row.id, {"enabled": False, "off_reason": reason.value, "revision": row.revision + 1},
        expect={"revision": row.revision},
    )  # fmt: skip
    recording.record(
        work, "webhook.update", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=row.public_id,
        before={REVISION: row.revision, "enabled": True},
        after={REVISION: row.revision + 1, "enabled": False, "offReason": reason.value},
    )  # fmt: skip
