"""Webhooks as pages, for Admins."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.notify.webhooks import queries, service
from modelkeep_server.features.notify.webhooks.views import NewWebhook, Webhook
from modelkeep_server.interfaces.web.contexts.webhooks import NewWebhookContext, WebhookContext, WebhooksContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, split_entries, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, NameTaken, Stale
from modelkeep_server.rules.webhooks import TYPES

router = make_router()

PAGE_ROWS = 30
DELIVERY_ROWS = 20
CONTROLS = ("name", "url", "kinds", "groups", "enabled")


@router.get("/admin/webhooks")
@door.reads("webhook.read")
def show_webhooks(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """Which programs are told of what happens here, and do they hear it?"""
    rows = queries.list_webhooks(work, actor, limit=PAGE_ROWS, cursor=cursor or None)
    return Page.of(WebhooksContext(webhooks=rows, cursor=cursor or None))


@router.get("/admin/webhooks/new")
@door.reads("webhook.read")
def start_webhook(work: Work, actor: Actor) -> Page:
    """What does one need?"""
    queries.list_webhooks(work, actor, limit=1)
    return Page.of(NewWebhookContext(values={"enabled": "yes"}))


@router.post("/admin/webhooks")
@door.posts("webhook.create")
def create_webhook(work: Work, actor: Actor, form: FormData) -> Page:
    """Make one, and show its secret this once."""
    typed = read_edit(_as_texts(form), CONTROLS).typed
    new = NewWebhook(
        typed["name"], typed["url"], _split(typed["kinds"]), split_entries(typed["groups"]), bool(typed["enabled"])
    )
    try:
        made = service.create_webhook(work, actor, new)
    except (Invalid, NameTaken) as error:
        return Page.of(NewWebhookContext(values=typed, errors=errors_by_field(error.errors)), error.status)
    return _show(work, actor, made.webhook.id, secret=made.secret)


@router.get("/admin/webhooks/{id}")
@door.reads("webhook.read")
def show_webhook(work: Work, actor: Actor, id: str, cursor: Cursor = "") -> Page:
    """What is it told, and what does it answer?"""
    return _show(work, actor, id, cursor=cursor)


@router.post("/admin/webhooks/{id}")
@door.posts("webhook.update")
def update_webhook(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Change it, or show the form again: with what is wrong, or with what others changed since."""
    form = _as_texts(form)
    edit = read_edit(form, CONTROLS)
    changes: dict[str, Any] = {control: edit.typed[control] for control in edit.changed}
    if "kinds" in changes:
        changes["kinds"] = _split(changes["kinds"])
    if "groups" in changes:
        changes["groups"] = split_entries(changes["groups"])
    if "enabled" in changes:
        changes["enabled"] = bool(changes["enabled"])
    try:
        service.update_webhook(work, actor, id, changes, expected={edit.revision})
    except (Invalid, NameTaken, Stale) as error:
        now = _open_form(queries.get_webhook(work, actor, id))
        return _show(work, actor, id, redraw(form, edit, now, error), status=error.status)
    return Redirect(f"/admin/webhooks/{id}?done=webhook")


@router.post("/admin/webhooks/{id}/rotate")
@door.posts("webhook.rotate")
def rotate_secret(work: Work, actor: Actor, id: str, form: FormData) -> Page:
    """Make a new secret and show it this once."""
    return _show(work, actor, id, secret=service.rotate_secret(work, actor, id).secret)


@router.post("/admin/webhooks/{id}/test")
@door.posts("webhook.send")
def send_test(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Send a test."""
    service.send_test(work, actor, id)
    return Redirect(f"/admin/webhooks/{id}?done=webhook-sent")


@router.post("/admin/webhooks/{id}/deliveries/{delivery}/redeliver")
@door.posts("webhook.send")
def redeliver(work: Work, actor: Actor, id: str, delivery: str, form: FormData) -> Redirect:
    """Send a message once more."""
    service.redeliver(work, actor, id, delivery)
    return Redirect(f"/admin/webhooks/{id}?done=webhook-sent")


@router.post("/admin/webhooks/{id}/end")
@door.posts("webhook.end")
def end_webhook(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End it for good."""
    service.end_webhook(work, actor, id)
    return Redirect("/admin/webhooks?done=webhook-ended")


def _as_texts(form: FormData) -> FormData:
    """The form with a group of ticks as one control: what is typed there is what is ticked."""
    ticked = {value for value in form.getlist("kinds") if isinstance(value, str)}
    ours = {"name": text_of(form, "name"), "url": text_of(form, "url"), "groups": text_of(form, "groups")}
    kinds = ", ".join([kind for kind in TYPES if kind in ticked])
    others = [(name, value) for name, value in form.multi_items() if name not in CONTROLS]
    return FormData([*others, *ours.items(), ("kinds", kinds), ("enabled", "yes" if "enabled" in form else "")])


def _split(text: str) -> list[str]:
    return [word for word in text.split(", ") if word]


def _open_form(webhook: Webhook) -> FormState:
    values: Mapping[str, str] = {
        "name": webhook.name, "url": webhook.url, "kinds": ", ".join(webhook.kinds),
        "groups": ", ".join(webhook.groups), "enabled": "yes" if webhook.enabled else "",
    }  # fmt: skip
    return FormState(values, Base.of(values, CONTROLS, webhook.revision))


def _show(
    work: Work,
    actor: Actor,
    public_id: str,
    state: FormState | None = None,
    *,
    cursor: str = "",
    status: int = 200,
    secret: str | None = None,
) -> Page:
    webhook = queries.get_webhook(work, actor, public_id)
    deliveries = queries.list_deliveries(work, actor, public_id, limit=DELIVERY_ROWS, cursor=cursor or None)
    context = WebhookContext(
        webhook=webhook, deliveries=deliveries, secret=secret, cursor=cursor or None,
        **vars(state or _open_form(webhook)),
    )  # fmt: skip
    return Page.of(context, status)
