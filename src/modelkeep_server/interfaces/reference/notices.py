"""The examples of what people and other programs are told, and of what happened, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_ADDRESS = "customer-analytics/customer-churn-predictor"
_HOOK = {
    "name": "Chat of the risk team",
    "url": "https://hooks.example.com/modelkeep",
    "kinds": ["review.asked", "version.moved"],
    "groups": ["customer-analytics"],
    "enabled": True,
}
#: Examples of one webhook begin so.
_FOUND = f'webhook = next(one for one in registry.list_webhooks() if one.name == "{_HOOK["name"]}")\n'
_CHOICE = {"kind": "comment.added", "inApp": True, "byMail": True}

#: What a field holds in one shape.
STORY_OF: Mapping[str, Mapping[str, Any]] = {
    "NoticeOut": {
        "kind": "review.changes",
        "message": f"priya.raman@company.com requests changes to {_ADDRESS}:1.2.0",
        "quote": "Say more about accounts under 30 days.",
        "href": f"/models/{_ADDRESS}/versions/1.2.0/reviews",
        "readAt": None,
    },
    "ReadOut": {"read": 3},
    "ChoiceIn": _CHOICE,
    "ChoiceOut": {
        **_CHOICE,
        "label": "Somebody commented",
        "who": "Owners of the model and whoever took part in its reviews",
        "waits": False,
    },
    "NoticeSettingsIn": {"quiet": False, "items": [_CHOICE]},
    "NoticeSettingsOut": {"quiet": False, "sendsMail": True},
    **dict.fromkeys(("WebhookIn", "WebhookPatch"), _HOOK),
    "WebhookOut": {
        **_HOOK,
        "offReason": None,
        "failingSince": None,
        "formerUntil": None,
        "endedAt": None,
        "revision": 1,
        "secret": None,
    },
    "DeliveryOut": {
        "kind": "review.asked",
        "status": "DELIVERED",
        "attempts": 1,
        "answered": 204,
        "problem": None,
    },
}

#: By the route's name.
PYTHON: Mapping[str, str] = {
    "list_notices": """for notice in registry.list_notices(unread=True):
    print(notice.at, notice.message, notice.href)""",
    "mark_read": """for notice in registry.list_notices(unread=True):
    if notice.kind == "comment.added":
        registry.mark_read(notice.id)""",
    "mark_all_read": "print(registry.mark_all_read())",
    "get_notice_settings": """for choice in registry.get_notice_settings().items:
    print(choice.label, choice.in_app, choice.by_mail)""",
    "put_notice_settings": """registry.set_notices({"comment.added": {"inApp": True, "byMail": True}}, quiet=False)""",
    "list_todo": """for one in registry.list_todo():
    print(one.what, one.address or one.title, one.due_at, one.link)""",
    "list_activity": """for happening in registry.list_activity():
    print(happening.at, happening.by, happening.says)""",
    "list_activity_of_model": f'''for happening in registry.list_activity("{_ADDRESS}"):
    print(happening.at, happening.by, happening.says)''',
    "list_webhooks": """for webhook in registry.list_webhooks():
    print(webhook.name, webhook.enabled, webhook.kinds)""",
    "create_webhook": f'''webhook = registry.create_webhook(
    "{_HOOK["name"]}", "{_HOOK["url"]}", ["review.asked", "version.moved"], groups=["customer-analytics"]
)
print(webhook.secret)  # told this once''',
    "show_webhook": f"{_FOUND}print(registry.get_webhook(webhook.id).groups)",
    "update_webhook": f'{_FOUND}registry.update_webhook(webhook.id, {{"enabled": False}}, revision=webhook.revision)',
    "rotate_secret": f"{_FOUND}print(registry.rotate_webhook_secret(webhook.id).secret)  # told this once",
    "send_test": f"{_FOUND}print(registry.test_webhook(webhook.id).status)",
    "list_deliveries": f"""{_FOUND}for delivery in registry.list_deliveries(webhook.id):
    print(delivery.created_at, delivery.kind, delivery.status, delivery.problem)""",
    "redeliver": f"""{_FOUND}for delivery in registry.list_deliveries(webhook.id):
    if delivery.status == "FAILED":
        registry.redeliver(webhook.id, delivery.id)""",
    "end_webhook": f"{_FOUND}registry.end_webhook(webhook.id)",
    "show_standing": """standing = registry.get_status()
print(standing.state, [part.name for part in standing.components if part.status == "DOWN"])""",
    "list_incidents": """for incident in registry.list_incidents():
    print(incident.started_at, incident.title, incident.status)""",
    "create_incident": """incident = registry.report_incident(
    "Downloads are slow", ["STORAGE"], impact="DEGRADED", text="The file store answers slowly."
)
print(incident.id)""",
    "update_incident": """for incident in registry.list_incidents():
    if incident.status != "RESOLVED":
        registry.update_incident(incident.id, status="RESOLVED", text="A full disk was emptied.")""",
}
