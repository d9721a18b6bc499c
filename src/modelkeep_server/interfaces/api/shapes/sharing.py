"""The JSON of who was let into a model, and of requests for it."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import REASON, Input, Moment, PageOut, Shape

AccessName = Literal["READ", "WRITE"]
RequestState = Literal["OPEN", "GRANTED", "REFUSED", "WITHDRAWN", "EXPIRED"]

_UNTIL = "A day, which is meant whole, or a moment."


class CollaboratorIn(Input):
    """What to let somebody into a model for. It replaces what they had."""

    access: AccessName = Field(description="READ sees and downloads; WRITE also makes versions and uploads.")
    until: str | None = Field(
        default=None, max_length=40, description=f"When it ends by itself, at most 366 days from now. {_UNTIL}"
    )


class CollaboratorOut(Shape):
    """Somebody who was let into a model: a person's e-mail, or `service:NAME`."""

    email: str
    name: str
    access: AccessName
    until: Moment | None
    granted_by: str
    granted_at: Moment


class CollaboratorsOut(PageOut[CollaboratorOut]):
    """Who was let into a model. Where it is not `complete`, the caller may know of nobody but themselves."""

    complete: bool


class AccessRequestIn(Input):
    """What to ask the owners of a model for."""

    model: str = Field(description="`GROUP/NAME`, in any case.", max_length=250)
    version: str | None = Field(default=None, description="The version because of which you ask.", max_length=250)
    purpose: str = Field(description="What for. The owners read it.")
    days: int | None = Field(default=None, description="For how long, 1 to 90 days. Left out: 30.")


class GrantIn(Input):
    """Until when to let somebody in: a moment or so many days. Neither: for as long as they asked."""

    until: str | None = Field(default=None, max_length=40, description=f"At most 90 days from now. {_UNTIL}")
    days: int | None = Field(default=None, description="1 to 90 days from now.")


class AccessRequestOut(Shape):
    """
    A request to be let into a model. `until` is what was asked for while it is open, then what was given; `answer` is
    the reason of a refusal.
    """

    id: str
    model: str
    version: str | None
    by: str
    purpose: str
    status: RequestState
    asked_at: Moment
    until: Moment | None
    decided_by: str | None
    decided_at: Moment | None
    answer: str | None


class TransferIn(Input):
    """Who a model goes to."""

    owners: list[str] = Field(description="1 to 50 e-mail addresses: all owners from now on.")
    reason: str = Field(description=REASON)
