"""What the pages of webhooks are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.notify.webhooks.views import Delivery, Webhook
from modelkeep_server.interfaces.web.contexts.base import EditContext, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.notices import KINDS, Kind
from modelkeep_server.rules.webhooks import (
    BOTH_SECRETS_FOR,
    FAILING_FOR,
    KEPT_DELIVERIES,
    OFF_WORDS,
    TEST,
    TRIES,
    TYPES,
)

LABELS: Mapping[str, str] = {
    "name": "Name", "url": "Address", "kinds": "What it is told of", "groups": "Groups", "enabled": "On",
}  # fmt: skip
#: How a receiver checks what it gets. The guide holds the same text.
VERIFYING = '''\
import base64, hashlib, hmac, time


def is_genuine(secret: str, headers, body: bytes) -> bool:
    """Whether the registry signed this, in the last five minutes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sent = headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    signed = f"{headers['webhook-id']}.{sent}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    given = headers["webhook-signature"].split()
    return any(hmac.compare_digest(wanted, one) for one in given)
'''


@dataclass(frozen=True, kw_only=True)
class WebhooksContext(Walked, FormContext):
    """GET /admin/webhooks."""

    template: ClassVar[str] = "webhooks/list.html"
    webhooks: Rows[Webhook]
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/admin/webhooks", self.webhooks)


class Editor:
    """What both forms share. Controls: name, url, kinds (several), groups (apart by commas), enabled (`yes`)."""

    values: Mapping[str, str]

    @property
    def labels(self) -> Mapping[str, str]:
        """The controls, as the page calls them."""
        return LABELS

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What a webhook may be told of."""
        return tuple(TYPES.values())

    @property
    def kinds_ticked(self) -> frozenset[str]:
        """What is ticked."""
        return frozenset(self.values.get("kinds", "").split(", "))


@dataclass(frozen=True, kw_only=True)
class NewWebhookContext(FormContext, Editor):
    """GET /admin/webhooks/new."""

    template: ClassVar[str] = "webhooks/new.html"


@dataclass(frozen=True, kw_only=True)
class WebhookContext(EditContext, Editor, Walked):
    """GET /admin/webhooks/{id} and its forms. `secret` is shown once."""

    template: ClassVar[str] = "webhooks/show.html"
    webhook: Webhook
    deliveries: Rows[Delivery]
    secret: str | None = None
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """The deliveries."""
        return Walk(f"/admin/webhooks/{self.webhook.id}", self.deliveries)

    @property
    def verifying(self) -> str:
        """How a receiver checks what it gets, in Python."""
        return VERIFYING

    @property
    def off_words(self) -> str | None:
        """Why the registry itself turned it off."""
        return OFF_WORDS[self.webhook.off_reason] if self.webhook.off_reason else None

    @property
    def both_hours(self) -> int:
        """For so many hours two secrets sign after a new one was made."""
        return int(BOTH_SECRETS_FOR.total_seconds() // 3600)

    @property
    def bounds(self) -> Mapping[str, int]:
        """Numbers that the page tells: tries, days until it is given up, deliveries kept."""
        return {"tries": TRIES, "days": FAILING_FOR.days, "kept": KEPT_DELIVERIES}

    def label_of(self, kind: str) -> str:
        """What a message was about, in words."""
        if kind == TEST:
            return "A test"
        return KINDS[kind].label if kind in KINDS else kind
