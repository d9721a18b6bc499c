"""The JSON of people and tokens."""

from typing import Annotated

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, Role, Scope


class SourceOut(Shape):
    """A role and where it comes from."""

    role: Role
    source: str


class MeOut(Shape):
    """Who is asking, and what they may do: acts of the permissions table."""

    id: str
    email: str
    name: str
    roles: list[Role]
    sources: list[SourceOut]
    permissions: list[str]
    scopes: list[Scope] | None = None
    sponsor: str | None = Field(default=None, description="Of a service account: who answers for it.")


class TokenIn(Input):
    """A personal token to make."""

    name: str = Field(description="What it is for, so that you know it again.")
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        default=list(DEFAULT_SCOPES), description="What it may be used for: `read` and others, see `/me`."
    )
    days: int | None = Field(default=None, description="1 to 90, or 1 with `review`. Left out: 30, or 1 with `review`.")


class TokenOut(Shape):
    """A personal token. `token` is its secret, there only in the answer that made it."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: Moment
    last_used_at: Moment | None = None
    created_at: Moment
    token: str | None = None
