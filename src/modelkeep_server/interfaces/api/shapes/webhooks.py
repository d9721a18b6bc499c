"""The JSON of webhooks and of what became of their messages."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.rules.webhooks import BOTH_SECRETS_FOR, KEPT_DELIVERIES, NAME_CHARS

_NAME = f"What tells it from others, 1 to {NAME_CHARS} characters. No two have the same."
_URL = (
    "Where messages are sent: https://, a host of the public internet. An operator names other networks in "
    "`webhook_networks`."
)
_KINDS = "The kinds of notices that it is told of, such as `review.asked`; each is the `type` of its messages."
_GROUPS = "Only models of these groups, RESTRICTED ones too. Empty: all models that are not RESTRICTED."
_HOURS = int(BOTH_SECRETS_FOR.total_seconds() // 3600)


class WebhookIn(Input):
    """A webhook to make."""

    name: str = Field(description=_NAME, examples=["Chat of the risk team"])
    url: str = Field(description=_URL, examples=["https://hooks.example.com/modelkeep"])
    kinds: list[str] = Field(description=_KINDS, examples=[["review.asked", "version.moved"]])
    groups: list[str] = Field(default=[], description=_GROUPS)
    enabled: bool = Field(default=True, description="Whether it is told of anything.")


class WebhookPatch(Input):
    """What to change of a webhook, as a JSON Merge Patch: fields left out stay."""

    name: str | None = Field(default=None, description=_NAME)
    url: str | None = Field(default=None, description=_URL)
    kinds: list[str] | None = Field(default=None, description=_KINDS)
    groups: list[str] | None = Field(default=None, description=_GROUPS)
    enabled: bool | None = Field(default=None, description="Turned on again, nothing counts as failing any more.")


class WebhookOut(Shape):
    """A webhook: another program that is told of acts by signed messages."""

    id: str
    name: str
    url: str
    kinds: list[str] = Field(description=_KINDS)
    groups: list[str] = Field(description=_GROUPS)
    enabled: bool
    off_reason: Literal["FAILING", "GONE"] | None = Field(
        default=None,
        description="Why the registry itself turned it off: FAILING, nothing arrived for days; GONE, it was answered "
        "with 410.",
    )
    failing_since: Moment | None = Field(default=None, description="Nothing arrived since then.")
    former_until: Moment | None = Field(
        default=None, description="Until then messages are signed with the secret before the present one too."
    )
    created_by: str = Field(description="E-mail of the Admin who made it.")
    created_at: Moment
    ended_at: Moment | None = None
    revision: int = Field(description="Counts the edits; `ETag` says the same.")
    secret: str | None = Field(
        default=None,
        description="`whsec_` and base64, with which a receiver checks signatures. Only in the answer that made it; a "
        f"new one replaces the present one within {_HOURS} hours.",
    )


class DeliveryOut(Shape):
    """What became of one message."""

    id: str = Field(description="What the receiver sees as `webhook-id`, the same at each try.")
    kind: str = Field(description="What the receiver sees as `type`; `webhook.test` for a test.")
    status: Literal["WAITING", "DELIVERED", "FAILED", "DROPPED"] = Field(
        description="DROPPED: before it could be sent, the webhook was turned off, ended or told to hear of less, or "
        f"the model became RESTRICTED; `problem` says which. The newest {KEPT_DELIVERIES} of a webhook are kept."
    )
    attempts: int = Field(description="How often it was tried.")
    answered: int | None = Field(default=None, description="The HTTP status of the last try; null where none came.")
    problem: str | None = Field(default=None, description="Why it did not arrive.")
    created_at: Moment
    tried_at: Moment | None = Field(default=None, description="The last try.")
    finished_at: Moment | None = None
