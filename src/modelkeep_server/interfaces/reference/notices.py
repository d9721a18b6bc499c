"""The examples of what one is told, what waits for one and what happened, in the story of samples.py."""

from collections.abc import Mapping
from typing import Any

_ADDRESS = "customer-analytics/customer-churn-predictor"
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
}
