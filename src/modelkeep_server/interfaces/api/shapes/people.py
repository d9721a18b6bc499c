"""The JSON of people, their roles, and invitations."""

from typing import Annotated

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Reason, Shape
from modelkeep_server.interfaces.api.shapes.identity import SourceOut
from modelkeep_server.rules.permissions import Role


class UserOut(Shape):
    """A person. One role may stand here twice, from two sources."""

    id: str
    email: str
    name: str
    roles: list[SourceOut]
    disabled: bool
    created_at: Moment
    last_seen_at: Moment | None = Field(default=None, description="When they, or a token of theirs, last came.")
    requested: list[Role] = Field(default=[], description="Roles that wait for a second Admin; in one person's answer.")


class UserPatch(Input):
    """Whether an account is shut."""

    disabled: bool = Field(
        description="True ends every session, token and one-time link at once; false lets the person in again."
    )
    reason: Reason = None


class RoleIn(Input):
    """A role to grant."""

    role: str = Field(description="One of the six roles.", examples=["SRE"])
    reason: Reason = None


class EndedOut(Shape):
    """How much was ended."""

    sessions: int
    tokens: int


class InvitationIn(Input):
    """Somebody to invite."""

    email: str = Field(description="`name@company.com`, or `Name <name@company.com>`.", examples=["grace@example.com"])
    roles: list[Annotated[Role, Field(strict=False)]] = Field(
        default=[], description="What they may do from the start; none lets them browse."
    )


class InvitationOut(Shape):
    """A one-time link. `url` is there only in the answer that made it."""

    id: str
    kind: str = Field(
        description="`INVITATION`, or `RESET` for somebody who has an account: it sets a new passphrase, adds no role."
    )
    email: str
    roles: list[Role]
    expires_at: Moment
    created_at: Moment | None = None
    by: str | None = None
    url: str | None = Field(default=None, description="To hand over; it works once, and is shown this once.")


class RoleRequestOut(Shape):
    """A grant that waits for a second Admin."""

    id: str
    user: str = Field(description="The e-mail of whoever would get the role.")
    role: Role
    by: str = Field(description="Who asked for it.")
    asked_at: Moment
    reason: str | None
