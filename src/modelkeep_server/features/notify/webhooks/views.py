"""Webhooks as they are asked for and as people see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from modelkeep_server.rules.webhooks import DeliveryStatus, OffReason


@dataclass(frozen=True)
class NewWebhook:
    """A webhook as sent, not judged yet. `groups` empty: all models that are not RESTRICTED."""

    name: str
    url: str
    kinds: Sequence[str]
    groups: Sequence[str] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Webhook:
    """
    A webhook. `key` is its inside id. Until `former_until` the secret before the present one signs too.

    `failing_since`: nothing arrived since then. `off_reason`: why the registry itself turned it off.
    """

    key: int
    id: str
    name: str
    url: str = field(repr=False)
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    enabled: bool
    off_reason: OffReason | None
    failing_since: datetime | None
    former_until: datetime | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    revision: int


@dataclass(frozen=True)
class NewSecret:
    """A webhook with its secret, `whsec_...`, which is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Delivery:
    """
    What became of one message. `id` is what the receiver sees as `webhook-id`, `kind` what it sees as `type`.

    `answered` is the HTTP status of the last try, None where none came; `problem` is why it did not arrive.
    """

    id: str
    kind: str
    status: DeliveryStatus
    attempts: int
    answered: int | None
    problem: str | None
    created_at: datetime
    tried_at: datetime | None
    finished_at: datetime | None
