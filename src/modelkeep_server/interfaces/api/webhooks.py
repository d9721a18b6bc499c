"""Webhooks: programs that are told of acts by signed messages. For Admins."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.notify.webhooks import queries, service
from modelkeep_server.features.notify.webhooks.views import NewSecret, NewWebhook, Webhook
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import PageOut, etag_of
from modelkeep_server.interfaces.api.shapes.webhooks import DeliveryOut, WebhookIn, WebhookOut, WebhookPatch

router = make_router("webhooks")

DeliveryId = Annotated[str, Path(description="The `id` of the delivery.")]


@router.get("/webhooks", response_model=PageOut[WebhookOut])
@door.reads("webhook.read")
def list_webhooks(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[WebhookOut]:
    """The webhooks that were not ended, by name, without their secrets."""
    page = queries.list_webhooks(work, actor, limit=limit, cursor=cursor)
    return PageOut[WebhookOut].of(page, WebhookOut.model_validate)


@router.post("/webhooks", status_code=201, response_model=WebhookOut)
@door.writes("webhook.create")
def create_webhook(work: Work, actor: Actor, body: WebhookIn) -> Answer:
    """Make a webhook. Its secret is in this answer only: messages are signed with it (Standard Webhooks)."""
    new = NewWebhook(body.name, body.url, body.kinds, body.groups, body.enabled)
    made = service.create_webhook(work, actor, new)
    return _with_secret(made, status=201, headers={"Location": f"/api/v1/webhooks/{made.webhook.id}"})


@router.get("/webhooks/{id}", response_model=WebhookOut)
@door.reads("webhook.read")
def show_webhook(work: Work, actor: Actor, id: str) -> Answer:
    """One webhook, also one that was ended."""
    return _with_etag(queries.get_webhook(work, actor, id))


@router.patch("/webhooks/{id}", response_model=WebhookOut)
@door.writes("webhook.update")
def update_webhook(work: Work, actor: Actor, id: str, body: WebhookPatch, if_match: IfMatch = None) -> Answer:
    """Change a webhook, turn it off or on: a JSON Merge Patch (RFC 7396)."""
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return _with_etag(service.update_webhook(work, actor, id, changes, expected=read_if_match(if_match)))


@router.delete("/webhooks/{id}", status_code=204)
@door.writes("webhook.end")
def end_webhook(work: Work, actor: Actor, id: str, if_match: IfMatch = None) -> Response:
    """End a webhook for good. What still waits is not sent."""
    service.end_webhook(work, actor, id, expected=read_if_match(if_match))
    return Response(status_code=204)


@router.post("/webhooks/{id}/rotate", response_model=WebhookOut)
@door.writes("webhook.rotate")
def rotate_secret(work: Work, actor: Actor, id: str, if_match: IfMatch = None) -> Answer:
    """Make a new secret, which is in this answer only. For 24 hours messages carry a signature by each of the two."""
    return _with_secret(service.rotate_secret(work, actor, id, expected=read_if_match(if_match)))


@router.post("/webhooks/{id}/test", status_code=202, response_model=DeliveryOut)
@door.writes("webhook.send")
def send_test(work: Work, actor: Actor, id: str) -> Answer:
    """Send a `webhook.test` once, also where the webhook is off. What came of it stands in its deliveries at once."""
    return Answer(DeliveryOut.model_validate(service.send_test(work, actor, id)), 202)


@router.get("/webhooks/{id}/deliveries", response_model=PageOut[DeliveryOut])
@door.reads("webhook.read")
def list_deliveries(
    work: Work, actor: Actor, id: str, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[DeliveryOut]:
    """What a webhook was told and what became of it, the newest first."""
    page = queries.list_deliveries(work, actor, id, limit=limit, cursor=cursor)
    return PageOut[DeliveryOut].of(page, DeliveryOut.model_validate)


@router.post("/webhooks/{id}/deliveries/{delivery}/redeliver", status_code=202, response_model=DeliveryOut)
@door.writes("webhook.send")
def redeliver(work: Work, actor: Actor, id: str, delivery: DeliveryId) -> Answer:
    """Send a message once more, with the same `webhook-id`, so that a receiver which has it already can tell."""
    return Answer(DeliveryOut.model_validate(service.redeliver(work, actor, id, delivery)), 202)


def _with_etag(webhook: Webhook) -> Answer:
    return Answer(WebhookOut.model_validate(webhook), 200, {"ETag": etag_of(webhook.revision)})


def _with_secret(made: NewSecret, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    shape = WebhookOut.model_validate(made.webhook).model_copy(update={"secret": made.secret})
    return Answer(shape, status, {"ETag": etag_of(made.webhook.revision), **(headers or {})})
