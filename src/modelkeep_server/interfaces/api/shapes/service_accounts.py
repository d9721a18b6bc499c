"""The JSON of service accounts and their tokens."""

from typing import Literal

from pydantic import Field

from modelkeep_server.features.identity.service_accounts.service import PURPOSE_CHARS
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.rules import fields
from modelkeep_server.rules.permissions import Scope

_NAME = f"1 to {fields.NAME_CHARS} letters, digits, `-` and `_`, beginning with a letter or digit. Never used twice."
_PURPOSE = f"What it is for, 1 to {PURPOSE_CHARS} characters."
_SCOPES = "What it may be used for at most; `deploy` means that it may ask for a promotion."

ServiceScope = Literal["read", "write", "download", "deploy"]


class ServiceAccountIn(Input):
    """A service account to make."""

    name: str = Field(description=_NAME, examples=["nightly-training"])
    purpose: str = Field(description=_PURPOSE, examples=["Uploads what the nightly run trained."])
    scopes: list[ServiceScope] = Field(default=["read", "write", "download"], description=_SCOPES)
    sponsor: str | None = Field(
        default=None, description="E-mail of the Model Owner who answers for it; you, unless an Admin names another."
    )


class ServiceAccountPatch(Input):
    """What to change of a service account, as a JSON Merge Patch: fields left out stay."""

    purpose: str | None = Field(default=None, description=_PURPOSE)
    scopes: list[ServiceScope] | None = Field(
        default=None, description=f"{_SCOPES} What is taken away is gone from its tokens too."
    )
    sponsor: str | None = Field(default=None, description="E-mail of the Model Owner who answers for it from now on.")


class ServiceAccountOut(Shape):
    """A service account: a program that acts for itself, under a sponsor who answers for it."""

    id: str
    name: str
    account: str = Field(description="How it is named wherever a person is: `service:NAME`.")
    purpose: str
    sponsor: str
    scopes: list[Scope]
    created_at: Moment
    ended_at: Moment | None = None
    revision: int = Field(description="Counts the edits; `ETag` says the same.")


class ServiceTokenIn(Input):
    """A token of a service account to make."""

    name: str = Field(description="What it is for, so that you know it again.", examples=["CI of churn"])
    scopes: list[ServiceScope] | None = Field(
        default=None, description="Some of the account's scopes. Left out: all of them."
    )
    days: int | None = Field(default=None, description="1 to 90. Left out: 30.")
