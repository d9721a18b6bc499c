"""
Webhooks, for Admins, from Python: a part of the client. Takes a token with the scope `admin`.

Who receives messages checks them by `modelkeep.verify_webhook`, which needs no token and no other package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from modelkeep.asking import Asking
from modelkeep.listing import Listing
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Webhook(Told):
    """
    A program that is told of acts. `kinds` are what it is told of, `groups` of whose models; none: all but RESTRICTED.

    `secret` (`whsec_...`) is told in the answer that made it, and never again. Until `former_until` the one before it
    signs too. `off_reason`: why the registry itself turned it off, FAILING or GONE.
    """

    id: str
    name: str
    url: str = field(repr=False)
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    enabled: bool
    off_reason: str | None = None
    failing_since: datetime | None = None
    former_until: datetime | None = None
    created_by: str
    created_at: datetime
    ended_at: datetime | None = None
    revision: int
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Delivery(Told):
    """
    What became of one message. `id` is what the receiver sees as `webhook-id`, `kind` what it sees as `type`.

    `status` is WAITING, DELIVERED, FAILED or DROPPED; `answered` the HTTP status of the last try, None where none came;
    `problem` why it did not arrive.
    """

    id: str
    kind: str
    status: str
    attempts: int
    answered: int | None = None
    problem: str | None = None
    created_at: datetime
    tried_at: datetime | None = None
    finished_at: datetime | None = None


class Webhooks(Asking):
    """
    What other programs are told of, and what became of it.

    Every method raises Forbidden without the right, NotFound for no such webhook, and Conflict for one that was ended.
    """

    def list_webhooks(self) -> Listing[Webhook]:
        """The webhooks that were not ended, by name."""
        return self._list("/webhooks", Webhook)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """One webhook, also one that was ended."""
        return read(Webhook, self._transport.get(_route(webhook_id)))

    def create_webhook(
        self, name: str, url: str, kinds: Sequence[str], *, groups: Sequence[str] = (), enabled: bool = True
    ) -> Webhook:
        """
        Make a webhook. Its `secret` is told this once.

        Args:
            url: https://, a host of the public internet, or of a network that an operator named.
            kinds: Kinds of notices, as `get_notice_settings` lists them: `review.asked`.
            groups: Only models of these, RESTRICTED ones too.
        Raises:
            Invalid: Names each field at fault. Conflict: the name is taken, or there are as many as there may be.
        """
        told = {"name": name, "url": url, "kinds": [*kinds], "groups": [*groups], "enabled": enabled}
        return read(Webhook, self._transport.post("/webhooks", told))

    def update_webhook(self, webhook_id: str, changes: Mapping[str, Any], *, revision: int | None = None) -> Webhook:
        """
        Change a webhook, turn it off or on.

        Args:
            changes: New values of `name`, `url`, `kinds`, `groups` and `enabled`.
            revision: Of the webhook as you read it. Left out: whatever is there is edited, the last edit wins.
        Raises:
            Stale: Somebody else edited it since. Invalid; Conflict: the name is taken.
        """
        return read(Webhook, self._transport.patch(_route(webhook_id), changes, revision=revision))

    def rotate_webhook_secret(self, webhook_id: str) -> Webhook:
        """Make a new `secret`, told this once. For 24 hours messages are signed with the one before it too."""
        return read(Webhook, self._transport.post(f"{_route(webhook_id)}/rotate"))

    def test_webhook(self, webhook_id: str) -> Delivery:
        """Send a `webhook.test` once, also where it is off. What came of it stands in its deliveries."""
        return read(Delivery, self._transport.post(f"{_route(webhook_id)}/test"))

    def list_deliveries(self, webhook_id: str) -> Listing[Delivery]:
        """What a webhook was told and what became of it, the newest first."""
        return self._list(f"{_route(webhook_id)}/deliveries", Delivery)

    def redeliver(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Send a message once more, with the same id. Raises Conflict where it waits already, or the webhook is off."""
        return read(Delivery, self._transport.post(f"{_route(webhook_id)}/deliveries/{_quoted(delivery_id)}/redeliver"))

    def end_webhook(self, webhook_id: str) -> None:
        """End a webhook for good: what still waits is not sent, and its secrets are gone."""
        self._transport.delete(_route(webhook_id))


def _route(webhook_id: str) -> str:
    return f"/webhooks/{_quoted(webhook_id)}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
