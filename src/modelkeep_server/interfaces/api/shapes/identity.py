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


class TokenIn(Input):
    """A personal token to make."""

    name: str
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(default=list(DEFAULT_SCOPES))
    days: int | None = None


class TokenOut(Shape):
    """A personal token. `token` is its secret, there only in the answer that made it."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: Moment
    last_used_at: Moment | None = None
    created_at: Moment
    token: str | None = None
