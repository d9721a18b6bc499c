"""The JSON of who answers for a file in spite of its verdict."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape


class WaiverIn(Input):
    """Answer for a file until a time: `expiresAt` or so many `days`; neither is 30 days."""

    kind: Literal["RELEASE", "WAIVE"] | None = Field(
        default=None,
        description="RELEASE for a BLOCKED file, WAIVE for an UNKNOWN one. Left out: what its verdict asks for.",
    )
    reason: str = Field(
        description="Why you answer for it. It stands in the audit log, and whoever sees the file reads it."
    )
    expires_at: str | None = Field(
        default=None, max_length=40, description="At most 90 days from now. A day, which is meant whole, or a moment."
    )
    days: int | None = Field(default=None, description="1 to 90 days from now.")


class WaiverOut(Shape):
    """
    Somebody answers for a file. RELEASE: a BLOCKED file may be downloaded; WAIVE: an UNKNOWN one is accepted. It holds
    until `expiresAt`, or `endedAt` where it was ended before that.
    """

    id: str
    kind: Literal["RELEASE", "WAIVE"]
    by: str
    reason: str
    created_at: Moment
    expires_at: Moment
    ended_by: str | None = None
    ended_at: Moment | None = None
